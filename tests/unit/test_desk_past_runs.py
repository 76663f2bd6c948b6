"""The history as the page asks for it: a scripted worker, a real database."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

import steer_widget as sw
from steer_widget.desk import removed
from steer_widget.history import History
from steer_widget.protocol import StartRun
from steer_widget.result import RunResult
from steer_widget.spec import Grid, Steering
from steer_widget.widget import SteerWidget
from tests.history.results import NASTY, a_result, put
from tests.unit.grids import edit
from tests.unit.page import Ask, Page, asking, wait_until
from tests.unit.scripted import MODEL, READY, SAE, ScriptedBackend

F = sw.Feature(3, "three")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "data"


@pytest.fixture
def steerer(backend: ScriptedBackend, folder: Path) -> Iterator[sw.Steerer]:
    made = sw.load("a/b", "c/d", backend=backend, history=folder)
    backend.say(READY)
    yield made
    made.widget.close()
    made.close()


@pytest.fixture
def ask(page: Page) -> Ask:
    return asking(page)


def listed(ask: Ask, **fields: object) -> list[str]:
    return [run["id"] for run in ask("ListRuns", **fields)["result"]["runs"]]


def ran(widget: SteerWidget, backend: ScriptedBackend, prompt: str = "I went") -> str:
    """A run of this kernel, start to end."""
    widget.prompts, widget.selection = prompt, [F.at(4)]
    run = widget.start()
    wait_until(lambda: any(sent.run == run.id for sent in backend.sent(StartRun)))
    backend.finish()
    wait_until(lambda: run.done)
    return run.id


def put_three(folder: Path) -> None:
    put(folder, a_result("abc1", prompt="A walk in PARIS"), a_result("abc2", label="Golden Gate"))
    put(folder, a_result("abc3", text="under the bridge"), saved=True)


# ---- the list


def test_the_list_shows_what_a_run_was_made_of_and_how_its_texts_begin(ask: Ask, folder: Path) -> None:
    put(folder, a_result("abc1", text="x" * 500, label="golden"))
    answer = ask("ListRuns")["result"]
    (run,) = answer["runs"]
    assert answer == {"type": "PastRuns", "runs": [run], "n_all": 1, "tags": [], "is_recording": True}
    assert (run["id"], run["state"], run["model"], run["saes"]) == ("abc1", "done", MODEL.name, [SAE.name])
    assert (run["prompts"], run["n_prompts"], run["n_cells"], run["n_done"]) == (["prompt"], 1, 2, 2)
    assert (run["steerings"], run["n_steerings"]) == (["baseline", "3 golden +1"], 2)
    assert run["features"] == [None, {"kind": "feature", "index": 3, "label": "golden", "sae": ""}]
    assert run["thumbnail"] == ["x" * 120] * 2
    assert run["created_at"] == "2026-01-01T00:00:01+00:00"
    assert not run["is_open"]


@pytest.mark.parametrize(
    "text", ["", 'a "quoted" \\ text\n', "é 日本 🎉", "🎉" * 119 + "é", "🎉" * 400, NASTY]
)
def test_first_words_are_those_of_the_text_whatever_it_holds(ask: Ask, folder: Path, text: str) -> None:
    put(folder, a_result("abc1", text=text))
    assert ask("ListRuns")["result"]["runs"][0]["thumbnail"] == [text[:120]] * 2


def test_first_words_are_of_the_first_sample_of_each_of_the_first_columns(ask: Ask, folder: Path) -> None:
    columns = (Steering(), *(Steering((edit(index),)) for index in range(1, 7)))
    plan = Grid(("p", "q"), columns, samples=2)
    cells = tuple(
        sw.Cell(
            index=index, prompt=plan.prompts[at.prompt], steering=columns[at.steering], sample=at.sample,
            state="done", text=f"{at.prompt}.{at.steering}.{at.sample}", finish="length",
        )
        for index in range(len(plan))
        for at in [plan.coordinates(index)]
    )  # fmt: skip
    put(
        folder,
        RunResult(run="wide", state="done", grid=plan, cells=cells, created_at="2026-01-01T00:00:00+00:00"),
    )
    run = ask("ListRuns")["result"]["runs"][0]
    assert run["thumbnail"] == ["0.0.0", "0.1.0", "0.2.0", "0.3.0"]
    assert [feature and feature["index"] for feature in run["features"]] == [None, 1, 2, 3]
    assert run["n_steerings"] == 7


def test_words_and_tags_narrow_the_list_and_pages_follow_each_other(ask: Ask, folder: Path) -> None:
    put_three(folder)
    assert listed(ask) == ["abc3", "abc2", "abc1"]
    assert listed(ask, text="paris walk") == ["abc1"]
    assert listed(ask, text="golden") == ["abc2"]
    assert listed(ask, text="bridge") == ["abc3"]
    assert listed(ask, text="nothing") == []
    ask("NoteRun", run="abc1", name="First walk", tags=["Paris", "zoo"])
    ask("NoteRun", run="abc2", name="", tags=["paris", "art"])
    assert listed(ask, tag="PARIS") == ["abc2", "abc1"]
    assert listed(ask, text="first") == ["abc1"]
    answer = ask("ListRuns", n_runs=1, start=1)["result"]
    assert [run["id"] for run in answer["runs"]] == ["abc2"]
    assert answer["n_all"] == 3
    assert answer["tags"] == ["art", "paris", "zoo"]


def test_a_run_of_this_kernel_is_there_as_soon_as_it_ended(
    ask: Ask, widget: SteerWidget, backend: ScriptedBackend
) -> None:
    run = ran(widget, backend)
    (shown,) = ask("ListRuns")["result"]["runs"]
    assert (shown["id"], shown["state"], shown["is_open"]) == (run, "done", True)
    assert shown["thumbnail"] == ["one two", "one two"]


@pytest.mark.parametrize("fields", [{"n_runs": 0}, {"n_runs": 10**6}, {"start": -1}])
def test_a_list_that_cannot_be_is_refused(ask: Ask, fields: dict[str, int]) -> None:
    assert ask("ListRuns", **fields)["error"]["field"] == "n_runs"


def test_a_damaged_run_is_listed_without_first_words_and_named_when_it_is_opened(
    ask: Ask, folder: Path
) -> None:
    put_three(folder)
    with History(folder)._database.writing() as connection:
        connection.execute(
            "UPDATE heads SET body = x'00' WHERE run = (SELECT number FROM runs WHERE id = 'abc2')"
        )
    runs = ask("ListRuns")["result"]["runs"]
    assert [run["thumbnail"] for run in runs] == [["under the bridge"] * 2, ["", ""], ["one two"] * 2]
    assert [len(run["features"]) for run in runs] == [2, 2, 2]
    error = ask("OpenRun", run="abc2")["error"]
    assert error["kind"] == "ResultFormatError"
    assert "abc2" in error["message"]


def test_without_a_history_the_page_is_told_and_what_others_wrote_is_there(
    backend: ScriptedBackend, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STEER_WIDGET_DATA", str(folder))
    put_three(folder)
    with sw.load("a/b", "c/d", backend=backend, history=False) as steerer:
        backend.say(READY)
        ask = asking(Page(steerer.widget))
        run = ran(steerer.widget, backend)
        answer = ask("ListRuns")["result"]
        assert not answer["is_recording"]
        assert [past["id"] for past in answer["runs"]] == ["abc3", "abc2", "abc1"]
        assert ask("ReadRun", run=run)["result"]["run"]["id"] == run
        error = ask("NoteRun", run=run, name="x", tags=[])["error"]
        assert (error["field"], "in this history" in error["allowed"]) == ("run", True)
        steerer.widget.close()


# ---- opening and reading


def test_opening_shows_a_run_and_selects_what_it_was_made_of(
    ask: Ask, widget: SteerWidget, folder: Path
) -> None:
    put_three(folder)
    assert ask("OpenRun", run="abc1")["result"] == {"type": "RunOpened", "not_selected": None}
    assert widget.prompts == ("A walk in PARIS",)
    assert [row.plain() for row in widget.selection.edits] == [sw.Feature(3, "label").at(1.0)]
    assert widget.run is not None
    assert (widget.run.id, [cell.text for cell in widget.run.cells]) == ("abc1", ["one two"] * 2)
    assert ask("OpenRun", run="abc3")["error"] is None
    assert ask("OpenRun", run="abc1")["error"] is None
    assert widget.run.id == "abc1"


KEPT = Steering((edit(),), preserve_norm=True)
ELSEWHERE = Steering((sw.Feature(SAE.d_sae + 1).at(1.0),))


@pytest.mark.parametrize(("column", "why"), [(KEPT, "steerings"), (ELSEWHERE, "feature")])
def test_columns_that_cannot_be_selected_are_shown_and_the_settings_stay(
    ask: Ask, widget: SteerWidget, folder: Path, column: Steering, why: str
) -> None:
    widget.prompts, widget.selection = "mine", [F.at(4)]
    before = widget.selection
    result = a_result("abc1")
    grid = Grid(result.grid.prompts, (Steering(), column))
    cells = tuple(msgspec.structs.replace(cell, steering=grid.steerings[cell.index]) for cell in result.cells)
    put(folder, msgspec.structs.replace(result, grid=grid, cells=cells))
    answer = ask("OpenRun", run="abc1")
    assert answer["error"] is None
    assert answer["result"]["not_selected"]["field"] == why
    assert (widget.prompts, widget.selection) == (("mine",), before)
    assert widget.run is not None
    assert widget.run.id == "abc1"


def test_while_a_run_is_on_another_is_not_opened_but_may_be_read(
    ask: Ask, widget: SteerWidget, backend: ScriptedBackend, folder: Path
) -> None:
    put_three(folder)
    widget.prompts, widget.selection = "I went", [F.at(4)]
    run = widget.start()
    assert ask("OpenRun", run="abc1")["error"]["field"] == "run"
    assert ask("OpenRun", run=run.id)["error"] is None
    assert widget.prompts == ("I went",)
    read = ask("ReadRun", run="abc3")["result"]["run"]
    assert [cell["text"] for cell in read["cells"]] == ["under the bridge"] * 2
    assert read["progress"]["fraction"] == 1
    assert ask("ReadRun", run=run.id)["result"]["run"]["state"] in ("queued", "running")
    assert widget.run is not None
    assert widget.run.id == run.id


@pytest.mark.parametrize(
    ("kind", "fields"),
    [
        ("OpenRun", {}),
        ("ReadRun", {}),
        ("NoteRun", {"name": "", "tags": []}),
        ("ExportRun", {"format": "csv"}),
    ],
)
def test_a_run_that_is_not_there_is_named(ask: Ask, kind: str, fields: dict[str, object]) -> None:
    error = ask(kind, run="nobody", **fields)["error"]
    assert (error["field"], error["value"]) == ("run", "'nobody'")


# ---- notes


def test_name_and_tags_are_kept_and_the_description_stays(ask: Ask, folder: Path) -> None:
    put_three(folder)
    History(folder)["abc1"].save(description="of the sea")
    assert ask("NoteRun", run="abc1", name="  A walk ", tags=["a", " b "])["error"] is None
    entry = History(folder)["abc1"]
    assert (entry.name, entry.tags, entry.description, entry.saved) == (
        "A walk",
        ("a", "b"),
        "of the sea",
        True,
    )
    assert ask("NoteRun", run="abc1", name="n" * 201, tags=[])["error"]["field"] == "name"
    assert ask("NoteRun", run="abc1", name="n", tags=[""])["error"]["field"] == "tags"
    assert History(folder)["abc1"].name == "A walk"


# ---- deleting and putting back


def dump(folder: Path) -> list[object]:
    with History(folder)._database.reading() as connection:
        assert connection is not None
        return [
            connection.execute(f"SELECT * FROM {table} ORDER BY 1, 2").fetchall()
            for table in ("runs", "heads", "cells")
        ]


def test_what_was_deleted_comes_back_to_the_last_byte(ask: Ask, folder: Path) -> None:
    put_three(folder)
    History(folder)["abc2"].save("My name", "a description", ["x", "y"])
    before = dump(folder)
    assert ask("DeleteRuns", runs=["abc2", "abc1", "nobody"])["error"] is None
    assert listed(ask) == ["abc3"]
    with History(folder)._database.reading() as connection:
        assert connection is not None
        assert connection.execute("SELECT count(*) FROM cells").fetchone() == (2,)
    assert ask("RestoreRuns", runs=["abc2", "abc1"])["error"] is None
    assert dump(folder) == before
    assert listed(ask) == ["abc3", "abc2", "abc1"]
    entry = History(folder)["abc2"]
    assert (entry.name, entry.description, entry.tags) == ("My name", "a description", ("x", "y"))
    assert ask("RestoreRuns", runs=["abc2"])["error"]["field"] == "runs"
    assert dump(folder) == before


def test_a_run_of_this_kernel_is_deleted_comes_back_and_goes_on(
    ask: Ask, widget: SteerWidget, backend: ScriptedBackend, folder: Path
) -> None:
    widget.prompts, widget.selection = "I went", [F.at(4)]
    run = widget.start()
    backend.started()
    assert "ended" in ask("DeleteRuns", runs=[run.id])["error"]["message"]
    assert listed(ask) == [run.id]
    backend.end_cell(0)
    widget.stop()
    backend.end("stopped")
    wait_until(lambda: run.done)
    assert ask("DeleteRuns", runs=[run.id])["error"] is None
    assert listed(ask) == []
    assert ask("RestoreRuns", runs=[run.id])["error"] is None
    run.retry()
    backend.started()
    backend.end_cell(1, "three")
    backend.end()
    wait_until(lambda: run.done)
    (shown,) = ask("ListRuns")["result"]["runs"]
    assert (shown["state"], shown["thumbnail"]) == ("done", ["one two", "three"])


def test_the_kernel_does_not_wait_while_another_kernel_writes(page: Page, ask: Ask, folder: Path) -> None:
    put_three(folder)
    with History(folder)._database.writing():
        page.post({"id": "slow", "command": {"type": "DeleteRuns", "runs": ["abc1"]}})
        assert not page.of("Reply")  # the handler is back, and the database is still locked
    wait_until(lambda: page.of("Reply"))
    assert page.of("Reply")[0]["error"] is None
    assert listed(ask) == ["abc3", "abc2"]


def test_a_run_that_was_written_anew_meanwhile_is_not_overwritten(ask: Ask, folder: Path) -> None:
    put_three(folder)
    ask("DeleteRuns", runs=["abc1", "abc2"])
    put(folder, a_result("abc1", text="newer"))
    assert ask("RestoreRuns", runs=["abc1", "abc2"])["error"] is None
    assert listed(ask, text="newer") == ["abc1"]
    assert sorted(listed(ask)) == ["abc1", "abc2", "abc3"]


def test_of_what_was_deleted_the_latest_is_always_kept_and_earlier_ones_as_they_fit(
    ask: Ask, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put_three(folder)
    monkeypatch.setattr(removed, "MAX_BYTES", 1)
    ask("DeleteRuns", runs=["abc1"])
    ask("DeleteRuns", runs=["abc2", "abc3"])
    assert ask("RestoreRuns", runs=["abc1"])["error"]["field"] == "runs"
    assert ask("RestoreRuns", runs=["abc3", "abc1"])["error"]["value"] == "'abc1'"
    assert listed(ask) == []
    assert ask("RestoreRuns", runs=["abc2", "abc3"])["error"] is None
    assert listed(ask) == ["abc3", "abc2"]


# ---- files


def test_json_is_what_the_api_loads_and_imports(ask: Ask, folder: Path, tmp_path: Path) -> None:
    put_three(folder)
    ask("NoteRun", run="abc1", name="A walk: Paris/../x", tags=[])
    file = ask("ExportRun", run="abc1", format="json")["result"]
    assert (file["name"], file["media_type"]) == ("A-walk-Paris-x-abc1.json", "application/json")
    (tmp_path / "run.json").write_text(file["content"], "utf-8")
    assert sw.load_result(tmp_path / "run.json") == History(folder)["abc1"].result()
    assert History(tmp_path / "other").import_file(tmp_path / "run.json").run == "abc1"


def test_thousands_of_runs_are_listed_fast(ask: Ask, folder: Path) -> None:
    put(folder, *(a_result(f"abc{number}", text="word " * 1000) for number in range(1000)))
    began_s = time.monotonic()
    answer = ask("ListRuns")["result"]
    assert (len(answer["runs"]), answer["n_all"]) == (30, 1000)
    assert time.monotonic() - began_s < 1
