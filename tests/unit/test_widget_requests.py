from __future__ import annotations

import pytest

import steer_widget as sw
from steer_widget.widget import SteerWidget
from tests.unit.choices import F_JSON, F
from tests.unit.page import Page, wait_until


def test_choices_of_the_page_reach_the_traits(page: Page, widget: SteerWidget) -> None:
    assert page.ask("SetPrompts", prompts=["x", [{"role": "user", "content": "y"}]])["error"] is None
    assert page.ask("SetSelection", selection={"edits": [F_JSON], "samples": 2})["error"] is None
    assert page.ask("SetGeneration", generation={"seed": 5, "stop": ["\n"]})["error"] is None
    assert widget.prompts == ("x", (sw.Message("user", "y"),))
    assert widget.selection == sw.Selection((F.at(4),), samples=2)
    assert widget.generation == sw.Generation(seed=5, stop=("\n",))


def test_a_feature_is_found_by_its_index_where_no_table_names_it(page: Page, widget: SteerWidget) -> None:
    wait_until(lambda: widget.status.worker == "ready")
    found = page.ask("Search", text="7")
    assert [card["index"] for card in found["result"]["cards"]] == [7]
    assert not page.ask("Search", text="64")["result"]["cards"]


@pytest.mark.parametrize(
    ("kind", "fields", "field"),
    [
        ("SetPrompts", {"prompts": [""]}, "prompt"),
        ("SetPrompts", {"prompts": [[{"role": "", "content": "x"}]]}, "message role"),
        (
            "SetSelection",
            {"selection": {"edits": [{**F_JSON, "feature": {"kind": "feature", "index": 64}}]}},
            "feature",
        ),
        ("SetSelection", {"selection": {"samples": 0}}, "samples"),
        ("SetGeneration", {"generation": {"top_p": 2}}, "top_p"),
        ("Search", {"text": "war"}, "search"),
        ("Search", {"text": "war", "limit": -1}, "k"),
        ("Stop", {"run": "nobody"}, "run"),
        ("Run", {}, "prompts"),
    ],
)
def test_what_is_refused_is_named_and_changes_nothing(
    page: Page, widget: SteerWidget, kind: str, fields: dict[str, object], field: str
) -> None:
    before = (widget.prompts, widget.selection, widget.generation)
    error = page.ask(kind, **fields)["error"]
    assert error["field"] == field
    assert error["allowed"]
    assert (widget.prompts, widget.selection, widget.generation) == before


@pytest.mark.parametrize(
    "content",
    [
        None,
        3,
        "x",
        [],
        {},
        {"id": "r"},
        {"id": 3, "command": {"type": "Run"}},
        {"id": "r", "command": {"type": "Dance"}},
    ],
)
def test_noise_gets_an_error_and_breaks_nothing(page: Page, content: object) -> None:
    page.post(content)
    assert page.messages[-1]["error"]["kind"] == "ProtocolError"
    assert page.messages[-1]["id"] == (
        content["id"] if isinstance(content, dict) and isinstance(content.get("id"), str) else ""
    )
    assert page.ask("Sync")["error"] is None


def test_a_fault_of_ours_is_told_in_full(
    page: Page, widget: SteerWidget, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken() -> None:
        raise RuntimeError("a bug")

    monkeypatch.setattr(widget._feed, "sync", broken)
    error = page.ask("Sync")["error"]
    assert "RuntimeError: a bug" in error["message"]
    assert "Traceback" in error["details"]
