from __future__ import annotations

import pytest

from steer_widget.backends.base import WorkerExit
from steer_widget.controller import Controller
from steer_widget.errors import WorkerDied
from steer_widget.protocol import Load, Loading, RunDone, SaeSource, StartRun
from tests.unit.grids import grid
from tests.unit.scripted import KILLED, LOAD_FAILED, READY, ScriptedBackend


def test_loading_starts_at_once_and_tells_how_far_it_is(
    controller: Controller, backend: ScriptedBackend
) -> None:
    controller.start()
    assert backend.commands == [Load("model", (SaeSource("sae"),))]
    assert controller.status.worker == "loading"
    backend.say(Loading("model", 0.5, "reading weights"))
    assert controller.status.loading == Loading("model", 0.5, "reading weights")
    backend.say(READY)
    status = controller.status
    assert (status.worker, status.pid, status.methods, status.measures, status.model, status.saes) == (
        "ready", READY.pid, READY.methods, READY.measures, READY.model, READY.saes,
    )  # fmt: skip


def test_starting_again_while_there_is_a_worker_does_nothing(
    ready: Controller, backend: ScriptedBackend
) -> None:
    ready.start()
    assert backend.n_loads == 1


def test_a_run_waits_for_loading(controller: Controller, backend: ScriptedBackend) -> None:
    job = controller.submit(grid(), {})
    assert job.state == "loading"
    assert not backend.sent(StartRun)
    backend.say(READY)
    assert backend.last_run().run == job.id
    backend.finish()
    assert job.state == "done"


def test_a_worker_that_cannot_be_started_fails_the_run(
    controller: Controller, backend: ScriptedBackend
) -> None:
    backend.is_broken = True
    job = controller.submit(grid(), {})
    assert job.state == "failed"
    assert job.error is not None
    assert "no such program" in job.error.message
    backend.is_broken = False
    again = controller.submit(grid(), {})
    backend.say(READY)
    backend.finish()
    assert again.state == "done"


def test_a_failed_load_fails_all_that_wait_and_the_next_run_loads_again(
    controller: Controller, backend: ScriptedBackend
) -> None:
    waiting = [controller.submit(grid(), {}) for _ in range(2)]
    backend.say(LOAD_FAILED)
    assert [job.state for job in waiting] == ["failed", "failed"]
    assert all(job.error == LOAD_FAILED.error for job in waiting)
    assert controller.status.worker == "failed"
    again = controller.submit(grid(), {})
    assert backend.calls == ["start"], "the worker lives on and only loads again"
    assert backend.n_loads == 2
    backend.say(READY)
    backend.finish()
    assert again.state == "done"


def test_death_while_loading_fails_the_queue_without_a_loop_of_crashes(
    controller: Controller, backend: ScriptedBackend
) -> None:
    waiting = [controller.submit(grid(), {}) for _ in range(3)]
    backend.die()
    assert [job.state for job in waiting] == ["failed"] * 3
    assert backend.calls == ["start"]
    assert controller.status.worker == "failed"
    controller.submit(grid(), {})
    assert backend.calls == ["start", "start"]


def test_death_of_an_idle_worker_is_told_and_the_next_run_starts_one(
    ready: Controller, backend: ScriptedBackend
) -> None:
    backend.die()
    status = ready.status
    assert (status.worker, status.pid) == ("stopped", None)
    assert status.error is not None
    assert status.error.kind == "WorkerDied"
    job = ready.submit(grid(), {})
    assert job.state == "loading"
    backend.say(READY)
    backend.finish()
    assert job.state == "done"
    assert ready.status.error is None


def test_death_in_a_run_keeps_what_is_finished_and_tells_all(
    ready: Controller, backend: ScriptedBackend
) -> None:
    job, behind = ready.submit(grid(3), {}), ready.submit(grid(), {})
    backend.started()
    backend.grow("one", " two")
    backend.end_cell(0)
    backend.die()
    assert job.state == "failed"
    assert [cell.state for cell in job.cells] == ["done", "failed", "failed"]
    assert job.cells[1].text == "one two", "what came before the death stays"
    error = job.cells[1].error
    assert error is not None
    assert error == job.error
    assert isinstance(error.rebuild(), WorkerDied)
    assert "SIGKILL" in error.message
    assert KILLED.likely_cause in error.message
    assert KILLED.log_tail in error.details
    assert behind.state == "loading", "the next run has a new worker by itself"
    backend.say(READY)
    backend.finish()
    assert behind.state == "done"


@pytest.mark.parametrize("stage", ["sent", "started", "growing", "stopping"])
def test_death_in_every_state_ends_the_run_and_the_next_one_works(
    ready: Controller, backend: ScriptedBackend, stage: str
) -> None:
    job = ready.submit(grid(), {})
    if stage != "sent":
        backend.started()
    if stage in ("growing", "stopping"):
        backend.grow("one")
    if stage == "stopping":
        ready.cancel(job)
    backend.die(WorkerExit(code=1, log_tail="boom"))
    assert job.state == ("stopped" if stage == "stopping" else "failed")
    assert all(cell.ended for cell in job.cells)
    assert job.error is not None
    assert "exit code 1" in job.error.message
    again = ready.submit(grid(), {})
    backend.say(READY)
    backend.finish()
    assert again.state == "done"


def test_a_late_word_of_an_old_worker_changes_nothing(ready: Controller, backend: ScriptedBackend) -> None:
    job = ready.submit(grid(), {})
    old_event, old_exit = backend.callbacks()
    backend.die()
    again = ready.submit(grid(), {})
    old_event(RunDone(again.id, "done", 1.0, 0))
    old_event(READY)
    old_exit(KILLED)
    assert job.state == "failed"
    assert again.state == "loading"
    assert ready.status.worker == "loading"
