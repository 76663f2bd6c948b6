"""The history under several kernels, with a disk that is full, with a file that is damaged."""

from __future__ import annotations

import sqlite3
import time
from contextlib import closing
from pathlib import Path
from random import Random

from steer_widget.history import History
from tests.faults.scale import Scale
from tests.faults.tally import Tally
from tests.history.child import Child, kernel

FILE_LIMIT_BYTES = 200_000


def cells_there(folder: Path) -> set[tuple[str, int]]:
    return {
        (entry.run, cell.index)
        for entry in History(folder)
        for cell in entry.result().cells
        if cell.state == "done" and cell.text
    }


def check_next_run(folder: Path) -> None:
    """A kernel that starts now writes what it does, into a database that is whole."""
    n_before = len(History(folder))
    told, errors = Child(folder, "many", 2).end(60)
    assert told == [["written", "True"]], errors
    assert len(History(folder)) == n_before + 2
    with closing(sqlite3.connect(folder / "history.db")) as db:
        assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)


def test_one_of_two_kernels_on_one_history_is_killed(
    tmp_path: Path, tally: Tally, scale: Scale, rng: Random
) -> None:
    for number in range(scale.n_rounds):
        folder = tmp_path / f"{number}"
        with (
            tally.injected("kill -9 of one of two kernels on one history"),
            kernel(folder, "endless") as killed,
            kernel(folder, "endless") as other,
        ):
            told = [killed.line(), other.line()]
            time.sleep(rng.uniform(0, 0.5))
            told += killed.kill()
            told += [other.line() for _ in range(20)]
            told += other.kill()
            promised = {(run, int(cell)) for _, run, cell in told}
            assert len(promised) > 20
            assert promised <= cells_there(folder)
            states = {entry.state for entry in History(folder)}
            assert "interrupted" in states
            assert states <= {"done", "interrupted"}
            check_next_run(folder)


def test_the_disk_is_full(tmp_path: Path, tally: Tally, scale: Scale) -> None:
    for number in range(scale.n_rounds):
        folder = tmp_path / f"{number}"
        with tally.injected("the history's disk is full"), kernel(folder, "full", FILE_LIMIT_BYTES) as child:
            run = child.line()[1]
            told = child.line()
            assert told[:2] == ["full", "False"]
            assert told[2:4] != ["no", "problem"]
            assert History(folder)[run].state == "running"
            _, errors = child.end(60)
            assert "Runs go on in memory" in errors
            entry = History(folder)[run]
            assert entry.state == "done"
            texts = ["whole text", "x" * 2_000_000, "after the large one", "the last one"]
            assert [cell.text for cell in entry.result().cells] == texts
            check_next_run(folder)


def test_the_file_is_damaged_between_two_kernels(
    tmp_path: Path, tally: Tally, scale: Scale, rng: Random
) -> None:
    for number in range(scale.n_rounds):
        folder = tmp_path / f"{number}"
        with tally.injected("the history's file is damaged"):
            Child(folder, "many", 5).end(60)
            path = folder / "history.db"
            with path.open("r+b") as file:
                file.seek(rng.randrange(0, 100))
                file.write(rng.randbytes(200))
            told, errors = Child(folder, "many", 2).end(60)
            assert told == [["written", "True"]], errors
            aside = [found.name for found in folder.iterdir() if ".damaged-" in found.name]
            assert aside
            assert any(name in errors for name in aside), errors
            assert len(History(folder)) == 2
            check_next_run(folder)
