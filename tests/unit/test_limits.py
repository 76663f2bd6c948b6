"""Time limits of runs: what they are by default, and what passing them does."""

from __future__ import annotations

import threading
import time

import pytest

from steer_widget.backends.base import WorkerExit
from steer_widget.controller import Controller
from steer_widget.errors import InvalidInput
from steer_widget.protocol import CancelRun
from steer_widget.run_clock import RunClock
from steer_widget.spec import Limits
from tests.unit.grids import grid
from tests.unit.scripted import ScriptedBackend

PATIENCE_S = 30.0


def wait_for(condition: object) -> None:
    deadline_s = time.monotonic() + PATIENCE_S
    while not condition():  # type: ignore[operator]
        assert time.monotonic() < deadline_s
        time.sleep(0.005)


def test_the_default_grows_with_the_grid_and_leaves_a_slow_machine_time() -> None:
    small = Limits().of(grid(2, max_new_tokens=10))
    large = Limits().of(grid(2, n_prompts=50, max_new_tokens=100))
    assert small[0] >= 300
    assert large[0] - small[0] > 2 * (10_000 - 20)
    for soft_s, hard_s in (small, large):
        assert hard_s > soft_s


def test_a_given_limit_holds_whatever_the_grid() -> None:
    assert Limits(soft_s=5, hard_s=9).of(grid()) == (5.0, 9.0)
    assert Limits(soft_s=10).of(grid()) == (10.0, 15.0)
    assert Limits(hard_s=3).of(grid()) == (2.0, 3.0)


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"soft_s": 0}, "soft_s"),
        ({"hard_s": -1}, "hard_s"),
        ({"soft_s": float("nan")}, "soft_s"),
        ({"soft_s": "5"}, "soft_s"),
        ({"soft_s": True}, "soft_s"),
        ({"soft_s": 5, "hard_s": 4}, "hard_s"),
    ],
)
def test_a_limit_that_is_none_is_refused_by_name(given: dict[str, float], field: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        Limits(**given)
    assert refused.value.field == field


def test_the_soft_limit_stops_and_keeps_what_there_is(ready: Controller, backend: ScriptedBackend) -> None:
    job = ready.submit(grid(2), {}, Limits(soft_s=0.05, hard_s=60))
    backend.started()
    backend.grow("one", cells=(0, 1))
    backend.end_cell(0)
    wait_for(lambda: backend.sent(CancelRun))
    assert job.state == "stopping"
    backend.end("stopped")
    assert (job.state, [cell.state for cell in job.cells]) == ("stopped", ["done", "stopped"])
    assert job.cells[1].text == "one"
    assert job.error is not None
    assert job.error.kind == "TimeLimit"
    assert "0.05 s" in job.error.message
    assert "kill" not in backend.calls
    ready.retry(job)
    assert job.error is None


def test_the_hard_limit_kills_and_says_so(ready: Controller, backend: ScriptedBackend) -> None:
    job = ready.submit(grid(2), {}, Limits(soft_s=0.02, hard_s=0.05))
    backend.started()
    wait_for(lambda: "kill" in backend.calls)
    backend.die(WorkerExit(signal="SIGKILL", expected=True))
    assert job.state == "failed"
    for error in (job.error, *(cell.error for cell in job.cells)):
        assert error is not None
        assert "hard limit of 0.05 s" in error.message
    assert ready.status.worker == "stopped"


def test_a_run_that_ended_in_time_is_left_alone(ready: Controller, backend: ScriptedBackend) -> None:
    job = ready.submit(grid(1), {}, Limits(soft_s=0.1, hard_s=0.2))
    backend.finish()
    other = ready.submit(grid(1), {})
    time.sleep(0.4)
    assert (job.state, other.state) == ("done", "queued")
    assert not backend.sent(CancelRun)
    assert "kill" not in backend.calls


def test_waiting_for_a_shorter_run_does_not_count(ready: Controller, backend: ScriptedBackend) -> None:
    long = ready.submit(grid(1, max_new_tokens=1000), {}, Limits(soft_s=0.3, hard_s=60))
    backend.started()
    short = ready.submit(grid(1, max_new_tokens=5), {})
    assert backend.last_run().run == short.id
    time.sleep(0.6)
    assert not backend.sent(CancelRun)
    backend.finish()
    wait_for(lambda: backend.sent(CancelRun))
    assert backend.sent(CancelRun)[-1].run == long.id


def test_a_paused_clock_calls_nobody_and_a_resumed_one_once() -> None:
    soft, hard = threading.Event(), threading.Event()
    clock = RunClock(0.1, 0.2, soft.set, hard.set)
    clock.pause()
    time.sleep(0.4)
    assert not soft.is_set()
    clock.resume()
    clock.resume()
    assert soft.wait(PATIENCE_S)
    assert hard.wait(PATIENCE_S)
    clock.pause()
    soft.clear()
    clock.resume()
    assert not soft.wait(0.3), "what was called out is not called again"
    clock.stop()


def test_a_clock_with_an_endless_limit_is_no_error() -> None:
    RunClock(1e300, 1e301, lambda: None, lambda: None).stop()
