from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import msgspec
import pytest

import steer_widget as sw
from steer_widget.history import History
from steer_widget.history.brief import Notes
from steer_widget.spec import Edit, Grid, Steering
from tests.history.results import NASTY, a_result, put, runs
from tests.unit.grids import edit
from tests.unit.scripted import MODEL, SAE
from tests.unit.test_result import cells_of


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


def test_edits_without_label_are_listed_by_their_number(folder: Path) -> None:
    unnamed: Edit = edit(7)
    plan = Grid(tuple(f"p{number}" for number in range(9)), (Steering((unnamed,)),))
    put(folder, msgspec.structs.replace(a_result(), grid=plan, cells=cells_of(plan)))
    entry = History(folder)[0]
    assert (len(entry.prompts), entry.n_prompts, entry.n_steerings) == (4, 9, 1)


def test_the_package_is_imported_without_it() -> None:
    code = "import steer_widget, sys; print('steer_widget.history' in sys.modules, 'sqlite3' in sys.modules)"
    told = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env=os.environ
    )
    assert told.stdout.split() == ["False", "False"]
