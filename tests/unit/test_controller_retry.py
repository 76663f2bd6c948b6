from __future__ import annotations

import pytest

from steer_widget.controller import Controller
from steer_widget.errors import InvalidInput
from steer_widget.protocol import CellDone, ErrorInfo, StartRun
from tests.unit.grids import grid
from tests.unit.scripted import READY, ScriptedBackend


def test_retry_does_the_failed_and_stopped_cells_only(ready: Controller, backend: ScriptedBackend) -> None:
    job = ready.submit(grid(3), {})
    backend.started()
    backend.end_cell(0, "kept")
    backend.end_cell(1, "half", ErrorInfo("OutOfMemory", "too big"))
    backend.say(CellDone(job.id, 2, "stopped", "half", (3,), "stopped"))
    backend.end("stopped", seconds=2.0)
    ready.retry(job)
    assert job.state == "queued"
    assert backend.last_run() == StartRun(job.id, job.grid, (1, 2), {})
    assert [cell.text for cell in job.cells] == ["kept", "", ""]
    backend.finish()
    assert job.state == "done"
    assert [cell.text for cell in job.cells] == ["kept", "one two", "one two"]
    assert job.error is None
    assert job.seconds == 4.0


def test_retry_of_a_run_that_is_on_or_has_nothing_to_repeat_is_refused(
    ready: Controller, backend: ScriptedBackend
) -> None:
    job = ready.submit(grid(), {})
    with pytest.raises(InvalidInput, match="a run that has ended"):
        ready.retry(job)
    backend.finish()
    with pytest.raises(InvalidInput, match="failed or was stopped"):
        ready.retry(job)
    assert job.state == "done"


def test_retry_after_death_starts_a_worker(ready: Controller, backend: ScriptedBackend) -> None:
    job = ready.submit(grid(), {})
    backend.die()
    ready.retry(job)
    assert job.state == "loading"
    backend.say(READY)
    backend.finish()
    assert job.state == "done"
