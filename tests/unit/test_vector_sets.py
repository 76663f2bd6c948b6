"""Named vectors: kept, shared as files that other programs read, made and used in the page."""

from __future__ import annotations

import warnings
from base64 import b64decode, b64encode
from pathlib import Path

import pytest

import steer_widget as sw
from steer_widget.protocol import Activations, Answer, ReadMeans
from steer_widget.sets import MadeOn
from steer_widget.widget import SteerWidget
from tests.unit.page import Page
from tests.unit.scripted import ScriptedBackend

CALM = sw.Vector([3.0, -4.0, 0.5], "calm", "blocks.2.hook_resid_post")  # type: ignore[arg-type]
LAYERS = {layer: sw.Vector([1.0, layer, 0.0], f"happy {layer}") for layer in (7, 3)}  # type: ignore[arg-type]


@pytest.fixture
def vectors(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> sw.VectorSets:
    monkeypatch.setenv("STEER_WIDGET_DATA", str(tmp_path))
    return sw.VectorSets()


def names(reply: dict) -> list[str]:
    assert reply["error"] is None
    return [one["name"] for one in reply["result"]["sets"]]


def test_what_is_saved_is_found_again(vectors: sw.VectorSets) -> None:
    vectors.save("calm", CALM)
    vectors.save("happy", LAYERS)
    found = sw.VectorSets(vectors.folder.parent.parent)
    assert list(found) == ["calm", "happy"]
    assert found["calm"] == CALM
    happy = found["happy"]
    assert list(happy) == [3, 7]
    assert happy[7].numbers() == [1.0, 7.0, 0.0]
    assert happy[7].hook_name == "blocks.7.hook_resid_post"
    assert "3 dimensions at layers 3 to 7" in repr(found)
    del found["calm"]
    assert "calm" not in vectors


def test_one_without_a_name_gets_the_set_s(vectors: sw.VectorSets) -> None:
    vectors.save("mine", sw.Vector(CALM.values))
    assert vectors["mine"].name == "mine"


def test_they_are_shared_as_files_that_others_read(vectors: sw.VectorSets, tmp_path: Path) -> None:
    vectors.save("calm", CALM)
    vectors.save("happy", LAYERS)
    assert sw.load_vector(vectors.export("calm", tmp_path / "calm.safetensors")) == CALM
    loaded = sw.load_vectors(vectors.export("happy", tmp_path / "happy.gguf"))
    assert {layer: one.values for layer, one in loaded.items()} == {
        layer: one.values for layer, one in LAYERS.items()
    }
    with pytest.raises(sw.InvalidInput, match=r"\.gguf"):
        vectors.export("happy", tmp_path / "happy.safetensors")


def test_files_are_taken_in_under_their_names(vectors: sw.VectorSets, tmp_path: Path) -> None:
    assert vectors.import_file(CALM.save(tmp_path / "other.safetensors")) == "calm"
    assert vectors.import_file(tmp_path / "other.safetensors") == "calm"
    nameless = sw.Vector(CALM.values).save(tmp_path / "Nameless one.safetensors")
    assert vectors.import_file(nameless) == "Nameless one"
    gguf = sw.save_vectors(tmp_path / "happy.gguf", LAYERS, model_hint="llama")
    assert vectors.import_file(gguf) == "happy"
    assert list(vectors) == ["calm", "happy", "Nameless one"]
    assert vectors["calm"] == CALM
    assert vectors["Nameless one"].values == CALM.values


@pytest.mark.parametrize("body", [b"", b"GGUF", b"GGUF" + b"\xff" * 40, b"{}", b"nonsense" * 9])
def test_files_of_something_else_are_refused(vectors: sw.VectorSets, tmp_path: Path, body: bytes) -> None:
    path = tmp_path / "bad.gguf"
    path.write_bytes(body)
    with pytest.raises(sw.InvalidInput) as refused:
        vectors.import_file(path)
    assert refused.value.field in {"path", "format"}
    assert list(vectors) == []


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ([1.0, 2.0], "vector"),
        ({}, "vectors"),
        ({1: CALM}, "hook_name"),
        ({"a": CALM}, "layer"),
        (sw.Vector([1.0] * 3_000_001), "vectors"),  # type: ignore[arg-type]
    ],
)
def test_what_is_no_vector_is_refused(vectors: sw.VectorSets, given: object, field: str) -> None:
    with pytest.raises(sw.InvalidInput) as refused:
        vectors.save("x", given)  # type: ignore[arg-type]
    assert refused.value.field == field
    assert list(vectors) == []


def test_one_of_another_model_warns(vectors: sw.VectorSets) -> None:
    here = MadeOn("tiny")
    sw.VectorSets(here=lambda: MadeOn("big")).save("far", CALM)
    used = sw.VectorSets(here=lambda: here)
    used.save("near", CALM)
    with pytest.warns(UserWarning, match="the model big, here is tiny"):
        used["far"]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert used["near"] == CALM


def test_the_steerer_has_them_and_the_page_uses_them(
    vectors: sw.VectorSets, page: Page, widget: SteerWidget, steerer: sw.Steerer
) -> None:
    wide = sw.Vector([1.0] * 32, "wide")  # type: ignore[arg-type]
    steerer.vectors.save("wide", wide)
    steerer.vectors.save("happy", {3: wide, 7: wide})
    widget.selection = [sw.Feature(3).at(4)]
    assert names(page.ask("UseSet", kind="vectors", name="wide", is_added=True)) == ["happy", "wide"]
    added = widget.selection.edits[1]
    assert (added.feature, added.strength, added.unit) == (wide, 0.4, "norm")
    reply = page.ask("UseSet", kind="vectors", name="happy")
    assert "combined" in reply["result"]["note"]
    assert [row.feature.hook_name for row in widget.selection.edits] == [
        "blocks.3.hook_resid_post",
        "blocks.7.hook_resid_post",
    ]
    assert names(page.ask("DeleteSet", kind="vectors", name="happy")) == ["wide"]


def test_a_file_goes_through_the_page_byte_for_byte(
    vectors: sw.VectorSets, page: Page, tmp_path: Path
) -> None:
    body = CALM.save(tmp_path / "c.safetensors").read_bytes()
    content = b64encode(body).decode()
    assert names(page.ask("ImportSet", kind="vectors", content=content, name="c.safetensors")) == ["calm"]
    file = page.ask("ExportSet", kind="vectors", name="calm")["result"]
    assert (file["name"], file["is_base64"]) == ("calm.safetensors", True)
    (tmp_path / "back.safetensors").write_bytes(b64decode(file["content"]))
    assert sw.load_vector(tmp_path / "back.safetensors") == CALM
    assert page.ask("SaveSet", kind="vectors", name="x")["error"]["message"]


def test_the_page_makes_one_of_two_sets_of_texts(
    vectors: sw.VectorSets, page: Page, backend: ScriptedBackend
) -> None:
    texts = {"positive": ["calm", "quiet"], "negative": ["loud"]}
    page.post({"id": "m", "command": {"type": "MakeVector", "name": " peace ", "pool": "last", **texts}})
    asked = backend.commands[-1]
    assert isinstance(asked, ReadMeans)
    assert [passage.prompt for passage in asked.texts] == ["calm", "quiet", "loud"]
    assert asked.pool == "last"
    rows = ((1.0, 0.0), (3.0, 2.0), (1.0, 5.0))
    backend.say(Answer(asked.request, None, Activations("blocks.2.hook_resid_post", rows)))
    (reply,) = (reply for reply in page.of("Reply") if reply["id"] == "m")
    assert names(reply) == ["peace"]
    assert vectors["peace"].numbers() == [1.0, -4.0]
    assert vectors["peace"].hook_name == "blocks.2.hook_resid_post"


@pytest.mark.parametrize(
    ("fields", "field"),
    [({"name": " "}, "name"), ({"positive": []}, "positive"), ({"negative": [""]}, "negative")],
)
def test_what_makes_no_vector_is_refused(
    vectors: sw.VectorSets, page: Page, fields: dict[str, object], field: str
) -> None:
    given = {"name": "x", "positive": ["a"], "negative": ["b"], **fields}
    assert page.ask("MakeVector", **given)["error"]["field"] == field
