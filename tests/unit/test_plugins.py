"""What other packages offer is found by name, checked, and refused with the package that is at fault."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import steer_widget as sw
from steer_widget import methods, plugins
from steer_widget.options import as_backend
from steer_widget.saes import load_sae
from tests.unit.scripted import ScriptedBackend

Offer = Callable[..., None]

METHOD = """
from steer_widget.methods import Method
METHOD = Method(lambda strength, reading: strength, strength="factor", reads="nothing")
"""


@pytest.fixture
def offer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Offer]:
    """Installs a package of one module that offers something."""
    monkeypatch.syspath_prepend(tmp_path)
    plugins._offers.cache_clear()

    def install(package: str, group: str, name: str, attribute: str, source: str) -> None:
        monkeypatch.delitem(sys.modules, package, raising=False)  # of the test before
        (tmp_path / f"{package}.py").write_text(source)
        info = tmp_path / f"{package}-1.0.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {package}\nVersion: 1.0\n")
        (info / "entry_points.txt").write_text(f"[steer_widget.{group}]\n{name} = {package}:{attribute}\n")

    yield install
    plugins._offers.cache_clear()


def test_a_method_of_another_package_is_one_of_the_methods(offer: Offer, demo_steerer: sw.Steerer) -> None:
    offer("ours", "methods", "gentle", "METHOD", METHOD)
    assert {"gentle", "add"} <= set(methods.names())
    assert methods.get("gentle").strength == "factor"
    with pytest.raises(sw.InvalidInput, match="is a factor"):
        demo_steerer.compare("She", [demo_steerer.feature(3).at(2, method="gentle", unit="norm")])
    with pytest.raises(sw.InvalidInput, match="gentle"):
        methods.get("rough")


def test_a_built_in_method_stays_what_it_is(offer: Offer) -> None:
    offer("ours", "methods", "add", "METHOD", METHOD)
    assert methods.get("add").strength == "coefficient"


def test_a_package_that_cannot_be_imported_is_named(offer: Offer) -> None:
    offer("broken", "methods", "gentle", "METHOD", "import no_such_package")
    with pytest.raises(sw.InvalidInput, match=r"The package broken .*no_such_package.*uninstall") as caught:
        methods.get("gentle")
    assert "Traceback" in caught.value.details
    assert "gentle" in methods.names(), "it is there, but of no use until it is mended"


def test_two_packages_with_one_name_are_refused(offer: Offer) -> None:
    offer("ours", "methods", "gentle", "METHOD", METHOD)
    offer("theirs", "methods", "gentle", "METHOD", METHOD)
    with pytest.raises(sw.InvalidInput, match=r"ours.*theirs|theirs.*ours"):
        methods.get("gentle")


def test_something_else_than_a_method_is_refused(offer: Offer) -> None:
    offer("ours", "methods", "gentle", "METHOD", "METHOD = 3")
    with pytest.raises(sw.InvalidInput, match="names a int"):
        methods.get("gentle")


@pytest.mark.parametrize(
    ("source", "kind", "words"),
    [
        ("def load(name): return name.upper()", sw.LoadError, "gave a str for 'some/where'"),
        ("def load(name): raise OSError('disk on fire')", sw.LoadError, "disk on fire"),
        ("load = 3", sw.InvalidInput, "a source that is a function"),
    ],
)
def test_a_source_that_fails_is_named(offer: Offer, source: str, kind: type[Exception], words: str) -> None:
    offer("ours", "sae_sources", "shelf", "load", source)
    with pytest.raises(kind, match=words):
        load_sae("shelf:some/where")


def test_a_backend_goes_by_its_name(offer: Offer) -> None:
    source = "from tests.unit.scripted import ScriptedBackend as make"
    offer("ours", "backends", "scripted", "make", source)
    assert isinstance(as_backend("scripted"), ScriptedBackend)
    with pytest.raises(sw.InvalidInput, match="local, scripted"):
        as_backend("ray")


def test_a_backend_that_lacks_methods_is_refused_before_it_is_used() -> None:
    class Half:
        name = "half"

        def start(self) -> None: ...

    with pytest.raises(sw.InvalidInput, match="It lacks send, is_alive"):
        sw.load("a/b", "c/d", backend=Half())
