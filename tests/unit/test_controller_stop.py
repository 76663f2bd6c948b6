from __future__ import annotations

import time

import pytest

from steer_widget.backends.base import WorkerExit
from steer_widget.controller import Controller
from steer_widget.protocol import CancelRun, CellDone, StartRun
from steer_widget.spec import Limits
from tests.unit.grids import grid
from tests.unit.page import wait_until
from tests.unit.scripted import READY, ScriptedBackend


def test_stop_in_the_queue(ready: Controller, backend: ScriptedBackend) -> None:
    first, second, third = (ready.submit(grid(), {}) for _ in range(3))
    ready.cancel(second)
    assert second.state == "stopped"
    assert not backend.sent(CancelRun)
    backend.finish()
    assert first.state == "done"
    assert backend.last_run().run == third.id


def test_stop_while_loading(controller: Controller, backend: ScriptedBackend) -> None:
    job = controller.submit(grid(), {})
    controller.cancel(job)
    assert job.state == "stopped"
    backend.say(READY)
    assert not backend.sent(StartRun)
    assert controller.status.worker == "ready", "loading went on"


@pytest.mark.parametrize("has_started", [False, True])
def test_stop_at_the_worker(ready: Controller, backend: ScriptedBackend, has_started: bool) -> None:
    job, behind = ready.submit(grid(2), {}), ready.submit(grid(), {})
    if has_started:
        backend.started()
        backend.grow("one")
    ready.cancel(job)
    ready.cancel(job)
    assert job.state == "stopping"
    assert backend.sent(CancelRun) == [CancelRun(job.id)]
    backend.started()
    assert job.state == "stopping", "a late start does not undo the stop"
    for cell in range(2):
        backend.say(CellDone(job.id, cell, "stopped", "one", (3,), "stopped"))
    backend.end("stopped")
    assert job.state == "stopped"
    assert [cell.text for cell in job.cells] == ["one", "one"]
    assert backend.last_run().run == behind.id
    time.sleep(0.3)
    assert "terminate" not in backend.calls, "an obeyed stop ends no worker"


def test_a_run_that_ends_before_the_stop_arrives_is_done(ready: Controller, backend: ScriptedBackend) -> None:
    job = ready.submit(grid(1), {})
    backend.started()
    ready.cancel(job)
    backend.end_cell(0)
    backend.end("done")
    assert job.state == "done"
    ready.cancel(job)
    assert job.state == "done"


def test_a_worker_that_ignores_a_stop_is_ended_by_and_by(ready: Controller, backend: ScriptedBackend) -> None:
    job = ready.submit(grid(), {})
    backend.started()
    backend.grow("one")
    ready.cancel(job)
    wait_until(lambda: "kill" in backend.calls)
    assert backend.calls == ["start", "terminate", "kill"]
    assert job.state == "stopping"
    backend.die(WorkerExit(signal="SIGKILL", expected=True))
    assert job.state == "stopped"
    assert job.error is not None
    assert "did not react to a stop" in job.error.message
    assert job.cells[0].text == "one"
    again = ready.submit(grid(), {})
    backend.say(READY)
    backend.finish()
    assert again.state == "done"


def test_a_stop_is_insisted_on_also_after_the_soft_limit(ready: Controller, backend: ScriptedBackend) -> None:
    job = ready.submit(grid(), {}, Limits(soft_s=0.05, hard_s=1000))
    backend.started()
    wait_until(lambda: job.state == "stopping")
    assert "terminate" not in backend.calls, "the soft limit asks, no more"
    ready.cancel(job)
    wait_until(lambda: "kill" in backend.calls)
    assert backend.calls == ["start", "terminate", "kill"]
    backend.die(WorkerExit(signal="SIGKILL", expected=True))
    assert job.state == "stopped"
