"""Tasks: begun, followed, stopped; each answered once, and shown while it goes on."""

from __future__ import annotations

import asyncio
import signal
import threading
from collections.abc import Callable

import pytest

from steer_widget.controller import Controller
from steer_widget.errors import GenerationError, SteererClosed, TaskStopped, WorkerDied, WorkerTimeout
from steer_widget.protocol import (
    Answer,
    Calibrate,
    Calibrated,
    CancelTask,
    ErrorInfo,
    Load,
    TaskProgress,
    TokenCounts,
)
from steer_widget.recycling import Recycling
from steer_widget.spec import Band, Feature
from steer_widget.task import Task
from tests.unit.grids import grid
from tests.unit.scripted import READY, ScriptedBackend

COMMAND = Calibrate(0, (Feature(3),), ("I think",))
BAND = Band(1.0, 2.0, 3.0)


def begun(
    controller: Controller, convert: Callable[[Calibrated], Band] = lambda found: found.bands[0]
) -> Task[Band]:
    return Task(controller, COMMAND, Calibrated, convert, "calibrating 3")


@pytest.fixture
def task(ready: Controller) -> Task[Band]:
    return begun(ready)


def number(backend: ScriptedBackend) -> int:
    return backend.sent(Calibrate)[-1].request


def test_a_task_tells_how_far_it_is_and_gives_what_came_out(
    ready: Controller, backend: ScriptedBackend, task: Task[Band]
) -> None:
    request = number(backend)
    (view,) = ready.status.tasks
    assert (view.id, view.title, view.n_done, view.n_total, view.eta_s) == (
        request,
        "calibrating 3",
        0,
        None,
        None,
    )
    assert task.progress is None
    backend.say(TaskProgress(request, 0, 4))
    backend.say(TaskProgress(request, 1, 4, "reading prompts"))
    assert (task.progress, task.message, task.done) == (0.25, "reading prompts", False)
    (view,) = ready.status.tasks
    assert (view.n_done, view.n_total, view.message) == (1, 4, "reading prompts")
    assert view.eta_s == pytest.approx(3 * view.seconds)
    backend.say(Answer(request, result=Calibrated((BAND,))))
    assert task.result(1) == BAND
    assert (task.progress, task.done) == (1.0, True)
    assert ready.status.tasks == ()


def test_a_part_of_something_longer_reckons_with_what_it_has_done_itself(
    ready: Controller, backend: ScriptedBackend, task: Task[Band]
) -> None:
    for n_done in (50, 60):
        backend.say(TaskProgress(number(backend), n_done, 100))
    (view,) = ready.status.tasks
    assert view.eta_s == pytest.approx(4 * view.seconds), "ten in this time, forty to go"


def test_the_status_is_told_each_time_a_task_moves(ready: Controller, backend: ScriptedBackend) -> None:
    shown: list[tuple[int, ...]] = []
    ready.subscribe(lambda _jobs: shown.append(tuple(view.n_done for view in ready.status.tasks)))
    begun(ready)
    backend.say(TaskProgress(number(backend), 2, 3))
    backend.say(Answer(number(backend), result=Calibrated((BAND,))))
    assert shown == [(0,), (2,), ()]


def test_what_comes_for_a_task_that_has_ended_changes_nothing(
    ready: Controller, backend: ScriptedBackend, task: Task[Band]
) -> None:
    backend.say(Answer(number(backend), result=Calibrated((BAND,))))
    backend.say(
        TaskProgress(number(backend), 2, 3), Answer(number(backend), ErrorInfo.of(GenerationError("late")))
    )
    assert task.result(1) == BAND
    assert ready.status.tasks == ()
    task.cancel()
    assert backend.sent(CancelTask) == []


def test_stopping_is_asked_for_and_answered_by_the_worker(
    ready: Controller, backend: ScriptedBackend, task: Task[Band]
) -> None:
    task.cancel()
    assert backend.sent(CancelTask) == [CancelTask(number(backend))]
    assert not task.done
    backend.say(Answer(number(backend), ErrorInfo.of(TaskStopped("stopped"))))
    with pytest.raises(TaskStopped, match="stopped"):
        task.result(1)


def test_a_worker_that_dies_takes_its_tasks_along(
    ready: Controller, backend: ScriptedBackend, task: Task[Band]
) -> None:
    backend.die()
    with pytest.raises(WorkerDied):
        task.result(1)
    assert ready.status.tasks == ()


def test_closing_ends_a_task(ready: Controller, task: Task[Band]) -> None:
    ready.close()
    with pytest.raises(SteererClosed):
        task.result(1)


def test_without_a_worker_it_says_so_at_once(controller: Controller) -> None:
    task = begun(controller)
    assert task.done
    with pytest.raises(GenerationError, match="No worker"):
        task.result()
    assert controller.status.tasks == ()


def test_waiting_has_a_limit_and_the_task_goes_on(
    backend: ScriptedBackend, ready: Controller, task: Task[Band]
) -> None:
    with pytest.raises(WorkerTimeout, match=r"calibrating 3: not ended after 0\.05 s"):
        task.result(0.05)
    backend.say(Answer(number(backend), result=Calibrated((BAND,))))
    assert task.result(1) == BAND


def test_an_answer_to_something_else_and_a_failing_conversion_are_errors_of_the_task(
    ready: Controller, backend: ScriptedBackend, task: Task[Band]
) -> None:
    backend.say(Answer(number(backend), result=TokenCounts((1,))))
    with pytest.raises(Exception, match="does not fit"):
        task.result(1)

    def fail(_found: Calibrated) -> Band:
        raise ZeroDivisionError("nothing to divide by")

    other = begun(ready, fail)
    backend.say(Answer(number(backend), result=Calibrated((BAND,))))
    with pytest.raises(GenerationError, match="nothing to divide by"):
        other.result(1)


def test_what_cannot_be_sent_leaves_nothing_open(ready: Controller, backend: ScriptedBackend) -> None:
    def refuse(_command: object) -> None:
        raise OverflowError("does not fit 64 bits")

    backend.on_send = refuse
    with pytest.raises(OverflowError):
        begun(ready)
    assert ready.status.tasks == ()


def test_ctrl_c_stops_the_task(ready: Controller, backend: ScriptedBackend, task: Task[Band]) -> None:
    interrupt = threading.Timer(0.3, lambda: signal.raise_signal(signal.SIGINT))
    interrupt.start()
    with pytest.raises(KeyboardInterrupt):
        task.result(20)
    assert backend.sent(CancelTask) == [CancelTask(number(backend))]


async def awaited(task: Task[Band]) -> Band:
    return await task


def test_it_can_be_awaited(ready: Controller, backend: ScriptedBackend, task: Task[Band]) -> None:
    said = threading.Timer(0.1, lambda: backend.say(Answer(number(backend), result=Calibrated((BAND,)))))
    said.start()
    assert asyncio.run(awaited(task)) == BAND


def test_a_worker_is_not_replaced_in_the_middle_of_a_task(backend: ScriptedBackend) -> None:
    controller = Controller(backend, Load("model", ()), recycling=Recycling(after_runs=1))
    controller.start()
    backend.say(READY)
    begun(controller)
    job = controller.submit(grid(), {})
    backend.finish()
    assert job.ended
    assert controller.status.worker == "ready"
    backend.say(Answer(number(backend), result=Calibrated((BAND,))))
    controller.submit(grid(), {})
    backend.finish()
    assert controller.status.worker == "loading"
    controller.close()


def test_a_restart_answers_what_was_asked(
    ready: Controller, backend: ScriptedBackend, task: Task[Band]
) -> None:
    ready.restart()
    with pytest.raises(WorkerDied, match="restarted"):
        task.result(1)
    assert ready.status.tasks == ()
