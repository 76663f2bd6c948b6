"""The documentation names what there is: every public name, every method, measure and error; files that exist."""

from __future__ import annotations

import inspect
import re

import pytest

import steer_widget as sw
from steer_widget import errors, methods
from steer_widget.spec.measure import MEASURES
from tests.docs.pages import DOCS, ROOT, Page, pages

DOCUMENTED = set(re.findall(r"^::: steer_widget\.(\w+)", "\n".join(p.text for p in pages()), re.MULTILINE))
FILE = re.compile(
    r"\b(?:tests|benchmarks|examples|notebooks|tools|steer_widget)/[\w./-]+\.(?:py|ipynb|toml|txt)\b"
)


def is_error(name: str) -> bool:
    value = getattr(sw, name)
    return isinstance(value, type) and issubclass(value, sw.SteerError)


@pytest.mark.parametrize("name", sorted(set(sw.__all__) - {"__version__", "errors"}))
def test_each_public_name_has_its_place(name: str) -> None:
    assert name in DOCUMENTED
    if not is_error(name):
        assert f"`{name}`" in Page(DOCS / "reference" / "index.md").text


def test_the_tree_of_errors_is_shown_whole() -> None:
    [(first, last)] = re.findall(r"errors\.py:(\d+):(\d+)", Page(DOCS / "reference" / "errors.md").text)
    shown = (
        (ROOT / "steer_widget" / "errors.py")
        .read_text(encoding="utf-8")
        .splitlines()[int(first) - 1 : int(last)]
    )
    assert shown == (errors.__doc__ or "").split("\n\n")[1].splitlines()


def test_each_method_and_measure_is_explained() -> None:
    steering = Page(DOCS / "explanation" / "steering.md").text
    assert [name for name in methods.built_in() if f"| `{name}` |" not in steering] == []
    measures = Page(DOCS / "explanation" / "measures.md").text.lower()
    headings = re.findall(r"^## (.+)$", measures, re.MULTILINE)
    assert [name for name in MEASURES if name.replace("_", " ") not in headings] == []


@pytest.mark.parametrize("page", pages(), ids=lambda page: page.name)
def test_files_that_a_page_names_exist(page: Page) -> None:
    assert [name for name in FILE.findall(page.text) if not (ROOT / name).exists()] == []


def test_the_guide_for_contributors_names_files_that_exist() -> None:
    guide = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    assert [name for name in FILE.findall(guide) if not (ROOT / name).exists()] == []


@pytest.mark.parametrize(
    "name", [name for name in sw.__all__ if hasattr(getattr(sw, name), "__struct_fields__")]
)
def test_each_field_of_a_public_value_is_documented(name: str) -> None:
    kind = getattr(sw, name)
    described = "\n".join(inspect.getdoc(base) or "" for base in kind.__mro__ if base is not object)
    listed = described.partition("Attributes:")[2]
    assert [field for field in kind.__struct_fields__ if not re.search(rf"\b{field}\b", listed)] == []
