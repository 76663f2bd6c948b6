"""The worker's two threads: one reads commands and answers small ones at once, the main one loads and runs."""

from __future__ import annotations

import importlib.metadata
import os
import platform
import threading
import traceback
from collections import deque
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from .. import methods
from ..errors import GenerationError, LoadError, ProtocolError, SteerError, Superseded, TaskStopped
from ..protocol import (
    PROTOCOL_VERSION,
    Answer,
    CancelRun,
    CancelTask,
    CheckGrid,
    Command,
    ErrorInfo,
    Event,
    Fault,
    Load,
    LoadFailed,
    Loading,
    NextTokenOf,
    Reading,
    Ready,
    RunDone,
    Shutdown,
    StartRun,
    Task,
    TaskProgress,
    TokenCounts,
)
from .questions import read
from .tasks import do_task

if TYPE_CHECKING:
    from ..protocol import Known, LoadStage, Question
    from .engine import Engine

Job = Load | StartRun | Reading | Shutdown
EngineMaker = Callable[[Load, Callable[["LoadStage", float | None, str], None]], "Engine"]
_PACKAGES = ("steer-widget", "torch", "transformers", "sae-lens", "tokenizers", "numpy")


class WorkerLoop:
    """Commands in, events out; knows nothing of pipes or processes.

    Args:
        make_engine: loads what a `Load` names.
        emit: takes events to the kernel; may be called from both threads.
    """

    def __init__(self, make_engine: EngineMaker, emit: Callable[[Event], None]) -> None:
        self._make_engine = make_engine
        self._emit = emit
        self._jobs: deque[Job] = deque()
        self._tasks: deque[Task] = deque()
        self._engine: Engine | None = None
        self._cancelled: set[str] = set()
        self._task_cancelled: int | None = None
        self._arrived = threading.Condition()

    def take(self, command: Command) -> None:
        """Takes a command; returns at once. Called on the reading thread."""
        if isinstance(command, CancelRun):
            with self._arrived:
                self._cancelled.add(command.run)
        elif isinstance(command, CancelTask):
            self._cancel_task(command.request)
        elif isinstance(command, Task):
            with self._arrived:
                self._tasks.append(command)
                self._arrived.notify()
        elif isinstance(command, CheckGrid):
            self._emit(self._answer(command, lambda engine: TokenCounts(engine.check(command))))
        else:
            superseded: list[NextTokenOf] = []
            with self._arrived:
                if isinstance(command, StartRun):
                    # A stop that came too late for an earlier attempt is none of this one.
                    self._cancelled.discard(command.run)
                elif isinstance(command, NextTokenOf):
                    # A dial asks faster than the model reads: only where it stands now matters.
                    superseded = [job for job in self._jobs if isinstance(job, NextTokenOf)]
                    self._jobs = deque(job for job in self._jobs if not isinstance(job, NextTokenOf))
                self._jobs.append(command)
                self._arrived.notify()
            for question in superseded:
                self._emit(Answer(question.request, ErrorInfo.of(_superseded())))

    def work(self) -> None:
        """Loads and runs until told to shut down. Called on the main thread, which torch likes best."""
        while True:
            with self._arrived:
                self._arrived.wait_for(lambda: self._jobs or self._tasks)
                job = self._jobs.popleft() if self._jobs else self._tasks.popleft()
            if isinstance(job, Shutdown):
                return
            self._do(job)

    def _do(self, job: Load | StartRun | Reading | Task) -> None:
        if isinstance(job, Load):
            self._load(job)
        elif isinstance(job, StartRun):
            self._run(job)
        elif isinstance(job, Task):
            self._do_task(job)
        else:
            self._emit(self._answer(job, partial(read, job)))

    def _checkpoint(self, is_cancelled: Callable[[], bool]) -> bool:
        """Does what has come since and overtakes the run or task that is on; True when that is to stop."""
        has_followed_dial = False
        while True:
            with self._arrived:
                job = self._jobs[0] if self._jobs else None
                if isinstance(job, Shutdown):
                    return True
                # A dial that keeps moving must not hold the run up for ever: one update a step.
                waits = isinstance(job, NextTokenOf) and has_followed_dial
                if job is None or isinstance(job, Load) or waits or is_cancelled():
                    return is_cancelled()
                self._jobs.popleft()
            self._do(job)
            has_followed_dial = has_followed_dial or isinstance(job, NextTokenOf)

    def _load(self, command: Load) -> None:
        def progress(stage: LoadStage, fraction: float | None, message: str) -> None:
            self._emit(Loading(stage, fraction, message))

        self._engine = None
        try:
            self._engine = self._make_engine(command, progress)
        except SteerError as error:
            self._emit(LoadFailed(ErrorInfo.of(error, traceback.format_exc())))
        except Exception as error:  # noqa: BLE001 - whatever a model's code raises, the kernel has to hear of it
            failed = LoadError(
                f"Loading failed: {type(error).__name__}: {error}. The details tell where; the worker lives on."
            )
            self._emit(LoadFailed(ErrorInfo.of(failed, traceback.format_exc())))
        else:
            self._emit(self._ready(self._engine))

    def _ready(self, engine: Engine) -> Ready:
        return Ready(
            protocol=PROTOCOL_VERSION,
            pid=os.getpid(),
            model=engine.model_info,
            saes=engine.sae_infos,
            methods=methods.names(),
            measures=engine.measures,
            versions=_versions(),
            load_s=engine.load_s,
            speed=engine.measure_speed(),
        )

    def _run(self, command: StartRun) -> None:
        engine = self._engine
        if engine is None:
            self._refuse(command, GenerationError("No model is loaded, so nothing can run. Load one first."))
            return
        try:
            engine.run(command, self._emit, partial(self._checkpoint, lambda: command.run in self._cancelled))
        except Exception as error:  # noqa: BLE001 - the engine handles what it expects; the worker outlives the rest
            failed = GenerationError(f"The run failed: {type(error).__name__}: {error}. The worker lives on.")
            self._refuse(command, failed)
        finally:
            with self._arrived:
                self._cancelled.discard(command.run)

    def _refuse(self, command: StartRun, error: SteerError) -> None:
        self._emit(RunDone(command.run, "failed", 0.0, 0, ErrorInfo.of(error, traceback.format_exc())))

    def _do_task(self, task: Task) -> None:
        def report(n_done: int, n_total: int | None, message: str) -> None:
            self._emit(TaskProgress(task.request, n_done, n_total, message))

        checkpoint = partial(self._checkpoint, lambda: self._task_cancelled == task.request)
        self._emit(self._answer(task, lambda engine: do_task(engine, task, report, checkpoint)))

    def _cancel_task(self, request: int) -> None:
        with self._arrived:
            waiting = [task for task in self._tasks if task.request == request]
            self._tasks = deque(task for task in self._tasks if task.request != request)
            if not waiting:
                self._task_cancelled = request
        for task in waiting:
            self._emit(Answer(task.request, ErrorInfo.of(stopped_before_it_began())))

    def _answer(self, question: Question | Task, ask: Callable[[Engine], Known]) -> Answer:
        """The answer must come, whatever a tokenizer or a model raises."""
        engine = self._engine
        if engine is None:
            error = GenerationError("No model is loaded, so nothing can be asked. Load one first.")
            return Answer(question.request, ErrorInfo.of(error))
        try:
            return Answer(question.request, result=ask(engine))
        except SteerError as error:
            return Answer(question.request, ErrorInfo.of(error))
        except Exception as error:  # noqa: BLE001 - see above
            return Answer(question.request, ErrorInfo.of(error, traceback.format_exc()))


def stopped_before_it_began() -> TaskStopped:
    """The error for a task that was taken out of the queue."""
    return TaskStopped(
        "It was stopped before it had begun, so there is nothing of it. Start it again if it is wanted."
    )


def _superseded() -> Superseded:
    return Superseded(
        "A newer question about the next token came before the worker got to this one, so it was not answered. "
        "Ask again if its answer is still wanted."
    )


def report_unreadable(error: ProtocolError, emit: Callable[[Event], None]) -> None:
    """Says aloud that a command could not be read; the worker goes on."""
    emit(Fault(ErrorInfo.of(error)))


def _versions() -> dict[str, str]:
    found = {"python": platform.python_version()}
    for name in _PACKAGES:
        try:
            found[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
    return found
