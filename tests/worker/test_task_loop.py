"""Tasks in the worker's loop with a real engine: behind runs and questions, one after another, stopped."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from steer_widget.errors import TaskStopped
from steer_widget.protocol import Answer, Calibrate, Calibrated, CancelTask, ReadMeans, RunDone, TaskProgress
from steer_widget.spec import Feature
from steer_widget.worker.engine import Engine
from tests.worker.conftest import run
from tests.worker.test_loop import LONG, SHORT, Loop

PROMPTS = ("I went for a walk and", "She")


@pytest.fixture
def worker(engine: Engine) -> Iterator[Loop]:
    made = Loop(engine)
    yield made
    made.close()


def task(number: int) -> Calibrate:
    return Calibrate(number, (Feature(3),), PROMPTS)


def answers(worker: Loop, n: int) -> list[Answer]:
    return [worker.wait_for(Answer) for _ in range(n)]


def test_a_run_and_a_question_that_come_in_the_middle_go_first(worker: Loop, engine: Engine) -> None:
    def overtake() -> None:
        worker.start("short", SHORT)
        worker.loop.take(ReadMeans(7, ("the sea",)))

    worker.loop.take(task(1))
    (quiet,) = answers(worker, 1)
    worker.after(2, TaskProgress, overtake)
    worker.loop.take(task(2))
    question, late = answers(worker, 2)
    assert (question.request, late.request) == (7, 2)
    ends = [type(event).__name__ for event in worker.events if isinstance(event, (RunDone, Answer))]
    assert ends == ["Answer", "Answer", "RunDone", "Answer"], (
        "the question goes before the run, both before the task"
    )
    assert worker.tokens("short") == run(engine, SHORT).tokens
    assert isinstance(late.result, Calibrated)
    assert late.result == quiet.result


def test_a_run_that_is_on_is_not_held_up_by_a_task(worker: Loop) -> None:
    worker.start("long", LONG)
    worker.loop.take(task(1))
    worker.wait_for(RunDone)
    (answer,) = answers(worker, 1)
    assert answer.error is None
    order = [type(event) for event in worker.events if isinstance(event, (RunDone, TaskProgress))]
    assert order[0] is RunDone


def test_tasks_are_done_one_after_another(worker: Loop) -> None:
    worker.loop.take(task(1))
    worker.loop.take(task(2))
    assert [answer.request for answer in answers(worker, 2)] == [1, 2]
    told = [event.request for event in worker.events if isinstance(event, TaskProgress)]
    assert told == [1] * 4 + [2] * 4


def test_one_is_stopped_in_the_middle_and_the_next_goes_on(worker: Loop) -> None:
    worker.after(2, TaskProgress, lambda: worker.loop.take(CancelTask(1)))
    worker.loop.take(task(1))
    worker.loop.take(task(2))
    first, second = answers(worker, 2)
    assert first.error is not None
    assert isinstance(first.error.rebuild(), TaskStopped)
    assert isinstance(second.result, Calibrated)


def test_one_that_waits_is_taken_out_of_the_queue(worker: Loop) -> None:
    def stop_the_other() -> None:
        worker.loop.take(task(2))
        worker.loop.take(CancelTask(2))

    worker.after(1, TaskProgress, stop_the_other)
    worker.loop.take(task(1))
    stopped, done = answers(worker, 2)
    assert stopped.request == 2
    assert stopped.error is not None
    assert stopped.error.kind == "TaskStopped"
    assert isinstance(done.result, Calibrated)
