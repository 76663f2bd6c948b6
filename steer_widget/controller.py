"""Queue of runs, life of the worker, and the one lock that guards both. No Jupyter, no torch.

submit ─► queue ─► StartRun ─► worker ─► events ─► job ─► listeners (outside the lock)
            │                    │
            └── one at a time    └── death: the run fails, the next one starts a new worker
"""

from __future__ import annotations

import logging
import threading
import uuid
import weakref
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from queue import SimpleQueue

import msgspec

from .backends.base import Backend, WorkerExit
from .errors import InvalidInput, SteererClosed, SteerError
from .escalation import Escalation
from .job import Job, StreamEvent
from .lifeline import Lifeline, worker_died
from .listeners import Listener, Listeners
from .protocol import (
    Answer,
    CancelRun,
    CellDone,
    CellMeasured,
    Command,
    ErrorInfo,
    Event,
    Fault,
    Load,
    LoadFailed,
    Loading,
    Question,
    Ready,
    RunDone,
    RunStarted,
    StartRun,
    Status,
    Tokens,
)
from .questions import Questions
from .spec import Grid

_log = logging.getLogger(__name__)


class Controller:
    """Takes grids to a worker, one run at a time, and keeps what comes back.

    Every method may be called from any thread and returns at once, but `wait`, `wait_loaded` and
    `ask`, which wait no longer than they are told, and `close`.

    Args:
        backend: where the worker runs.
        load: what the worker loads, also each time a new one is started.
        cancel_grace_s: seconds a stopped run has before its worker gets SIGTERM.
        terminate_grace_s: seconds between SIGTERM and SIGKILL.
    """

    def __init__(
        self, backend: Backend, load: Load, *, cancel_grace_s: float = 10.0, terminate_grace_s: float = 3.0
    ) -> None:
        self.cancel_grace_s = cancel_grace_s
        self.terminate_grace_s = terminate_grace_s
        self._backend = backend
        self._load = load
        self._changed = threading.Condition(threading.Lock())
        self._status = Status()
        self._ready: Ready | None = None
        self._lifeline: Lifeline | None = None
        self._jobs: list[Job] = []
        self._queue: deque[Job] = deque()
        self._current: Job | None = None
        self._escalation: Escalation | None = None
        self._questions = Questions()
        self._n_turns = 0
        self._listeners = Listeners()
        self._touched: list[Job | None] = []
        self._closed = False
        self._closer = weakref.finalize(self, backend.close)

    # ---- what is known

    @property
    def status(self) -> Status:
        """State of the worker and what it has loaded."""
        with self._changed:
            return self._status

    @property
    def jobs(self) -> tuple[Job, ...]:
        """All runs, oldest first."""
        with self._changed:
            return tuple(self._jobs)

    @property
    def closed(self) -> bool:
        """Whether `close` was called."""
        return self._closed

    def refuse_closed(self) -> None:
        """Raises SteererClosed after `close`."""
        if self._closed:
            raise _closed_error()

    @contextmanager
    def frozen(self) -> Iterator[None]:
        """No job changes inside this block. For short reads only."""
        with self._changed:
            yield

    def subscribe(self, listener: Listener) -> Callable[[], None]:
        """Tells `listener` of every change, on the thread that made it; what comes back ends that."""
        return self._listeners.add(listener)

    # ---- what the user asks for

    def start(self) -> None:
        """Starts a worker and lets it load, unless one is loading or ready.

        Raises:
            SteererClosed: after `close`.
        """
        with self._change():
            self.refuse_closed()
            if self._status.worker in ("stopped", "failed"):
                self._load_worker()

    def submit(self, grid: Grid, max_act: Mapping[str, float]) -> Job:
        """Puts a grid into the queue.

        Raises:
            SteererClosed: after `close`.
        """
        job = Job(uuid.uuid4().hex[:12], grid, max_act)
        with self._change():
            self.refuse_closed()
            self._jobs.append(job)
            self._enqueue(job)
        return job

    def retry(self, job: Job) -> None:
        """Puts the failed and stopped cells of an ended run into the queue again.

        Raises:
            InvalidInput: the run has not ended, or nothing in it failed or was stopped.
            SteererClosed: after `close`.
        """
        with self._change():
            self.refuse_closed()
            if not job.ended:
                raise InvalidInput("retry", job.state, "a run that has ended", hint="Stop it first, or wait.")
            if not job.restart():
                raise InvalidInput("retry", job.state, "a run in which a cell failed or was stopped")
            self._enqueue(job)

    def cancel(self, job: Job) -> None:
        """Stops a run and keeps the texts so far; one that has ended stays as it is."""
        with self._change():
            if job in self._queue:
                self._queue.remove(job)
                job.end("stopped")
                self._touched.append(job)
                self._advance()
            elif job is self._current and job.move("stop"):
                self._touched.append(job)
                self._escalation = Escalation(
                    self._backend,
                    cancel_grace_s=self.cancel_grace_s,
                    terminate_grace_s=self.terminate_grace_s,
                )
                self._lifeline_send(CancelRun(job.id))

    def ask(self, question: Question, timeout_s: float) -> Answer | None:
        """Asks the worker; None where none is ready, or it does not answer in time.

        A worker that dies in the meantime answers with the error `WorkerDied`.

        Args:
            question: its request number is filled in here.
            timeout_s: how long to wait for the answer.
        """
        with self._changed:
            if self._status.worker not in ("ready", "busy"):
                return None
            request = self._questions.open()
        try:
            # Without the lock: a worker in this very process may answer on this very thread.
            self._lifeline_send(msgspec.structs.replace(question, request=request))
            with self._changed:
                limit_s = min(timeout_s, threading.TIMEOUT_MAX)
                self._changed.wait_for(lambda: self._questions.answered(request) is not None, limit_s)
                return self._questions.answered(request)
        finally:
            with self._changed:
                self._questions.close(request)

    def wait(self, job: Job, timeout_s: float) -> bool:
        """Waits for the end of a run; False if it goes on after `timeout_s`."""
        with self._changed:
            return self._changed.wait_for(lambda: job.ended, timeout_s)

    def wait_loaded(self, timeout_s: float) -> Status:
        """Waits until loading has ended, well or badly, but no longer than `timeout_s`."""
        with self._changed:
            self._changed.wait_for(lambda: self._status.worker != "loading", timeout_s)
            return self._status

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
            for job in (*self._queue, *([self._current] if self._current else [])):
                job.end("stopped")
                self._touched.append(job)
            self._queue.clear()
            self._current = None
            self._settle()
            self._questions.answer_all(_closed_error())
            self._set_status(worker="stopped", loading=None, pid=None)
        self._closer()

    # ---- what the worker says; called by the lifeline on the backend's reader thread

    def on_event(self, lifeline: Lifeline, event: Event) -> None:
        """Takes an event of the worker that `lifeline` belongs to."""
        with self._change():
            if lifeline is not self._lifeline or self._closed:
                return
            if isinstance(event, (RunStarted, Tokens, CellDone, CellMeasured, RunDone)):
                self._on_run(event)
            elif isinstance(event, Loading):
                self._set_status(loading=event)
            elif isinstance(event, Ready):
                self._on_ready(event)
            elif isinstance(event, LoadFailed):
                self._on_load_failed(event.error)
            elif isinstance(event, Answer):
                self._questions.answer(event)
            else:
                self._on_fault(event)

    def on_exit(self, lifeline: Lifeline, end: WorkerExit) -> None:
        """The worker is gone: its run fails, the rest of the queue gets a new worker."""
        with self._change():
            if lifeline is not self._lifeline or self._closed:
                return
            self._lifeline = None
            was_loading = self._status.worker == "loading"
            error = ErrorInfo.of(worker_died(end, was_loading=was_loading))
            if was_loading:
                self._on_load_failed(error)
                return
            job, self._current = self._current, None
            self._settle()
            self._questions.answer_all(error)
            self._set_status(worker="stopped", pid=None, error=error)
            if job is not None:
                # A worker that was ended because it ignored a stop did end the run as it was told.
                job.end("stopped" if job.state == "stopping" else "failed", error)
                self._touched.append(job)
            self._advance()

    # ---- inside, all under the lock

    @contextmanager
    def _change(self) -> Iterator[None]:
        """Holds the lock, then, without it, tells who listens; also where the block raises."""
        try:
            with self._changed:
                try:
                    yield
                finally:
                    self._changed.notify_all()
                    touched, self._touched = self._touched, []
        finally:
            self._listeners.tell(touched)

    def _set_status(self, **changes: object) -> None:
        self._status = msgspec.structs.replace(self._status, **changes)
        self._touched.append(None)

    def _settle(self) -> None:
        if self._escalation is not None:
            self._escalation.settle()
            self._escalation = None

    def _enqueue(self, job: Job) -> None:
        self._n_turns += 1
        job.turn = self._n_turns
        self._queue.append(job)
        self._touched.append(job)
        self._advance()

    def _advance(self) -> None:
        """Brings the head of the queue to the worker, or a worker to the head of the queue."""
        if self._current is not None or not self._queue:
            return
        if self._status.worker in ("stopped", "failed"):
            self._load_worker()
        if not self._queue:
            return
        head = self._queue[0]
        if self._status.worker == "loading":
            if head.move("load"):
                self._touched.append(head)
            return
        self._current = self._queue.popleft()
        self._set_status(worker="busy")
        self._lifeline_send(StartRun(head.id, head.grid, head.unfinished(), head.max_act))

    def _load_worker(self) -> None:
        self._set_status(worker="loading", loading=Loading("start"), error=None, load_s=None)
        try:
            if self._lifeline is None or not self._backend.is_alive():
                self._lifeline = Lifeline(self)
                self._backend.start(self._lifeline.on_event, self._lifeline.on_exit)
            self._set_status(pid=self._backend.pid())
        except (SteerError, OSError) as error:
            self._lifeline = None
            self._on_load_failed(ErrorInfo.of(error, "The worker process could not be started."))
            return
        self._lifeline_send(self._load)

    def _lifeline_send(self, command: Command) -> None:
        try:
            self._backend.send(command)
        except SteerError as error:
            # The end of the worker is on its way to `on_exit`, which knows more and tells it all.
            _log.debug("the worker did not take %s: %s", type(command).__name__, error)

    def _on_ready(self, event: Ready) -> None:
        self._ready = event
        self._set_status(
            worker="ready",
            loading=None,
            model=event.model,
            saes=event.saes,
            methods=event.methods,
            measures=event.measures,
            pid=event.pid,
            load_s=event.load_s,
            error=None,
        )
        self._advance()

    def _on_load_failed(self, error: ErrorInfo) -> None:
        """Nothing in the queue can run; a run submitted later tries to load again."""
        self._set_status(worker="failed", loading=None, error=error, pid=self._backend.pid())
        while self._queue:
            job = self._queue.popleft()
            job.end("failed", error)
            self._touched.append(job)

    def _on_run(self, event: StreamEvent) -> None:
        job = self._current
        if job is None or event.run != job.id:
            return
        if isinstance(event, RunStarted) and self._ready is not None:
            job.model, job.saes, job.versions = self._ready.model, self._ready.saes, self._ready.versions
        job.take(event)
        self._touched.append(job)
        if isinstance(event, RunDone):
            self._current = None
            self._settle()
            self._set_status(worker="ready")
            self._advance()

    def _on_fault(self, event: Fault) -> None:
        """Something could not be read; a run that has not started would wait for ever."""
        self._set_status(error=event.error)
        job = self._current
        if job is not None and job.state in ("queued", "loading"):
            self._on_run(RunDone(job.id, "failed", 0.0, 0, event.error))


def _closed_error() -> SteererClosed:
    return SteererClosed("This steerer is closed. Make a new one: sw.load(...) or sw.demo().")
