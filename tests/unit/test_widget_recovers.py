"""What the page can do after something went wrong, and what it must not overwrite."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest

import steer_widget as sw
from steer_widget.protocol import StartRun
from steer_widget.widget import SteerWidget
from tests.unit.page import Page, wait_until
from tests.unit.scripted import LOAD_FAILED, READY, ScriptedBackend

F = sw.Feature(3, "three")
G = sw.Feature(5, "five")


def run_two(widget: SteerWidget, backend: ScriptedBackend) -> sw.Run:
    """A run whose first cell is done and whose second was lost with its worker."""
    widget.prompts, widget.selection = "text", [F.at(4)]
    run = widget.start()
    backend.started()
    backend.end_cell(0, "whole")
    backend.grow(" half", cells=(1,))
    backend.die()
    return run


# ---- retry


@pytest.mark.parametrize("cells", [[], [1]])
def test_the_page_retries_what_failed(
    page: Page, widget: SteerWidget, backend: ScriptedBackend, cells: list[int]
) -> None:
    run = run_two(widget, backend)
    assert page.ask("Retry", run=run.id, cells=cells)["error"] is None
    backend.say(READY)
    assert backend.last_run().cells == (1,)
    backend.started()
    backend.end_cell(1, "whole too")
    backend.end()
    assert [cell.text for cell in run.cells] == ["whole", "whole too"]
    assert run.state == "done"


def test_a_double_click_on_retry_is_one_retry(
    page: Page, widget: SteerWidget, backend: ScriptedBackend
) -> None:
    run = run_two(widget, backend)
    first, second = (page.ask("Retry", run=run.id) for _ in range(2))
    assert first["error"] is None
    assert second["error"]["field"] == "retry"
    backend.say(READY)
    assert len(backend.sent(StartRun)) == 2


def test_retry_of_what_is_not_there_is_refused_by_name(
    page: Page, widget: SteerWidget, backend: ScriptedBackend
) -> None:
    run = run_two(widget, backend)
    assert page.ask("Retry", run="nobody's")["error"]["field"] == "run"
    assert page.ask("Retry", run=run.id, cells=[7])["error"]["field"] == "cells"
    assert page.ask("Retry", run=run.id, cells=[0])["error"]["field"] == "retry"
    assert run.state == "failed"


# ---- the worker


def test_the_page_starts_a_worker_that_could_not_load(
    page: Page, widget: SteerWidget, backend: ScriptedBackend
) -> None:
    backend.say(LOAD_FAILED)
    wait_until(lambda: widget.status.worker == "failed")
    assert page.ask("Reload")["error"] is None
    wait_until(lambda: widget.status.worker == "loading")
    assert backend.n_loads == 2


def test_the_log_is_one_request_away_and_never_in_what_notebooks_save(
    page: Page, widget: SteerWidget, backend: ScriptedBackend
) -> None:
    run = run_two(widget, backend)
    wait_until(lambda: widget.snapshot.run is not None and widget.snapshot.run.state == "failed")
    wait_until(lambda: widget.status.error is not None)
    told = page.ask("ShowLog")["result"]
    assert told["type"] == "Log"
    assert "the last line" in told["error"]
    assert told["tail"] == "the last line"
    saved = msgspec.json.encode(widget.get_state(["status", "snapshot"])).decode()
    assert "SIGKILL" in saved
    assert "the last line" not in saved
    assert run.partial().failure is not None
    assert "the last line" in run.partial().failure.details
    page.ask("Sync")
    wait_until(lambda: page.of("RunSnapshot"))
    assert "the last line" in page.of("RunSnapshot")[-1]["run"]["cells"][1]["error"]["details"]


# ---- two who change the same


@pytest.mark.parametrize(
    ("kind", "name", "seen", "mine", "theirs"),
    [
        ("SetPrompts", "prompts", [], ["mine"], ("theirs",)),
        ("SetGeneration", "generation", {}, {"max_new_tokens": 7}, sw.Generation(seed=9)),
        ("SetSelection", "selection", {}, {"samples": 3}, sw.Selection(samples=2)),
    ],
)
def test_the_page_does_not_overwrite_what_it_has_not_seen(
    page: Page, widget: SteerWidget, kind: str, name: str, seen: Any, mine: Any, theirs: Any
) -> None:
    setattr(widget, name, theirs)
    refused = page.ask(kind, **{name: mine, "instead_of": seen})["error"]
    assert (refused["kind"], refused["field"]) == ("StaleValue", name)
    assert getattr(widget, name) == theirs
    held = msgspec.to_builtins(theirs)
    assert page.ask(kind, **{name: mine, "instead_of": held})["error"] is None
    assert getattr(widget, name) != theirs
    # A reply that was lost on its way is asked for again: the same change is no conflict.
    assert page.ask(kind, **{name: mine, "instead_of": held})["error"] is None
    assert page.ask(kind, **{name: mine})["error"] is None


# ---- past runs


def test_a_past_run_is_taken_in_whole(
    page: Page, widget: SteerWidget, steerer: sw.Steerer, backend: ScriptedBackend, tmp_path: Path
) -> None:
    widget.selection = sw.Selection((F.at(4), G.at(-2, unit="norm")), layout="combined", samples=2)
    widget.prompts = ["one", "two"]
    widget.generation = sw.Generation(max_new_tokens=9, temperature=0.5, seed=3)
    run = widget.start()
    backend.started()
    for cell in range(8):
        backend.end_cell(cell, f"text {cell}")
    backend.end()
    path = run.partial().save(tmp_path / "past.json")
    widget.prompts, widget.selection, widget.generation = "other", [F.at(1)], sw.Generation()
    other = steerer.compare("other", [F.at(1)])
    wait_until(lambda: backend.last_run().run == other.id)
    with pytest.raises(sw.InvalidInput, match="run: got 'queued'"):
        widget.show(sw.load_result(path))
    assert widget.prompts == ("other",)
    backend.finish()
    shown = widget.show(sw.load_result(path))
    assert shown.id == run.id
    assert widget.prompts == ("one", "two")
    assert widget.generation.seed == 3
    assert widget.selection.layout == "combined"
    assert widget.selection.samples == 2
    assert [edit.strength for edit in widget.selection.edits] == [4.0, -2.0]
    wait_until(lambda: widget.snapshot.run is not None and widget.snapshot.run.id == run.id)
    assert [cell.text for cell in widget.snapshot.run.cells] == [f"text {n}" for n in range(8)]  # type: ignore[union-attr]


def test_columns_the_page_cannot_choose_are_refused_but_can_be_reopened(
    widget: SteerWidget, steerer: sw.Steerer, backend: ScriptedBackend
) -> None:
    run = steerer.run("x", [sw.Steering((F.at(1), G.at(2))), sw.Steering((F.at(3),))])
    backend.finish()
    before = widget.selection
    with pytest.raises(sw.InvalidInput) as refused:
        widget.show(run.result())
    assert refused.value.field == "steerings"
    assert widget.selection == before
    assert steerer.reopen(run.result()).id == run.id
