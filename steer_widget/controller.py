"""Runs and the worker brought together, under the one lock that guards both. No Jupyter, no torch.

submit ─► queue ─► StartRun ─► worker ─► events ─► job ─► listeners (outside the lock)
"""

from __future__ import annotations

import threading
import uuid
import weakref
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from queue import SimpleQueue

import msgspec

from .backends.base import Backend, WorkerExit
from .dispatcher import Dispatcher
from .errors import InvalidInput, SteererClosed, WorkerDied
from .job import Job, StreamEvent
from .lifeline import Lifeline
from .listeners import Listener, Listeners
from .protocol import (
    Answer,
    Backlog,
    CancelTask,
    CellDone,
    CellMeasured,
    ErrorInfo,
    Event,
    Hashes,
    Load,
    Question,
    Ready,
    RunDone,
    RunStarted,
    Status,
    Task,
    TaskProgress,
    Tokens,
)
from .questions import OnAnswer, OnProgress, Questions, deliver, nobody_to_ask, replaced
from .recycling import Recycling
from .same_model import refuse_other_model
from .spec import Grid, Limits

_CLOSED = "This steerer is closed. Make a new one: sw.load(...) or sw.demo()."


class Controller:
    """Takes grids to a worker, and keeps what comes back.

    Every method may be called from any thread and returns at once, but `wait`, `wait_loaded` and
    `ask`, which wait no longer than they are told, and `close`.

    Args:
        backend: where the worker runs.
        load: what the worker loads, also each time a new one is started.
        recycling: when a worker is replaced by a fresh one.
        cancel_grace_s: seconds a stopped run has before its worker gets SIGTERM.
        terminate_grace_s: seconds between SIGTERM and SIGKILL.
    """

    def __init__(
        self,
        backend: Backend,
        load: Load,
        *,
        recycling: Recycling | None = None,
        cancel_grace_s: float = 10.0,
        terminate_grace_s: float = 3.0,
    ) -> None:
        self.cancel_grace_s = cancel_grace_s
        self.terminate_grace_s = terminate_grace_s
        self._changed = threading.Condition(threading.Lock())
        self._dispatcher = Dispatcher(self, backend, load, recycling or Recycling())
        self._worker = self._dispatcher.worker
        self._jobs: list[Job] = []
        self._questions = Questions()
        self._n_turns = 0
        self._listeners = Listeners()
        self._closed = False
        self._closer = weakref.finalize(self, backend.close)

    # ---- what is known

    @property
    def status(self) -> Status:
        """State of the worker and what it has loaded."""
        with self._changed:
            return self._worker.status

    @property
    def jobs(self) -> tuple[Job, ...]:
        """All runs, oldest first."""
        with self._changed:
            return tuple(self._jobs)

    @property
    def backlog(self) -> Backlog:
        """All that is still to be done. Call it with the lock, in `frozen`, or without."""
        return self._dispatcher.backlog

    @property
    def closed(self) -> bool:
        """Whether `close` was called."""
        return self._closed

    @property
    def ready(self) -> Ready | None:
        """What the worker said when it had loaded, the last time that one had."""
        with self._changed:
            return self._worker.ready

    def refuse_closed(self) -> None:
        """Raises SteererClosed after `close`."""
        if self._closed:
            raise SteererClosed(_CLOSED)

    def log_tail(self) -> str:
        """The last lines of the worker's log."""
        return self._worker.log_tail()

    @contextmanager
    def frozen(self) -> Iterator[None]:
        """No job changes inside this block. For short reads only."""
        with self._changed:
            yield

    def subscribe(self, listener: Listener) -> Callable[[], None]:
        """Tells `listener` of every change, on the thread that made it; what comes back ends that."""
        return self._listeners.add(listener)

    def tell_status(self) -> None:
        """Tells all listeners that something changed which the steerer's status shows."""
        self._listeners.tell((None,))

    # ---- what the user asks for

    def start(self) -> None:
        """Starts a worker and lets it load, unless one is loading or ready; also one that died too often.

        Raises:
            SteererClosed: after `close`.
        """
        with self._change():
            self.refuse_closed()
            self._dispatcher.start()

    def restart(self) -> None:
        """Ends the worker and starts a fresh one; what was asked and not answered yet is answered by an error.

        Raises:
            InvalidInput: a run has not ended.
            SteererClosed: after `close`.
        """
        with self._change():
            self.refuse_closed()
            self._dispatcher.restart()
            self._questions.answer_all(
                WorkerDied("The worker was restarted before it had answered. Ask again once it is ready.")
            )

    def submit(
        self,
        grid: Grid,
        max_act: Mapping[str, float],
        limits: Limits | None = None,
        hashes: Hashes | None = None,
    ) -> Job:
        """Puts a grid into the queue. `hashes`: of what is loaded, where they are known.

        Raises:
            SteererClosed: after `close`.
            QueueFull: too many runs wait already.
        """
        job = Job(uuid.uuid4().hex[:12], grid, max_act, limits)
        job.hashes = hashes
        with self._change():
            self.refuse_closed()
            self._dispatcher.queue.check_room()
            self._jobs.append(job)
            self._enqueue(job)
        return job

    def adopt(self, job: Job) -> Job:
        """Takes in a run that has ended elsewhere, as the latest; one that is here already is the one that is given."""
        with self._change():
            self.refuse_closed()
            here = next((known for known in self._jobs if known.id == job.id), None)
            if here is None:
                self._jobs.append(job)
                here = job
            self._take_turn(here)
        return here

    def retry(self, job: Job, cells: Sequence[int] = ()) -> None:
        """Puts failed and stopped cells of an ended run into the queue again: all of them, or these.

        Raises:
            InvalidInput: the run has not ended, nothing in it failed or was stopped, or another model made it.
            QueueFull: too many runs wait already.
            SteererClosed: after `close`.
        """
        with self._change():
            self.refuse_closed()
            self._dispatcher.queue.check_room()
            if not job.ended:
                raise InvalidInput("retry", job.state, "a run that has ended", hint="Stop it first, or wait.")
            refuse_other_model(job.model, job.saes, self._worker.ready)
            for index in cells:
                job.grid.coordinates(index)
            if not job.restart(cells):
                raise InvalidInput("retry", job.state, "a run in which a cell failed or was stopped")
            self._enqueue(job)

    def cancel(self, job: Job) -> None:
        """Stops a run and keeps the texts so far; one that has ended stays as it is."""
        with self._change():
            self._dispatcher.cancel(job)

    def ask(self, question: Question, timeout_s: float) -> Answer | None:
        """Asks the worker; None where none is ready, or it does not answer in time.

        A worker that dies in the meantime answers with the error `WorkerDied`.

        Args:
            question: its request number is filled in here.
            timeout_s: how long to wait for the answer.
        """
        with self._changed:
            if self._worker.status.worker not in ("ready", "busy"):
                return None
            request = self._questions.open()
        try:
            # Without the lock: a worker in this very process may answer on this very thread.
            self._worker.send(msgspec.structs.replace(question, request=request))
            with self._changed:
                limit_s = min(timeout_s, threading.TIMEOUT_MAX)
                self._changed.wait_for(lambda: self._questions.answered(request) is not None, limit_s)
                return self._questions.answered(request)
        finally:
            with self._changed:
                self._questions.close(request)

    def ask_later(self, question: Question, on_answer: OnAnswer) -> None:
        """Asks the worker and returns at once; the answer comes once, on the thread that brings it.

        Where no worker is ready it comes from here, with an error that says so. A worker that dies or is
        closed in the meantime answers with that error.

        Args:
            question: its request number is filled in here.
            on_answer: called without a lock; what it raises is logged.
        """
        self._begin(question, on_answer, partial(self._questions.open_later, on_answer))

    def begin(
        self, task: Task, title: str, on_answer: OnAnswer, on_progress: OnProgress | None = None
    ) -> int:
        """Has the worker begin a task and returns at once; answered as `ask_later` is, and shown in the status.

        Runs and questions go first, also those that come later; tasks are done one after another.

        Args:
            task: its request number is filled in here.
            title: what it is for, in words, such as ``calibrating 523 war``.
            on_answer: called once, without a lock; what it raises is logged.
            on_progress: the same, any number of times before.

        Returns:
            Its request number, for `cancel_task`; 0 where it was refused, and `on_answer` has been told.
        """
        open_task = partial(self._questions.open_task, title, on_answer, on_progress)
        return self._begin(task, on_answer, open_task)

    def cancel_task(self, request: int) -> None:
        """Stops a task at its next checkpoint; it is answered all the same. One that has ended stays as it is."""
        with self._changed:
            is_on = request in self._questions.tasks
        if is_on:
            self._worker.send(CancelTask(request))

    def wait(self, job: Job, timeout_s: float) -> bool:
        """Waits for the end of a run; False if it goes on after `timeout_s`."""
        with self._changed:
            return self._changed.wait_for(lambda: job.ended, timeout_s)

    def wait_loaded(self, timeout_s: float) -> Status:
        """Waits until loading has ended, well or badly, but no longer than `timeout_s`."""
        with self._changed:
            self._changed.wait_for(lambda: self._worker.status.worker != "loading", timeout_s)
            return self._worker.status

    def follow(self, job: Job) -> SimpleQueue[StreamEvent]:
        """A queue of the run's events, see `Job.follow`."""
        with self._changed:
            return job.follow()

    def unfollow(self, job: Job, queue: SimpleQueue[StreamEvent]) -> None:
        """Nobody reads this queue any more."""
        with self._changed:
            job.unfollow(queue)

    def close(self) -> None:
        """Stops every run and ends the worker; up to two seconds. Doing it again does nothing."""
        with self._change():
            if self._closed:
                return
            self._closed = True
            self._dispatcher.close()
            self._questions.answer_all(SteererClosed(_CLOSED))
        self._closer()

    # ---- what the history says; called on a thread of its own

    def on_history(self, problem: ErrorInfo | None) -> None:
        """Runs cannot be written down, or can again (None)."""
        with self._change():
            self._worker.set(history_problem=problem)
            self._dispatcher.touched.append(None)

    # ---- what the worker says; called by the lifeline on the backend's reader thread

    def on_event(self, lifeline: Lifeline, event: Event) -> None:
        """Takes an event of the worker that `lifeline` belongs to."""
        with self._change():
            if lifeline is not self._worker.lifeline or self._closed:
                return
            if isinstance(event, (RunStarted, Tokens, CellDone, CellMeasured, RunDone)):
                self._dispatcher.on_run(event)
            elif isinstance(event, Answer):
                self._questions.answer(event)
            elif isinstance(event, TaskProgress):
                self._questions.progress(event)
            else:
                self._dispatcher.on_worker(event)

    def on_exit(self, lifeline: Lifeline, end: WorkerExit) -> None:
        """The worker is gone: what it was doing fails, the rest of the queue gets a new one."""
        with self._change():
            if lifeline is not self._worker.lifeline or self._closed:
                return
            self._questions.answer_all(self._dispatcher.on_exit(end) or replaced())

    # ---- what the clock says; called on a thread of its own

    def on_limit(self, job: Job, seconds: float, *, is_hard: bool) -> None:
        """A run has taken so long that it passes a limit."""
        with self._change():
            self._dispatcher.on_limit(job, seconds, is_hard=is_hard)

    # ---- inside, all under the lock

    @contextmanager
    def _change(self) -> Iterator[None]:
        """Holds the lock, then, without it, tells who asked and who listens; also where the block raises."""
        try:
            with self._changed:
                try:
                    yield
                finally:
                    if self._questions.tasks.take_changed():
                        self._worker.set(tasks=self._questions.tasks.views)
                        self._dispatcher.touched.append(None)
                    self._changed.notify_all()
                    touched, self._dispatcher.touched = self._dispatcher.touched, []
                    due = self._questions.take_due()
        finally:
            deliver(due)
            self._listeners.tell(touched)

    def _begin(self, question: Question | Task, on_answer: OnAnswer, open_question: Callable[[], int]) -> int:
        with self._change():
            refusal: ErrorInfo | None = None
            if self._closed:
                refusal = ErrorInfo.of(SteererClosed(_CLOSED))
            elif self._worker.status.worker not in ("ready", "busy"):
                refusal = nobody_to_ask(self._worker.status)
            request = open_question() if refusal is None else 0
        if refusal is not None:
            deliver([partial(on_answer, Answer(request, refusal))])
            return request
        try:
            self._worker.send(msgspec.structs.replace(question, request=request))
        except BaseException:  # it could not be encoded: nobody will answer it
            with self._change():
                self._questions.drop(request)
            raise
        return request

    def _take_turn(self, job: Job) -> None:
        self._n_turns += 1
        job.turn = self._n_turns
        self._dispatcher.touched.append(job)

    def _enqueue(self, job: Job) -> None:
        self._take_turn(job)
        self._dispatcher.add(job)
