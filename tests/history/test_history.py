from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import msgspec
import pytest

import steer_widget as sw
from steer_widget.controller import Controller
from steer_widget.history import History, Recorder
from steer_widget.history.brief import Notes
from steer_widget.history.database import Database
from steer_widget.history.upkeep import keep_newest
from steer_widget.history.writing import insert, row_of_result
from steer_widget.result import RunResult
from steer_widget.run import Run
from steer_widget.spec import Edit, Feature, Grid, Steering
from tests.history.child import kernel
from tests.unit.grids import edit, grid
from tests.unit.scripted import MODEL, READY, SAE, ScriptedBackend
from tests.unit.test_result import cells_of

DATA = Path(__file__).parents[1] / "unit" / "data"
NASTY = "<script>alert(1)</script>\x1b[31m\u202eevil\r"


def a_result(
    run: str = "abc", text: str = "one two", prompt: str = "prompt", label: str = "label"
) -> RunResult:
    plan = Grid((prompt,), (Steering(), Steering((Feature(3, label).at(1.0),))))
    return RunResult(
        run=run, state="done", grid=plan, model=MODEL, saes=(SAE,), seconds=1.0, n_tokens=4,
        cells=cells_of(plan, state="done", text=text, token_ids=(1, 2), finish="length"),
        created_at=f"2026-01-01T00:00:{int(run[3:] or 0) % 60:02d}+00:00",
    )  # fmt: skip


def put(folder: Path, *results: RunResult, saved: bool = False, notes: Notes = Notes()) -> None:  # noqa: B008 - frozen
    with Database(folder).writing() as connection:
        for result in results:
            insert(connection, row_of_result(result), "", notes, saved=saved)


def runs(history: History) -> list[str]:
    return [entry.run for entry in history]


@pytest.fixture
def filled(folder: Path) -> History:
    put(folder, a_result("abc1", prompt="A walk in PARIS"), a_result("abc2", label="Golden Gate 100%"))
    put(
        folder, a_result("abc3", text="ÉCOLE under_score"), notes=Notes("My Name", "of the SEA", ("Tag", "b"))
    )
    return History(folder)


def test_a_history_is_a_sequence_newest_first(filled: History) -> None:
    assert runs(filled) == ["abc3", "abc2", "abc1"]
    assert len(filled) == 3
    assert [filled[0].run, filled[-1].run, filled["abc2"].run] == ["abc3", "abc1", "abc2"]
    assert [entry.run for entry in filled[1:]] == ["abc2", "abc1"]
    assert [entry.run for entry in filled[::-1]] == ["abc1", "abc2", "abc3"]
    assert filled[0] in filled
    assert "abc1" in filled
    assert "abc9" not in filled
    with pytest.raises(IndexError, match="3"):
        filled[3]
    with pytest.raises(sw.InvalidInput, match="abc9"):
        filled["abc9"]
    entry = filled[0]
    assert (entry.model, entry.saes, entry.n_cells, entry.n_done, entry.n_tokens) == (
        MODEL.name,
        (SAE.name,),
        2,
        2,
        4,
    )
    assert (entry.prompts, entry.steerings) == (("prompt",), ("baseline", "3 label +1"))


def test_without_any_run_there_is_an_empty_history_and_no_file(history: History, folder: Path) -> None:
    assert (len(history), list(history), runs(history.search("x"))) == (0, [], [])
    assert "0 runs" in repr(history)
    assert not folder.exists()


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("paris", ["abc1"]), ("WALK paris", ["abc1"]), ("golden", ["abc2"]), ("100%", ["abc2"]), ("%", ["abc2"]),
        ("école", ["abc3"]), ("under_score", ["abc3"]), ("_", ["abc3"]), ("undersscore", []), ("my", ["abc3"]),
        ("sea", ["abc3"]), ("tag", ["abc3"]), (SAE.name, ["abc3", "abc2", "abc1"]), ("paris golden", []),
        ("name école", ["abc3"]), ("'; DROP TABLE runs; --", []), ("", ["abc3", "abc2", "abc1"]), ("\ud800", []),
    ],
)  # fmt: skip
def test_words_are_found_wherever_they_stand(filled: History, text: str, found: list[str]) -> None:
    assert runs(filled.search(text)) == found
    assert len(filled) == 3


def test_a_search_narrows_by_tags_state_model_and_whether_it_was_saved(filled: History) -> None:
    assert runs(filled.search(tags=("tag", "B"))) == ["abc3"]
    assert runs(filled.search(tags="ta")) == []
    assert runs(filled.search(state="done")) == ["abc3", "abc2", "abc1"]
    assert runs(filled.search(state="failed")) == []
    assert runs(filled.search(model="TINY-s")) == ["abc3", "abc2", "abc1"]
    assert runs(filled.search(model="gpt")) == []
    filled["abc2"].save()
    assert runs(filled.search(saved=True)) == ["abc2"]
    assert runs(filled.search("prompt", saved=False).search("école")) == ["abc3"]
    found = filled.search(saved=True)
    assert (len(found), found[0].run, "abc1" in found) == (1, "abc2", False)


@pytest.mark.parametrize(
    ("field", "options"),
    [
        ("text", {"text": 3}), ("tags", {"tags": 3}), ("tags", {"tags": [3]}), ("state", {"state": "dead"}),
        ("model", {"model": 3}), ("saved", {"saved": 1}),
    ],
)  # fmt: skip
def test_what_cannot_be_searched_is_named(filled: History, field: str, options: dict[str, object]) -> None:
    with pytest.raises(sw.InvalidInput) as caught:
        filled.search(**options)  # type: ignore[arg-type]
    assert caught.value.field == field


def test_saving_changes_what_is_given_and_leaves_the_rest(filled: History) -> None:
    entry = filled["abc1"].save("walks", tags=["x", "x", "y"])
    assert (entry.name, entry.description, entry.tags, entry.saved) == ("walks", "", ("x", "y"), True)
    entry.save(description="long")
    again = filled["abc1"]
    assert again == entry
    assert (again.name, again.description, again.tags) == ("walks", "long", ("x", "y"))
    for options in ({"name": 3}, {"name": "x" * 300}, {"tags": [3]}, {"tags": [""]}, {"description": b""}):
        with pytest.raises(sw.InvalidInput):
            entry.save(**options)  # type: ignore[arg-type]
    assert filled["abc1"] == entry


def test_deleting_takes_the_cells_along(filled: History, folder: Path) -> None:
    entry = filled["abc1"]
    assert filled.delete([filled["abc3"], "abc2", "abc9"]) == 2
    assert runs(filled) == ["abc1"]
    entry.delete()
    entry.delete()
    with closing(sqlite3.connect(folder / "history.db")) as db:
        assert [
            db.execute(f"SELECT count(*) FROM {t}").fetchone()[0] for t in ("runs", "heads", "cells")
        ] == [0] * 3
    for use in (entry.result, entry.save):
        with pytest.raises(sw.InvalidInput, match="deleted"):
            use()


def test_tables_show_texts_as_texts(folder: Path) -> None:
    put(folder, a_result("abc1", prompt=NASTY, label=NASTY), notes=Notes(NASTY, NASTY, (NASTY,)))
    put(folder, *(a_result(f"abc{number}") for number in range(2, 25)))
    history = History(folder)
    page, text = history.search("evil")._repr_html_(), repr(history.search("evil"))
    for shown in (page, text, repr(history.search("evil")[0])):
        assert "\x1b" not in shown
        assert "\u202e" not in shown
        assert "\\u202e" in shown
    assert "<script" not in page
    assert len(text.splitlines()) == 2
    assert "24 runs" in repr(history)
    assert "and 4 older" in history._repr_html_()


def test_a_run_that_is_damaged_inside_is_named_and_the_others_are_read(filled: History, folder: Path) -> None:
    with closing(sqlite3.connect(folder / "history.db")) as db, db:
        db.execute("UPDATE cells SET body = x'00' WHERE run = (SELECT number FROM runs WHERE id = 'abc2')")
    with pytest.raises(sw.ResultFormatError, match="abc2"):
        filled["abc2"].result()
    assert filled["abc1"].result() == a_result("abc1", prompt="A walk in PARIS")


# ---- retention


def test_only_the_newest_unsaved_runs_stay_and_all_that_were_saved(folder: Path) -> None:
    put(folder, *(a_result(f"abc{number}") for number in range(10)))
    history = History(folder)
    history["abc0"].save()
    assert keep_newest(Database(folder), None) == 0
    assert keep_newest(Database(folder), 3) == 6
    assert runs(history) == ["abc9", "abc8", "abc7", "abc0"]
    assert keep_newest(Database(folder), 0) == 3
    assert runs(history) == ["abc0"]


def test_runs_of_living_kernels_stay_while_they_go_on(folder: Path) -> None:
    with kernel(folder, "waits") as child:
        run = child.line()[1]
        assert keep_newest(Database(folder), 0) == 0
        child.kill()
    assert runs(History(folder)) == [run]
    assert keep_newest(Database(folder), 0) == 1


def test_a_recorder_clears_up_when_it_starts(
    folder: Path, ready: Controller, backend: ScriptedBackend, record: Callable[..., Recorder]
) -> None:
    put(folder, *(a_result(f"abc{number}") for number in range(5)))
    (folder / "sessions").mkdir()
    (folder / "sessions" / "of_a_dead_kernel").touch()
    recorder = record(ready, keep_runs=2)
    job = ready.submit(grid(), {})
    deadline_s = time.monotonic() + 10
    while len(History(folder)) != 2 or (folder / "sessions" / "of_a_dead_kernel").exists():
        assert time.monotonic() < deadline_s
        time.sleep(0.02)
    assert recorder.flush()
    assert runs(History(folder)) == [job.id, "abc4"]


# ---- out and in


def test_what_was_exported_comes_back_with_its_notes(filled: History, tmp_path: Path) -> None:
    path = filled["abc3"].export(tmp_path / "walk.json")
    other = History(tmp_path / "other")
    entry = other.import_file(path)
    assert entry.result() == filled["abc3"].result()
    assert (entry.name, entry.description, entry.tags, entry.saved) == (
        "My Name",
        "of the SEA",
        ("Tag", "b"),
        True,
    )
    assert other.import_file(path) == entry
    assert len(other) == 1


def test_a_saved_result_comes_in_too_also_an_old_one(history: History, tmp_path: Path) -> None:
    result = a_result("abc1")
    assert history.import_file(result.save(tmp_path / "result.json")).result() == result
    assert history.import_file(DATA / "result_v1.json").result() == sw.load_result(DATA / "result_v1.json")


def test_a_file_whose_id_is_taken_gets_a_new_one(filled: History, tmp_path: Path) -> None:
    entry = filled.import_file(a_result("abc1", text="other").save(tmp_path / "result.json"))
    assert entry.run != "abc1"
    assert entry.result().cells[0].text == "other"
    assert filled["abc1"].result().cells[0].text == "one two"
    assert len(filled) == 4


def test_what_had_not_ended_in_a_file_is_interrupted(
    history: History, tmp_path: Path, ready: Controller, backend: ScriptedBackend
) -> None:
    job = ready.submit(grid(), {})
    backend.started()
    backend.grow("half")
    backend.end_cell(0, "whole")
    path = Run(ready, job).partial().save(tmp_path / "partial.json")
    entry = history.import_file(path)
    assert (entry.state, entry.n_ended) == ("interrupted", 1)
    assert [(cell.state, cell.text) for cell in entry.result().cells] == [
        ("done", "whole"), ("stopped", "half"), ("stopped", "half"),
    ]  # fmt: skip
    assert history.import_file(path) == entry


@pytest.mark.parametrize(
    ("change", "what"),
    [
        (lambda _: "", "could not be imported"),
        (lambda body: body[: len(body) // 2], "could not be imported"),
        (lambda _: "[" * 100_000, "could not be imported"),
        (lambda _: '{"a":' * 100_000, "could not be imported"),
        (lambda _: "[1]", "could not be imported"),
        (lambda _: "{}", "no run"),
        (lambda body: body.replace('"steer_widget.run"', '"pickle"'), "pickle"),
        (lambda body: body.replace('"version":1', '"version":9'), "newer"),
        (lambda body: body.replace('"text":"one two"', '"text":3'), "text"),
        (lambda body: body.replace('"state":"done"', '"state":"dead"'), "dead"),
        (lambda body: body.replace('"run":"abc1"', '"run":"../x"'), "run"),
        (lambda body: body.replace('"run":"abc1"', '"run":"' + "x" * 100 + '"'), "run"),
        (lambda body: body.replace('"created_at":"2026', '"created_at":"soon'), "created_at"),
        (lambda body: body.replace('"name":""', '"name":{}'), "name"),
        (lambda body: body.replace('"name":""', '"name":"","exec":"x"'), "exec"),
        (lambda body: body.replace('"samples":1', '"samples":2'), "cells"),
        (lambda body: body.replace('"samples":1', '"samples":1e999'), "samples"),
        (lambda body: body.replace('"strength":1.0', '"strength":"1"'), "strength"),
        (lambda body: body.replace('"index":3', '"index":' + "9" * 5000), "could not be imported"),
    ],
)
def test_a_file_that_is_not_right_is_refused_and_told_why(
    change: Callable[[str], str], what: str, folder: Path, tmp_path: Path
) -> None:
    put(folder, a_result("abc1"))
    path = History(folder)["abc1"].export(tmp_path / "walk.json")
    body = path.read_text()
    assert change(body) != body
    path.write_text(change(body))
    with pytest.raises(sw.ResultFormatError, match=what):
        History(tmp_path / "other").import_file(path)
    assert len(History(tmp_path / "other")) == 0


def test_a_file_that_is_not_there_is_named(filled: History, tmp_path: Path) -> None:
    with pytest.raises(sw.MissingPath, match=r"nothing\.json"):
        filled.import_file(tmp_path / "nothing.json")
    with pytest.raises(sw.MissingPath, match="no_folder"):
        filled[0].export(tmp_path / "no_folder" / "x.json")


# ---- many


def test_thousands_of_runs_open_fast_and_ten_thousand_cells_are_searched_fast(folder: Path) -> None:
    some = [a_result(f"abc{number}", text=f"text {number} " + "word " * 60) for number in range(100)]
    with Database(folder).writing() as connection:
        for number in range(5000):
            insert(
                connection,
                row_of_result(msgspec.structs.replace(some[number % 100], run=f"run{number}")),
                "",
                Notes(),
                saved=False,
            )
    history = History(folder)
    began_s = time.perf_counter()
    assert len(history) == 5000
    assert history[0].n_cells == 2
    repr(history)
    opened_s = time.perf_counter() - began_s
    began_s = time.perf_counter()
    assert len(history.search("text 99 wORd")) == 50
    searched_s = time.perf_counter() - began_s
    assert opened_s < 0.5
    assert searched_s < 1.0


# ---- through a steerer


def test_a_steerer_writes_its_runs_and_shows_them(backend: ScriptedBackend, tmp_path: Path) -> None:
    with sw.demo(backend=backend, history=tmp_path / "mine") as steerer:
        backend.say(READY)
        run = steerer.start(grid(), ask_worker=False)
        backend.finish()
        assert steerer.history()[0].result() == run.partial()
        assert steerer.history().folder == tmp_path / "mine"
        steerer.start(grid(), ask_worker=False)
        backend.started()
        backend.grow("half")
        assert steerer.history()[0].state == "running"
    assert [(entry.state, entry.result().cells[0].text) for entry in sw.History(tmp_path / "mine")] == [
        ("stopped", "half"), ("done", "one two"),
    ]  # fmt: skip


def test_without_history_nothing_is_written_and_the_user_s_own_is_read(
    backend: ScriptedBackend, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STEER_WIDGET_DATA", str(tmp_path / "data"))
    put(tmp_path / "data", a_result("abc1"))
    with sw.demo(backend=backend, history=False) as steerer:
        backend.say(READY)
        steerer.start(grid(), ask_worker=False)
        backend.finish()
    assert runs(steerer.history()) == ["abc1"]


@pytest.mark.parametrize("given", [None, 3, "", b"x"])
def test_a_folder_that_is_none_is_refused(given: object, backend: ScriptedBackend) -> None:
    with pytest.raises(sw.InvalidInput, match="history"):
        sw.demo(backend=backend, history=given)  # type: ignore[arg-type]
    assert backend.calls == []


def test_the_package_is_imported_without_it() -> None:
    code = "import steer_widget, sys; print('steer_widget.history' in sys.modules, 'sqlite3' in sys.modules)"
    told = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env=os.environ
    )
    assert told.stdout.split() == ["False", "False"]


def test_an_exported_file_is_json_of_plain_values(filled: History, tmp_path: Path) -> None:
    told = json.loads(filled["abc3"].export(tmp_path / "walk.json").read_text(encoding="ascii"))
    assert (told["format"], told["version"], told["notes"]["name"]) == ("steer_widget.run", 1, "My Name")
    assert told["result"]["format"] == "steer_widget.result"


def test_edits_without_label_are_listed_by_their_number(folder: Path) -> None:
    unnamed: Edit = edit(7)
    plan = Grid(tuple(f"p{number}" for number in range(9)), (Steering((unnamed,)),))
    put(folder, msgspec.structs.replace(a_result(), grid=plan, cells=cells_of(plan)))
    entry = History(folder)[0]
    assert (len(entry.prompts), entry.n_prompts, entry.n_steerings) == (4, 9, 1)
