from __future__ import annotations

import gc
import sqlite3
import time
import weakref
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import msgspec
import pytest

from steer_widget.controller import Controller
from steer_widget.history import History, Recorder
from steer_widget.job import Job
from steer_widget.protocol import ErrorInfo, Load, SaeSource
from steer_widget.run import Run
from steer_widget.spec import Edit, Feature, Grid, Steering
from tests.unit.grids import grid
from tests.unit.scripted import MEASURED, MODEL, READY, SAE, TOKENS_MEASURED, ScriptedBackend

LOST = ErrorInfo("WorkerDied", "It died.", "the log\x1b[31m \u202e \ud800")


def bodies(folder: Path) -> dict[int, tuple[int, bytes]]:
    """Row and body of each cell, as they lie on the disk."""
    with closing(sqlite3.connect(folder / "history.db")) as db:
        return {cell: (row, body) for row, cell, body in db.execute("SELECT rowid, cell, body FROM cells")}


def test_a_run_is_there_from_the_moment_it_is_submitted(
    controller: Controller, backend: ScriptedBackend, recorder: Recorder, history: History
) -> None:
    first = controller.submit(grid(), {"/3": 12.5})
    second = controller.submit(grid(2, 3), {})
    assert recorder.flush()
    assert [(entry.run, entry.state, entry.n_cells) for entry in history] == [
        (second.id, "queued", 6),
        (first.id, "queued", 3),
    ]
    assert history[1].result() == Run(controller, first).partial()
    assert (history[1].model, history[1].saes) == ("", ())
    backend.started()
    assert recorder.flush()
    assert (history[1].state, history[1].model, history[1].saes) == ("running", MODEL.name, (SAE.name,))


def test_cells_are_there_as_they_end_and_once_more_when_measured(
    controller: Controller, backend: ScriptedBackend, recorder: Recorder, history: History
) -> None:
    job = controller.submit(grid(), {})
    backend.started()
    backend.grow("one", " two")
    backend.end_cell(1, "one two, whole")
    assert recorder.flush()
    cells = history[0].result().cells
    assert [(cell.state, cell.text) for cell in cells] == [
        ("queued", ""), ("done", "one two, whole"), ("queued", ""),
    ]  # fmt: skip
    assert (history[0].n_ended, history[0].n_done) == (1, 1)
    backend.measure_cell(1)
    assert recorder.flush()
    cell = history[0].result().cells[1]
    assert (cell.measures, cell.token_measures) == (MEASURED, TOKENS_MEASURED)
    backend.end_cell(0, error=LOST)
    backend.end_cell(2)
    backend.end("failed", LOST, seconds=3.5)
    assert recorder.flush()
    assert history[0].result() == Run(controller, job).partial()
    assert (history[0].state, history[0].seconds, history[0].n_ended, history[0].n_done) == (
        "failed",
        3.5,
        3,
        2,
    )
    assert history[0].result().failure == LOST


def test_what_was_stopped_keeps_its_text(
    controller: Controller, backend: ScriptedBackend, recorder: Recorder, history: History
) -> None:
    job = controller.submit(grid(), {})
    backend.started()
    backend.grow("half")
    controller.close()
    assert recorder.flush()
    result = history[0].result()
    assert result == Run(controller, job).partial()
    assert [(cell.state, cell.finish, cell.text) for cell in result.cells] == [
        ("stopped", "stopped", "half")
    ] * 3


def test_infinite_measures_come_back(
    controller: Controller, backend: ScriptedBackend, recorder: Recorder, history: History
) -> None:
    job = controller.submit(grid(), {})
    backend.finish()
    record = job.cells[0]
    record.measures = msgspec.structs.replace(record.measures, perplexity=float("inf"))
    record.is_measured = True
    recorder.note(job)
    assert recorder.flush()
    assert history[0].result() == Run(controller, job).partial()


def test_a_retried_cell_is_overwritten_when_it_ends_again_and_the_others_are_not_touched(
    controller: Controller, backend: ScriptedBackend, recorder: Recorder, history: History, folder: Path
) -> None:
    job = controller.submit(grid(), {})
    backend.started()
    backend.end_cell(0)
    backend.end_cell(1, "lost", error=LOST)
    backend.end_cell(2)
    backend.end()
    assert recorder.flush()
    before = bodies(folder)
    controller.retry(job)
    assert recorder.flush()
    assert (history[0].state, history[0].n_done) == ("queued", 2)
    backend.started()
    backend.end_cell(1, "lost", error=LOST)  # the same state, other tokens
    backend.end()
    assert recorder.flush()
    assert history[0].result() == Run(controller, job).partial()
    controller.retry(job)
    backend.started()
    backend.end_cell(1, "found")
    backend.end()
    assert recorder.flush()
    assert history[0].result().cells[1].text == "found"
    after = bodies(folder)
    assert {cell for cell in after if after[cell] != before[cell]} == {1}
    assert len(history) == 1


def test_a_run_that_is_taken_up_again_keeps_its_notes_and_changes_only_what_is_new(
    folder: Path, controller: Controller, backend: ScriptedBackend, recorder: Recorder, history: History
) -> None:
    first = controller.submit(grid(), {})
    backend.started()
    backend.end_cell(0, "kept")
    backend.measure_cell(0)
    assert recorder.flush()
    history[0].save("mine", "a description", ["a", "b"])
    controller.close()
    recorder.close()
    before = bodies(folder)

    other_backend = ScriptedBackend()
    other = Controller(other_backend, Load("model", (SaeSource("sae"),)))
    other.start()
    other_backend.say(READY)
    second = Recorder.attach(other, folder)
    job = Job(first.id, first.grid, first.max_act)  # as reopening a result makes one
    job.created_at, job.state, job.turn = first.created_at, first.state, 1
    job.cells = first.cells
    job.model, job.saes, job.versions = first.model, first.saes, first.versions
    job.seconds = first.seconds
    second.note(job)
    assert second.flush()
    assert bodies(folder) == before
    other.retry(job)
    other_backend.started()
    assert second.flush()
    assert history[0].state == "running", "the new session owns it"
    other_backend.end_cell(1, "new")
    other_backend.end_cell(2, "new")
    other_backend.end()
    assert second.flush()
    entry = history[0]
    assert (len(history), entry.name, entry.description, entry.tags, entry.saved) == (
        1, "mine", "a description", ("a", "b"), True,
    )  # fmt: skip
    assert [cell.text for cell in entry.result().cells] == ["kept", "new", "new"]
    assert bodies(folder)[0] == before[0]
    other.close()
    second.close()


def test_a_run_that_was_deleted_and_tried_again_is_written_whole(
    controller: Controller, backend: ScriptedBackend, recorder: Recorder, history: History
) -> None:
    job = controller.submit(grid(), {})
    backend.started()
    backend.end_cell(0, "kept")
    backend.end_cell(1, error=LOST)
    backend.end_cell(2)
    backend.end()
    assert recorder.flush()
    history[0].delete()
    assert recorder.flush()
    assert len(history) == 0, "nothing changed in it: it stays deleted"
    controller.retry(job)
    backend.started()
    backend.end_cell(1)
    backend.end()
    assert recorder.flush()
    assert history[0].result() == Run(controller, job).partial()
    assert recorder.problem is None


def test_runs_of_before_the_recorder_are_written_too(
    ready: Controller, backend: ScriptedBackend, record: Callable[..., Recorder], history: History
) -> None:
    job = ready.submit(grid(), {})
    backend.finish()
    assert record(ready).flush()
    assert history[0].run == job.id


def test_the_controller_is_collected_and_what_was_pending_is_written(folder: Path, history: History) -> None:
    backend = ScriptedBackend()
    controller = Controller(backend, Load("model", (SaeSource("sae"),)))
    controller.start()
    backend.say(READY)
    recorder = Recorder.attach(controller, folder)
    controller.submit(grid(), {})
    backend.finish()
    backend._heard = None  # the scripted worker would keep its lifeline, not its controller
    gone = weakref.ref(controller)
    thread = recorder._thread
    del controller
    gc.collect()
    assert gone() is None
    assert "close" in backend.calls
    thread.join(5)
    assert not thread.is_alive()
    assert history[0].state == "done"
    assert not list((folder / "sessions").iterdir())


def test_closing_twice_and_flushing_after_it_do_no_harm(
    ready: Controller, backend: ScriptedBackend, recorder: Recorder, history: History
) -> None:
    ready.submit(grid(), {})
    backend.finish()
    assert recorder.close()
    assert recorder.close()
    ready.submit(grid(), {})
    assert len(history) == 1
    assert not recorder._thread.is_alive()


def test_a_listener_never_waits_for_the_disk(
    ready: Controller, backend: ScriptedBackend, recorder: Recorder, folder: Path
) -> None:
    ready.submit(grid(), {})
    backend.started()
    assert recorder.flush()
    with closing(sqlite3.connect(folder / "history.db", isolation_level=None)) as db:
        db.execute("BEGIN IMMEDIATE")
        began_s = time.monotonic()
        backend.grow(*["word"] * 200)
        for cell in range(3):
            backend.end_cell(cell)
        assert time.monotonic() - began_s < 0.5
        assert not recorder.flush(0.2)
        db.execute("ROLLBACK")
    assert recorder.flush(10)
    assert recorder.problem is None


def test_half_surrogates_come_back_or_are_refused_but_never_end_the_thread(
    ready: Controller, backend: ScriptedBackend, recorder: Recorder, history: History
) -> None:
    edit = Feature(3, "label").at(1.0, method="odd\ud800", unit="raw", positions="all", skip_special=False)
    job = ready.submit(Grid(("x",), (Steering((edit,)),)), {"\udc80": 1.0})
    backend.started()
    backend.end_cell(0, "a\ud800b\0c")
    backend.end()
    assert recorder.flush()
    assert recorder.problem is None
    entry = history[0].save("n\ud800", "d\udfff", ["t\ud800"])
    assert history[0].name == "n\ud800"
    assert history[0].result() == Run(ready, job).partial()
    assert [found.run for found in history.search(tags="t\ud800")] == [entry.run]
    assert "\ud800" not in repr(history) + history._repr_html_()
    repr(history).encode()


def test_edits_of_the_grid_come_back(ready: Controller, recorder: Recorder, history: History) -> None:
    edits: tuple[Edit, ...] = (Feature(3, "war").control(7).at(2, positions=slice(1, 5)), Feature(4).ablate())
    job = ready.submit(Grid(("x",), (Steering(edits, preserve_norm=True),)), {})
    assert recorder.flush()
    assert history[0].result().grid == job.grid


@pytest.mark.parametrize("n_cells", [3000])
def test_a_large_grid_does_not_hold_the_controller(
    ready: Controller, backend: ScriptedBackend, recorder: Recorder, n_cells: int
) -> None:
    ready.submit(grid(3, n_cells // 3), {})
    backend.started()
    longest_s = 0.0
    for cell in range(300):
        began_s = time.monotonic()
        backend.end_cell(cell)
        longest_s = max(longest_s, time.monotonic() - began_s)
    assert longest_s < 0.3
    assert recorder.flush(10)
