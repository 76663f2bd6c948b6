from __future__ import annotations

import pytest

from steer_widget.controller import Controller
from steer_widget.protocol import CellDone, ErrorInfo, Fault, RunDone, StartRun, Tokens
from tests.unit.grids import grid
from tests.unit.scripted import MEASURED, READY, ScriptedBackend


def test_runs_are_done_in_the_order_they_came(ready: Controller, backend: ScriptedBackend) -> None:
    jobs = [ready.submit(grid(), {}) for _ in range(3)]
    done = []
    for _ in jobs:
        assert len(backend.sent(StartRun)) == len(done) + 1, "one at a time"
        done.append(backend.last_run().run)
        backend.finish()
    assert done == [job.id for job in jobs]
    assert ready.jobs == tuple(jobs)
    assert ready.status.worker == "ready"


def test_two_submissions_are_two_runs(ready: Controller) -> None:
    one, two = grid(), grid()
    assert ready.submit(one, {}).id != ready.submit(two, {}).id


def test_texts_grow_and_ends_replace_them(ready: Controller, backend: ScriptedBackend) -> None:
    job = ready.submit(grid(2), {"/3": 12.5})
    assert backend.last_run().max_act == {"/3": 12.5}
    backend.started()
    assert job.state == "running"
    assert [cell.state for cell in job.cells] == ["queued", "queued"]
    backend.grow("a", "b", cells=(1,))
    assert [cell.state for cell in job.cells] == ["queued", "running"]
    assert (job.cells[1].text, job.cells[1].token_ids) == ("ab", [1, 1])
    backend.end_cell(1, "ab!")
    backend.grow("late", cells=(1,))
    assert job.cells[1].text == "ab!", "nothing comes after the end"


def test_identity_is_that_of_the_worker_that_ran_it(ready: Controller, backend: ScriptedBackend) -> None:
    job = ready.submit(grid(), {})
    assert job.model is None
    backend.finish()
    assert (job.model, job.saes, job.versions) == (READY.model, READY.saes, READY.versions)


def test_events_of_another_run_or_cell_change_nothing(ready: Controller, backend: ScriptedBackend) -> None:
    job = ready.submit(grid(2), {})
    backend.started()
    backend.say(RunDone("another", "failed", 0.0, 0), Tokens("another", ()))
    backend.end_cell(7)
    assert job.state == "running"
    backend.say(CellDone(job.id, 0, "running", "x", (), "length"))
    assert job.cells[0].state == "queued"


def test_a_refused_grid_fails_whole_with_its_error(ready: Controller, backend: ScriptedBackend) -> None:
    job = ready.submit(grid(), {})
    error = ErrorInfo("PromptTooLong", "prompt: too long.", field="prompt")
    backend.end("failed", error)
    assert job.state == "failed"
    assert all(cell.state == "failed" and cell.error == error for cell in job.cells)


def test_an_end_that_has_no_place_is_a_failure_not_a_success(
    ready: Controller, backend: ScriptedBackend
) -> None:
    job = ready.submit(grid(), {})
    backend.end("done")
    assert job.state == "failed"
    assert job.error is not None
    assert job.error.kind == "ProtocolError"


def test_a_cell_the_worker_forgot_is_not_done(ready: Controller, backend: ScriptedBackend) -> None:
    job = ready.submit(grid(2), {})
    backend.started()
    backend.end_cell(0)
    backend.end("done")
    assert [cell.state for cell in job.cells] == ["done", "failed"]
    assert job.cells[1].error is not None


FAULT = Fault(ErrorInfo("ProtocolError", "A frame could not be read."))


def test_a_fault_ends_a_run_that_would_wait_for_ever(ready: Controller, backend: ScriptedBackend) -> None:
    job, behind = ready.submit(grid(), {}), ready.submit(grid(), {})
    backend.say(FAULT)
    assert job.state == "failed"
    assert job.error == FAULT.error
    assert backend.last_run().run == behind.id
    backend.finish()
    assert behind.state == "done"


@pytest.mark.parametrize("stage", ["started", "growing", "measuring", "stopping"])
def test_a_fault_does_not_end_a_run_that_goes_on(
    ready: Controller, backend: ScriptedBackend, stage: str
) -> None:
    job = ready.submit(grid(1), {})
    backend.started()
    if stage in ("growing", "stopping"):
        backend.grow("one")
    if stage == "measuring":
        backend.end_cell(0)
    if stage == "stopping":
        ready.cancel(job)
    before = job.state
    backend.say(FAULT)
    assert job.state == before
    assert job.error is None
    assert (ready.status.worker, ready.status.error) == ("busy", FAULT.error)
    if stage != "measuring":
        backend.end_cell(0)
    backend.measure_cell(0)
    backend.end()
    assert job.state == "done"
    assert job.cell(0).measures == MEASURED
