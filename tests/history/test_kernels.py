"""Several kernels, and kernels that die: real processes."""

from __future__ import annotations

import os
import random
import signal
import sqlite3
import time
from contextlib import closing
from pathlib import Path

import pytest

from steer_widget.history import History
from tests.history.child import Child, kernel
from tests.history.kernel import N_COLUMNS

MAX_BEHIND_S = 1.0


def cells_on_disk(folder: Path) -> set[tuple[str, int]]:
    return {
        (entry.run, cell.index)
        for entry in History(folder)
        for cell in entry.result().cells
        if cell.state == "done" and cell.text == f"text {cell.index}"
    }


@pytest.mark.parametrize("seed", range(4))
def test_no_cell_that_was_written_is_lost_when_the_kernel_is_killed(folder: Path, seed: int) -> None:
    with kernel(folder, "endless") as child:
        told = [child.line()]
        time.sleep(random.Random(seed).uniform(0, 0.4))
        told += child.kill()
    promised = {(run, int(cell)) for _, run, cell in told}
    there = cells_on_disk(folder)
    assert promised <= there
    with closing(sqlite3.connect(folder / "history.db")) as db:
        assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)


def test_cells_reach_the_disk_without_being_waited_for(folder: Path) -> None:
    with kernel(folder, "hasty") as child:
        told = [child.line()]
        time.sleep(1.5)
        killed_s = time.time()
        told += child.kill()
    old = {(run, int(cell)) for _, run, cell, at_s in told if float(at_s) < killed_s - MAX_BEHIND_S}
    assert old
    assert old <= cells_on_disk(folder)


def test_two_kernels_write_at_once_and_nothing_is_missing(folder: Path) -> None:
    n_runs = 40
    children = [Child(folder, "many", n_runs) for _ in range(2)]
    for child in children:
        told, errors = child.end(60)
        assert told == [["written", "True"]], errors
        assert errors == ""
    entries = list(History(folder))
    assert len(entries) == 2 * n_runs
    assert {entry.state for entry in entries} == {"done"}
    assert {(entry.n_done, len(entry.result().cells)) for entry in entries} == {(N_COLUMNS, N_COLUMNS)}
    assert not list((folder / "sessions").iterdir())


def test_a_run_goes_on_while_its_kernel_lives_and_is_interrupted_after(
    folder: Path, history: History
) -> None:
    with kernel(folder, "waits") as child:
        run = child.line()[1]
        assert history[run].state == "running"
        assert [entry.run for entry in history.search(state="running")] == [run]
        assert len(history.search(state="interrupted")) == 0
        with pytest.raises(ValueError, match=r"run\.cancel"):
            history[run].delete()
        child.kill()
    assert history[run].state == "interrupted"
    assert [entry.run for entry in history.search(state="interrupted")] == [run]
    assert len(history.search(state="running")) == 0
    result = history[run].result()
    assert result.state == "stopped"
    assert [(cell.state, cell.finish, cell.text) for cell in result.cells] == [
        ("done", "length", "whole text"), *[("stopped", "stopped", "")] * 3,
    ]  # fmt: skip
    assert (history[run].n_done, history[run].n_ended, result.n_tokens) == (1, 1, 2)
    history[run].delete()
    assert len(history) == 0


def test_a_child_that_inherits_everything_does_not_keep_a_dead_kernel_alive(
    folder: Path, history: History
) -> None:
    with kernel(folder, "forks") as child:
        run, grandchild = child.line()[1], int(child.line()[1])
        try:
            assert history[run].state == "running"
            child.process.send_signal(signal.SIGKILL)
            child.process.wait()
            os.kill(grandchild, 0)
            assert history[run].state == "interrupted"
        finally:
            os.kill(grandchild, signal.SIGKILL)


def test_an_interpreter_that_ends_in_mid_run_writes_what_is_pending_and_does_not_hang(
    folder: Path, history: History
) -> None:
    with kernel(folder, "exits") as child:
        ((_, run),), errors = child.end(20)
    assert errors == ""
    assert history[run].state == "interrupted"
    assert history[run].result().cells[0].text == "whole text"


def test_a_controller_that_nobody_holds_leaves_its_run_interrupted(folder: Path, history: History) -> None:
    with kernel(folder, "dropped") as child:
        run = child.line()[1]
        deadline_s = time.monotonic() + 10
        while not history or history[0].state != "interrupted":
            assert time.monotonic() < deadline_s
            time.sleep(0.02)
        assert child.process.poll() is None
        assert history[run].result().cells[0].text == "whole text"
