"""Two runs at one worker, workers that are replaced, workers that die again and again."""

from __future__ import annotations

import time

import msgspec
import pytest

from steer_widget.backends.base import WorkerExit
from steer_widget.controller import Controller
from steer_widget.errors import InvalidInput, QueueFull
from steer_widget.job import Job
from steer_widget.protocol import (
    CancelRun,
    CellDelta,
    CellDone,
    Load,
    RunDone,
    SaeSource,
    Shutdown,
    StartRun,
    Tokens,
)
from steer_widget.recycling import Recycling
from steer_widget.reopened import reopened
from steer_widget.run import Run
from steer_widget.run_queue import MAX_WAITING
from tests.unit.grids import grid
from tests.unit.scripted import KILLED, LOAD_FAILED, MODEL, READY, ScriptedBackend

LONG = grid(1, max_new_tokens=1000)
SHORT = grid(1, max_new_tokens=5)


def overtake(controller: Controller, backend: ScriptedBackend) -> tuple[Job, Job]:
    """A long run at the worker, and a short one that has overtaken it."""
    long = controller.submit(LONG, {})
    backend.started()
    backend.grow("one", " two")
    short = controller.submit(SHORT, {})
    assert backend.last_run().run == short.id
    return long, short


# ---- overtaking


def test_the_overtaken_run_goes_on_where_it_was(ready: Controller, backend: ScriptedBackend) -> None:
    long, short = overtake(ready, backend)
    assert long.state == "running"
    assert long.progress().is_overtaken
    assert long.progress().eta_s is None
    backend.finish()
    assert short.state == "done"
    assert ready.status.worker == "busy"
    assert not long.progress().is_overtaken
    backend.say(Tokens(long.id, (CellDelta(0, " three", (5,)),)))
    backend.say(CellDone(long.id, 0, "done", "one two three", (3, 3, 5), "length"))
    backend.say(RunDone(long.id, "done", 2.0, 3))
    assert (long.state, long.cells[0].text) == ("done", "one two three")
    assert ready.status.worker == "ready"
    assert [command.run for command in backend.sent(StartRun)] == [long.id, short.id]


def test_time_spent_waiting_is_not_the_overtaken_run_s(ready: Controller, backend: ScriptedBackend) -> None:
    long, _ = overtake(ready, backend)
    time.sleep(0.2)
    backend.finish()
    backend.say(CellDone(long.id, 0, "done", "one two", (3, 3), "length"))
    backend.say(RunDone(long.id, "done", 0.25, 2))
    assert 0 <= long.seconds < 0.1


@pytest.mark.parametrize("who", ["long", "short"])
def test_each_of_two_can_be_stopped_alone(ready: Controller, backend: ScriptedBackend, who: str) -> None:
    long, short = overtake(ready, backend)
    stopped, other = (long, short) if who == "long" else (short, long)
    ready.cancel(stopped)
    assert stopped.state == "stopping"
    assert [command.run for command in backend.sent(CancelRun)] == [stopped.id]
    if who == "long":
        backend.finish()
        assert short.state == "done"
    backend.say(RunDone(stopped.id, "stopped", 1.0, 0))
    assert stopped.state == "stopped"
    assert other.state in ("done", "running", "queued")
    assert "terminate" not in backend.calls


def test_the_graces_of_a_stopped_run_begin_when_it_is_at_work(
    ready: Controller, backend: ScriptedBackend
) -> None:
    long, short = overtake(ready, backend)
    ready.cancel(long)
    time.sleep(0.5)
    assert "terminate" not in backend.calls, "it is not at work: nothing of it could obey"
    backend.finish()
    assert short.state == "done"
    deadline_s = time.monotonic() + 30
    while "kill" not in backend.calls:
        assert time.monotonic() < deadline_s
        time.sleep(0.01)
    backend.die(WorkerExit(signal="SIGKILL", expected=True))
    assert long.state == "stopped"
    assert long.cells[0].text == "one two"


def test_death_ends_both_with_what_they_have(ready: Controller, backend: ScriptedBackend) -> None:
    long, short = overtake(ready, backend)
    backend.die()
    for job in (long, short):
        assert job.state == "failed"
        assert job.error is not None
        assert job.error.kind == "WorkerDied"
    assert long.cells[0].text == "one two"
    ready.retry(short)
    backend.say(READY)
    backend.finish()
    assert short.state == "done"


def test_close_ends_both(ready: Controller, backend: ScriptedBackend) -> None:
    jobs = overtake(ready, backend)
    ready.close()
    assert [job.state for job in jobs] == ["stopped", "stopped"]


def test_what_is_left_is_told_over_all_runs(ready: Controller, backend: ScriptedBackend) -> None:
    overtake(ready, backend)
    ready.submit(grid(2, max_new_tokens=600), {})
    left = ready.backlog
    assert (left.n_runs, left.n_waiting, left.n_tokens_left) == (3, 2, 998 + 5 + 1200)
    assert left.eta_s is None


# ---- a queue that is full


def test_a_full_queue_refuses_and_loses_nothing(ready: Controller, backend: ScriptedBackend) -> None:
    first = ready.submit(grid(), {})
    waiting = [ready.submit(grid(), {}) for _ in range(MAX_WAITING)]
    with pytest.raises(QueueFull):
        ready.submit(grid(), {})
    assert len(ready.jobs) == MAX_WAITING + 1
    for job in (first, *waiting):
        backend.finish()
        assert job.state == "done"
    assert ready.submit(grid(), {}).state == "queued"


# ---- a worker that dies again and again


def test_a_crash_loop_stops_after_three_and_starts_again_when_asked(
    ready: Controller, backend: ScriptedBackend
) -> None:
    jobs = [ready.submit(grid(), {}) for _ in range(5)]
    for _ in range(3):
        if ready.status.worker == "loading":
            backend.say(READY)
        backend.started()
        backend.die()
    assert [job.state for job in jobs] == ["failed"] * 5
    assert [job.error.kind for job in jobs if job.error] == ["WorkerDied"] * 2 + ["WorkerCrashLoop"] * 3
    error = ready.status.error
    assert error is not None
    assert error.kind == "WorkerCrashLoop"
    assert "SIGKILL" in error.message
    assert "steerer.reload()" in error.message
    assert "the last line" in error.details
    assert ready.submit(grid(), {}).state == "failed"
    assert backend.calls.count("start") == 3
    ready.start()
    backend.say(READY)
    job = ready.submit(grid(), {})
    backend.finish()
    assert job.state == "done"


def test_deaths_with_a_good_run_between_are_no_loop(ready: Controller, backend: ScriptedBackend) -> None:
    for _ in range(5):
        ready.submit(grid(), {})
        if ready.status.worker == "loading":
            backend.say(READY)
        backend.started()
        backend.die()
        good = ready.submit(grid(), {})
        backend.say(READY)
        backend.finish()
        assert good.state == "done"


def test_ends_that_were_asked_for_are_no_loop(ready: Controller, backend: ScriptedBackend) -> None:
    for _ in range(5):
        job = ready.submit(grid(), {})
        if ready.status.worker == "loading":
            backend.say(READY)
        ready.cancel(job)
        backend.die(WorkerExit(signal="SIGTERM", expected=True))
        assert job.state == "stopped"
    assert ready.status.worker == "stopped"


def test_dying_while_loading_counts(controller: Controller, backend: ScriptedBackend) -> None:
    for _ in range(3):
        controller.submit(grid(), {})
        backend.die()
    assert controller.submit(grid(), {}).state == "failed"
    assert backend.calls.count("start") == 3
    assert controller.status.error is not None
    assert controller.status.error.kind == "WorkerCrashLoop"


# ---- replacing


@pytest.fixture
def recycled(backend: ScriptedBackend) -> Controller:
    made = Controller(
        backend, Load("model", (SaeSource("sae"),)), recycling=Recycling(after_runs=2, above_gb=1.0)
    )
    made.start()
    backend.say(READY)
    return made


def test_after_so_many_runs_a_fresh_worker_takes_the_next(
    recycled: Controller, backend: ScriptedBackend
) -> None:
    jobs = [recycled.submit(grid(), {}) for _ in range(3)]
    backend.finish()
    assert not backend.sent(Shutdown)
    backend.finish()
    assert len(backend.sent(Shutdown)) == 1
    assert recycled.status.worker == "loading"
    assert recycled.status.loading is not None
    assert "2 runs" in recycled.status.loading.message
    assert recycled.status.error is None
    assert jobs[2].state == "queued"
    backend.die(WorkerExit(code=0, expected=True))
    assert recycled.status.worker == "loading"
    backend.say(READY)
    backend.finish()
    assert [job.state for job in jobs] == ["done"] * 3
    assert backend.n_loads == 2
    recycled.close()


def test_a_worker_that_has_grown_too_large_is_replaced(
    recycled: Controller, backend: ScriptedBackend
) -> None:
    recycled.submit(grid(), {})
    backend.started()
    backend.say(RunDone(backend.last_run().run, "done", 1.0, 0, None, 1_500_000_000))
    assert len(backend.sent(Shutdown)) == 1
    assert recycled.status.loading is not None
    assert "1.50 GB, more than 1" in recycled.status.loading.message
    recycled.close()


def test_a_worker_is_not_replaced_while_an_overtaken_run_needs_it(
    recycled: Controller, backend: ScriptedBackend
) -> None:
    recycled.submit(SHORT, {})
    backend.finish()
    long, _ = overtake(recycled, backend)
    backend.finish()
    assert not backend.sent(Shutdown)
    backend.say(RunDone(long.id, "done", 1.0, 0))
    assert len(backend.sent(Shutdown)) == 1
    recycled.close()


def test_a_worker_that_dies_instead_of_leaving_is_replaced_all_the_same(
    recycled: Controller, backend: ScriptedBackend
) -> None:
    for _ in range(2):
        recycled.submit(grid(), {})
        backend.finish()
    waiting = recycled.submit(grid(), {})
    backend.die(KILLED)
    backend.say(READY)
    backend.finish()
    assert waiting.state == "done"
    recycled.close()


def test_a_fresh_worker_that_cannot_load_says_so(recycled: Controller, backend: ScriptedBackend) -> None:
    for _ in range(2):
        recycled.submit(grid(), {})
        backend.finish()
    waiting = recycled.submit(grid(), {})
    backend.die(WorkerExit(code=0, expected=True))
    backend.say(LOAD_FAILED)
    assert waiting.state == "failed"
    assert recycled.status.worker == "failed"
    recycled.close()


@pytest.mark.parametrize(
    ("given", "field"),
    [({"after_runs": 0}, "after_runs"), ({"above_gb": 0}, "above_gb"), ({"above_gb": "1"}, "above_gb")],
)
def test_a_bound_that_is_none_is_refused_by_name(given: dict[str, int], field: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        Recycling(**given)
    assert refused.value.field == field


# ---- retry of some cells, runs from elsewhere


def test_retry_of_chosen_cells_leaves_the_others(ready: Controller, backend: ScriptedBackend) -> None:
    job = ready.submit(grid(3), {})
    backend.started()
    backend.grow("half")
    backend.end("stopped")
    run = Run(ready, job)
    run.retry([1, 1])
    assert backend.last_run().cells == (1,)
    assert [cell.state for cell in job.cells] == ["stopped", "queued", "stopped"]
    backend.started()
    backend.end_cell(1)
    backend.end()
    assert [cell.state for cell in job.cells] == ["stopped", "done", "stopped"]
    assert job.state == "stopped"
    for cells in ([1], [1, 99], ["0"], "01", 5):
        with pytest.raises(InvalidInput):
            run.retry(cells)  # type: ignore[arg-type]
    run.retry()
    backend.started()
    backend.end_cell(0)
    backend.end_cell(2)
    backend.end()
    assert job.state == "done"


def test_a_run_from_elsewhere_is_shown_and_goes_on(ready: Controller, backend: ScriptedBackend) -> None:
    job = ready.submit(grid(2), {})
    backend.started()
    backend.end_cell(0, "kept")
    backend.grow(" half", cells=(1,))
    backend.die()
    result = Run(ready, job).partial()
    other_backend = ScriptedBackend()
    other = Controller(other_backend, Load("model", (SaeSource("sae"),)))
    other.start()
    other_backend.say(READY)
    adopted = other.adopt(reopened(result))
    assert Run(other, adopted).partial() == result
    assert other.adopt(reopened(result)) is adopted, "one that is here already is not taken in twice"
    other.retry(adopted)
    assert other_backend.last_run().cells == (1,)
    other_backend.started()
    other_backend.end_cell(1, "whole")
    other_backend.end()
    assert [cell.text for cell in adopted.cells] == ["kept", "whole"]
    assert adopted.state == "done"
    other.close()


def test_the_rest_of_a_run_never_comes_from_another_model(
    ready: Controller, backend: ScriptedBackend
) -> None:
    job = ready.submit(grid(2), {})
    backend.started()
    backend.end_cell(0)
    backend.end("stopped")
    result = Run(ready, job).partial()
    foreign = msgspec.structs.replace(
        result, run="elsewhere", model=msgspec.structs.replace(MODEL, name="another")
    )
    adopted = ready.adopt(reopened(foreign))
    with pytest.raises(InvalidInput, match=r"another.*tiny"):
        ready.retry(adopted)
    assert [cell.state for cell in adopted.cells] == ["done", "stopped"]
    # While the first worker loads nobody knows which model it will be: then it is refused when that is known.
    other_backend = ScriptedBackend()
    other = Controller(other_backend, Load("model", (SaeSource("sae"),)))
    other.start()
    adopted = other.adopt(reopened(foreign))
    other.retry(adopted)
    other_backend.say(READY)
    other.close()
    assert not other_backend.sent(StartRun)
    assert adopted.state == "failed"
    assert adopted.error is not None
    assert adopted.error.field == "model"
    assert adopted.cells[0].state == "done"
