"""How long runs take: from the speed at load, corrected by what runs really took, and gone with the worker."""

from __future__ import annotations

import msgspec
import pytest

from steer_widget.backends.base import WorkerExit
from steer_widget.controller import Controller
from steer_widget.forecast import FinishedRun, Forecast
from steer_widget.protocol import CellDone, RunDone, Speed
from tests.unit.grids import grid
from tests.unit.scripted import LOAD_FAILED, READY, ScriptedBackend

SPEED = Speed(first_s=0.1, step_s=0.02, row_s=0.005, max_rows=8)


def finished(factor: float, *, n_rows: int = 4, n_tokens: int = 50) -> FinishedRun:
    """A run that took so many times longer than the speed says, all rows of the same length."""
    turns = -(-n_rows // 8)
    seconds = 0.1 + n_tokens * (turns * 0.02 + n_rows * 0.005)
    return FinishedRun(n_rows, n_tokens, n_rows * n_tokens, factor * seconds)


def scaled(factor: float) -> Speed:
    return Speed(0.1 * factor, 0.02 * factor, 0.005 * factor, 8)


def close(found: Speed, wanted: Speed) -> bool:
    return msgspec.structs.astuple(found) == pytest.approx(msgspec.structs.astuple(wanted))


def test_runs_that_take_as_long_as_they_should_change_nothing() -> None:
    forecast = Forecast(SPEED)
    assert forecast.speed == SPEED
    for n_rows in (1, 7, 8, 9, 40):
        forecast.learn(finished(1.0, n_rows=n_rows))
        assert close(forecast.speed, SPEED)


@pytest.mark.parametrize("slow", [3.0, 1000.0])
def test_a_single_slow_run_changes_nothing_and_two_do(slow: float) -> None:
    forecast = Forecast(SPEED)
    forecast.learn(finished(slow))
    assert close(forecast.speed, SPEED)
    for factor in (1.2, 1.3, 1.25):
        forecast.learn(finished(factor))
    assert 1.2 <= forecast.speed.step_s / SPEED.step_s <= 1.31
    forecast.learn(finished(slow))
    assert 1.2 <= forecast.speed.step_s / SPEED.step_s <= 1.31


def test_a_machine_that_has_become_slower_or_faster_is_followed() -> None:
    forecast = Forecast(SPEED)
    for _ in range(3):
        forecast.learn(finished(2.0))
    assert close(forecast.speed, scaled(2.0))
    for _ in range(4):
        forecast.learn(finished(0.5))
    assert close(forecast.speed, scaled(0.5))


def test_rows_that_end_early_cost_no_more() -> None:
    forecast = Forecast(SPEED)
    # one of four rows goes to the end, the others end after 10 tokens
    seconds = 0.1 + 50 * 0.02 + (50 + 30) * 0.005
    for _ in range(3):
        forecast.learn(FinishedRun(4, 50, 80, 2 * seconds))
    assert close(forecast.speed, scaled(2.0))


def test_runs_that_tell_nothing_are_left_out() -> None:
    forecast = Forecast(SPEED)
    for run in (FinishedRun(0, 0, 0, 1.0), FinishedRun(3, 0, 0, 1.0), FinishedRun(3, 5, 15, 0.0)):
        for _ in range(4):
            forecast.learn(run)
    assert forecast.speed == SPEED
    still = Forecast(Speed(0.0, 0.0, 0.0))
    still.learn(finished(1.0))
    assert still.speed == Speed(0.0, 0.0, 0.0)


# ---- as the status tells it


def load(controller: Controller, backend: ScriptedBackend, speed: Speed | None = SPEED) -> None:
    controller.start()
    backend.say(msgspec.structs.replace(READY, speed=speed))


def finish(controller: Controller, backend: ScriptedBackend, seconds: float, state: str = "done") -> None:
    """A run of four cells of three tokens each."""
    controller.submit(grid(4), {})
    backend.started()
    run = backend.last_run()
    for cell in run.cells:
        backend.say(CellDone(run.run, cell, "done", "abc", (1, 2, 3), "length"))
    backend.say(RunDone(run.run, state, seconds, 12))  # type: ignore[arg-type]


def test_the_status_has_the_speed_and_learns(controller: Controller, backend: ScriptedBackend) -> None:
    load(controller, backend)
    assert controller.status.speed == SPEED
    expected_s = 0.1 + 3 * 0.02 + 12 * 0.005
    finish(controller, backend, 40 * expected_s)
    assert controller.status.speed == SPEED
    for _ in range(3):
        finish(controller, backend, 2 * expected_s)
    assert controller.status.speed is not None
    assert close(controller.status.speed, scaled(2.0))


def test_only_the_cells_of_this_attempt_count(controller: Controller, backend: ScriptedBackend) -> None:
    load(controller, backend)
    expected_s = 0.1 + 3 * 0.02 + 6 * 0.005
    for _ in range(4):
        job = controller.submit(grid(4), {})
        backend.started()
        run = backend.last_run().run
        for cell in (0, 1):
            backend.say(CellDone(run, cell, "done", "abc", (1, 2, 3), "length"))
        backend.say(RunDone(run, "stopped", 100.0, 6))
        controller.retry(job)
        assert backend.last_run().cells == (2, 3)
        backend.started()
        for cell in (2, 3):
            backend.say(CellDone(run, cell, "done", "abc", (1, 2, 3), "length"))
        backend.say(RunDone(run, "done", 3 * expected_s, 6))
    assert controller.status.speed is not None
    assert close(controller.status.speed, scaled(3.0))


def test_the_speed_goes_with_its_worker(controller: Controller, backend: ScriptedBackend) -> None:
    load(controller, backend)
    backend.die()
    assert controller.status.speed is None
    controller.start()
    assert controller.status.speed is None
    backend.say(msgspec.structs.replace(READY, speed=scaled(3.0)))
    assert controller.status.speed == scaled(3.0)
    backend.die(WorkerExit(code=0))
    controller.start()
    backend.say(LOAD_FAILED)
    assert controller.status.speed is None
    controller.start()
    backend.say(READY)
    assert controller.status.speed is None, "this one could not measure it"
    finish(controller, backend, 1.0)
    assert controller.status.speed is None


def test_a_close_forgets_the_speed(controller: Controller, backend: ScriptedBackend) -> None:
    load(controller, backend)
    controller.close()
    assert controller.status.speed is None
