from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from steer_widget.controller import Controller
from steer_widget.history import History, Recorder
from steer_widget.history.database import Database
from steer_widget.history.upkeep import keep_newest
from tests.history.child import kernel
from tests.history.results import a_result, put, runs
from tests.unit.grids import grid
from tests.unit.scripted import ScriptedBackend


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
