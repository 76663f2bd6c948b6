"""Named sets and files of prompts, as the page asks for them."""

from __future__ import annotations

from base64 import b64encode
from pathlib import Path

import msgspec
import pytest

import steer_widget as sw
from steer_widget.sets import MadeOn
from steer_widget.spec import SelectedEdit
from steer_widget.widget import SteerWidget
from tests.unit.page import Page

F = sw.Feature(3, "three")
ROW = SelectedEdit(F, 4.0, more_strengths=(8.0,))


@pytest.fixture(autouse=True)
def own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("STEER_WIDGET_DATA", str(tmp_path))
    return tmp_path


def names(reply: dict) -> list[str]:
    assert reply["error"] is None
    assert reply["result"]["type"] == "Sets"
    return [one["name"] for one in reply["result"]["sets"]]


def test_features_are_saved_listed_used_and_deleted(page: Page, widget: SteerWidget) -> None:
    assert names(page.ask("ListSets", kind="features")) == []
    widget.selection = sw.Selection((ROW, F.at(-1)), layout="combined", samples=3)
    reply = page.ask("SaveSet", kind="features", name="snow")
    assert names(reply) == ["snow"]
    (info,) = reply["result"]["sets"]
    assert info["n_items"] == 2
    assert info["preview"] == "3 three +4, 3 three -1"
    widget.selection = sw.Selection((F.at(9),), layout="separate")
    assert names(page.ask("UseSet", kind="features", name="snow")) == ["snow"]
    assert widget.selection == sw.Selection((ROW, F.at(-1)), layout="separate")
    page.ask("UseSet", kind="features", name="snow", is_added=True)
    assert [row.strength for row in widget.selection.edits] == [4.0, -1.0, 4.0, -1.0]
    assert names(page.ask("DeleteSet", kind="features", name="snow")) == []


def test_prompts_are_saved_and_used(page: Page, widget: SteerWidget) -> None:
    widget.prompts = ["one", "two"]
    assert names(page.ask("SaveSet", kind="prompts", name="mine")) == ["mine"]
    widget.prompts = ["two", "three"]
    page.ask("UseSet", kind="prompts", name="mine", is_added=True)
    assert widget.prompts == ("two", "three", "one")
    page.ask("UseSet", kind="prompts", name="mine")
    assert widget.prompts == ("one", "two")
    assert names(page.ask("ListSets", kind="features")) == []


def test_a_set_goes_out_as_a_file_and_comes_in_again(page: Page, widget: SteerWidget) -> None:
    widget.prompts = ["one"]
    page.ask("SaveSet", kind="prompts", name="Größe/2")
    file = page.ask("ExportSet", kind="prompts", name="Größe/2")["result"]
    assert file["type"] == "File"
    assert file["name"] == "grosse-2.json"
    assert msgspec.json.decode(file["content"])["prompts"] == ["one"]
    page.ask("DeleteSet", kind="prompts", name="Größe/2")
    reply = page.ask(
        "ImportSet", kind="prompts", content=b64encode(file["content"].encode()).decode(), name="x.json"
    )
    assert names(reply) == ["Größe/2"]
    assert "Größe/2" in reply["result"]["note"]


@pytest.mark.parametrize(
    ("kind", "fields", "field"),
    [
        ("UseSet", {"kind": "features", "name": "nobody"}, "name"),
        ("DeleteSet", {"kind": "prompts", "name": "nobody"}, "name"),
        ("ExportSet", {"kind": "prompts", "name": "nobody"}, "name"),
        ("SaveSet", {"kind": "prompts", "name": "x"}, "prompts"),
        ("SaveSet", {"kind": "features", "name": "x"}, "edits"),
        ("ImportSet", {"kind": "features", "content": b64encode(b"nonsense").decode()}, "file"),
        (
            "ImportSet",
            {"kind": "features", "content": b64encode(b'{"format": "steer_widget.prompts"}').decode()},
            "format",
        ),
        ("ReadPromptFile", {"name": "p.jsonl", "content": "{"}, "line 1 of p.jsonl"),
    ],
)
def test_what_is_refused_is_named(page: Page, kind: str, fields: dict[str, object], field: str) -> None:
    error = page.ask(kind, **fields)["error"]
    assert error["field"] == field
    assert error["allowed"]


def test_a_feature_that_this_sae_does_not_have_is_refused_and_says_why(
    page: Page, widget: SteerWidget, own_folder: Path
) -> None:
    widget.selection = [F.at(1)]
    big = sw.FeatureSets(here=lambda: MadeOn("big", ("big-sae",)))
    big.save("far", sw.Feature(64).at(1))
    big.save("near", sw.Feature(5).at(1))
    error = page.ask("UseSet", kind="features", name="far")["error"]
    assert error["kind"] == "UnknownFeature"
    assert error["field"] == "feature"
    assert "big-sae" in error["message"]
    assert [row.feature.index for row in widget.selection.edits] == [3]
    reply = page.ask("UseSet", kind="features", name="near")
    assert "big-sae" in reply["result"]["note"]
    assert [row.feature.index for row in widget.selection.edits] == [5]


def test_a_damaged_file_is_told_beside_the_others(page: Page, own_folder: Path) -> None:
    sw.PromptSets().save("good", "p")
    (sw.PromptSets().folder / "broken.json").write_text("{")
    reply = page.ask("ListSets", kind="prompts")
    assert names(reply) == ["good"]
    assert "broken.json" in reply["result"]["note"]


def test_prompts_of_a_file_are_read(page: Page) -> None:
    reply = page.ask("ReadPromptFile", name="p.csv", content='prompt\n"one\ntwo"\nthree\n')
    assert reply["result"] == {"type": "PromptsRead", "prompts": ("one\ntwo", "three")}
