"""Which run goes to the worker, what its events mean, how it is stopped. The controller guards every call by its lock."""

from __future__ import annotations

import weakref
from typing import NamedTuple, Protocol

import msgspec

from .backends.base import Backend, WorkerExit
from .backlog import Backlogs
from .errors import InvalidInput, TimeLimit
from .escalation import Escalation
from .forecast import FinishedRun
from .job import Job, StreamEvent
from .lifeline import Owner
from .protocol import (
    Backlog,
    CancelRun,
    ErrorInfo,
    Fault,
    Load,
    LoadFailed,
    Loading,
    Ready,
    RunDone,
    RunStarted,
    StartRun,
)
from .recycling import Recycling
from .run_clock import RunClock
from .run_queue import RunQueue
from .same_model import refuse_other_model
from .spec import RunState
from .supervisor import Supervisor


class Clockwork(Owner, Protocol):
    """Who is told when a run passes a limit: the controller.

    Attributes:
        cancel_grace_s: seconds a stopped run has before its worker gets SIGTERM.
        terminate_grace_s: seconds between SIGTERM and SIGKILL.
    """

    cancel_grace_s: float
    terminate_grace_s: float

    def on_limit(self, job: Job, seconds: float, *, is_hard: bool) -> None:
        """The run has taken so long."""


class _Attempt(NamedTuple):
    """What a run was sent to the worker with: numbers of its cells, and the seconds it had taken before."""

    cells: tuple[int, ...]
    seconds: float

    def finished(self, job: Job) -> FinishedRun:
        """What it came to, without the time of runs that overtook it."""
        lengths = [len(job.cells[cell].token_ids) for cell in self.cells]
        return FinishedRun(len(lengths), max(lengths, default=0), sum(lengths), job.seconds - self.seconds)


class Dispatcher:
    """Brings runs to the worker one at a time, and both to their ends.

    Args:
        owner: hears of the worker, and of limits that are passed.
        backend: where the worker runs.
        load: what the worker loads.
        recycling: when a worker is replaced by a fresh one.

    Attributes:
        worker: its life.
        queue: runs that have not ended.
        touched: runs that changed, and None for the worker's status, since the list was last emptied.
    """

    def __init__(self, owner: Clockwork, backend: Backend, load: Load, recycling: Recycling) -> None:
        self.worker = Supervisor(owner, backend, load, recycling)
        self.queue = RunQueue()
        self.touched: list[Job | None] = []
        self._owner = weakref.ref(owner)
        self._backend = backend
        self._clocks: dict[str, RunClock] = {}
        self._attempts: dict[str, _Attempt] = {}
        self._escalation: Escalation | None = None
        self._backlogs = Backlogs()

    @property
    def backlog(self) -> Backlog:
        """All that is still to be done."""
        return self._backlogs.of(self.queue)

    # ---- what the user asks for

    def start(self) -> None:
        """Starts a worker where none is loading or ready; deaths so far are forgiven."""
        self.worker.forgive()
        if self.worker.status.worker in ("stopped", "failed"):
            self._load_worker()

    def restart(self) -> None:
        """Replaces the worker by a fresh one, or starts one where there is none; deaths so far are forgiven.

        Raises:
            InvalidInput: a run has not ended.
        """
        job = next(iter(self.queue), None)
        if job is not None:
            raise InvalidInput(
                "restart",
                job.state,
                "a worker without runs",
                hint="Stop the runs that are on, or wait for them.",
            )
        self.worker.forgive()
        self.touched.append(None)
        if not self.worker.replace("it was asked for"):
            self._load_worker()

    def add(self, job: Job) -> None:
        """Puts a run into the queue; it goes to the worker when its turn has come."""
        self.queue.add(job)
        self.touched.append(job)
        self._advance()

    def cancel(self, job: Job) -> None:
        """Stops a run; one that has ended stays as it is."""
        if job in self.queue.waiting:
            self._end(job, "stopped")
            self._advance()
        elif self._stop(job) or job.state == "stopping":  # by its soft limit, which does not insist
            job.stop_reason = None
            self._insist()

    def close(self) -> None:
        """Ends every run as stopped."""
        for job in tuple(self.queue):
            self._end(job, "stopped")
        self._settle()
        self.worker.closed()
        self.touched.append(None)

    # ---- what happens

    def on_exit(self, end: WorkerExit) -> ErrorInfo | None:
        """The worker is gone. Gives the error that tells it; None where it was being replaced."""
        was_loading = self.worker.status.worker == "loading"
        error = self.worker.ended(end)
        self.touched.append(None)
        self._settle()
        if error is None:
            self._advance()  # the fresh worker may not have started: then nobody else tells those who wait
            return None
        for job in tuple(self.queue.running):
            # A worker that was ended because it ignored a stop of the user did end the run as it was told.
            is_stopped = job.state == "stopping" and job.stop_reason is None
            self._end(job, "stopped" if is_stopped else "failed", error)
        if was_loading or self.worker.given_up:
            self._fail_waiting(error)
        self._advance()
        return error

    def on_limit(self, job: Job, seconds: float, *, is_hard: bool) -> None:
        """A run has passed a limit: it is stopped at the soft one, its worker killed at the hard one."""
        if job not in self.queue.running:
            return
        if is_hard:
            self.worker.kill(f"It was killed because the run had passed its hard limit of {seconds:g} s.")
        elif self._stop(job):
            job.stop_reason = ErrorInfo.of(
                TimeLimit(
                    f"The run was stopped at its soft limit of {seconds:g} s; texts so far are kept. "
                    "run.retry() runs the rest; limits=sw.Limits(soft_s=...) allows more."
                )
            )

    def on_worker(self, event: Loading | Ready | LoadFailed | Fault) -> None:
        """Takes an event of the worker that is not about a run; one that leaves has nothing more to say."""
        if self.worker.is_leaving:
            return
        self.touched.append(None)
        if isinstance(event, Loading):
            self.worker.set(loading=event)
        elif isinstance(event, Ready):
            self.worker.loaded(event)
            self._advance()
        elif isinstance(event, LoadFailed):
            self.worker.failed(event.error)
            self._fail_waiting(event.error)
        else:
            self._on_fault(event)

    def on_run(self, event: StreamEvent) -> None:
        """Takes an event of a run; one of a run that the worker does not have is none."""
        job = next((job for job in self.queue.running if job.id == event.run), None)
        if job is None:
            return
        ready = self.worker.ready
        if isinstance(event, RunStarted) and ready is not None:
            job.model = msgspec.structs.replace(ready.model, hashes=job.hashes)
            job.saes, job.versions = ready.saes, ready.versions
        job.take(event)
        self._backlogs.observe(job)
        self.touched.append(job)
        if isinstance(event, RunDone):
            self._on_run_done(job, event)

    # ---- inside

    def _stop(self, job: Job) -> bool:
        """Asks the worker to stop a run that it has; False where it has been asked, or has none such."""
        if job not in self.queue.running or not job.move("stop"):
            return False
        self.touched.append(job)
        self.worker.send(CancelRun(job.id))
        return True

    def _settle(self) -> None:
        if self._escalation is not None:
            self._escalation.settle()
            self._escalation = None

    def _insist(self) -> None:
        """Gives the run at work its time to obey a stop; one that was overtaken gets it when its turn has come."""
        owner, job = self._owner(), self.queue.at_work
        if owner is not None and job is not None and job.state == "stopping" and self._escalation is None:
            self._escalation = Escalation(
                self._backend,
                cancel_grace_s=owner.cancel_grace_s,
                terminate_grace_s=owner.terminate_grace_s,
            )

    def _end(self, job: Job, state: RunState, error: ErrorInfo | None = None) -> None:
        job.end(state, error)
        self._forget(job)

    def _forget(self, job: Job) -> None:
        """The job has ended."""
        self.queue.remove(job)
        self._attempts.pop(job.id, None)
        clock = self._clocks.pop(job.id, None)
        if clock is not None:
            clock.stop()
        self.touched.append(job)

    def _fail_waiting(self, error: ErrorInfo) -> None:
        for job in tuple(self.queue.waiting):
            self._end(job, "failed", error)

    def _advance(self) -> None:
        """Brings the next run to the worker, or a worker to the next run."""
        if not self.queue.waiting:
            return
        if self.worker.given_up is not None:
            self._fail_waiting(self.worker.given_up)
        elif self.worker.status.worker in ("stopped", "failed"):
            self._load_worker()
        elif self.worker.status.worker == "loading":
            self.touched += [job for job in self.queue.waiting if job.move("load")]
        else:
            self._take_next()

    def _load_worker(self) -> None:
        self.touched.append(None)
        if self.worker.load():
            self._advance()
        elif self.worker.status.error is not None:
            self._fail_waiting(self.worker.status.error)

    def _take_next(self) -> None:
        before, job = self.queue.at_work, self.queue.next()
        if job is None:
            return
        try:
            refuse_other_model(job.model, job.saes, self.worker.ready)
        except InvalidInput as error:
            self._end(job, "failed", ErrorInfo.of(error))
            self._advance()
            return
        if before is not None:
            before.overtaken()
            self._clocks[before.id].pause()
            self.touched.append(before)
        self.worker.set(worker="busy")
        self.touched.append(None)
        self._clocks[job.id] = self._clock(job)
        attempt = self._attempts[job.id] = _Attempt(job.unfinished(), job.seconds)
        self.worker.send(StartRun(job.id, job.grid, attempt.cells, job.max_act))

    def _clock(self, job: Job) -> RunClock:
        """It holds the controller weakly: an hour-long limit must not keep a steerer that nobody holds."""
        owner, run = self._owner, weakref.ref(job)
        soft_s, hard_s = job.limits.of(job.grid)

        def on_limit(seconds: float, *, is_hard: bool) -> None:
            controller, late = owner(), run()
            if controller is not None and late is not None:
                controller.on_limit(late, seconds, is_hard=is_hard)

        return RunClock(
            soft_s,
            hard_s,
            lambda: on_limit(soft_s, is_hard=False),
            lambda: on_limit(hard_s, is_hard=True),
        )

    def _on_run_done(self, job: Job, event: RunDone) -> None:
        attempt = self._attempts.get(job.id)
        self._forget(job)
        self._settle()
        self.worker.run_ended(event)
        if attempt is not None and event.state == "done":
            self.worker.learn(attempt.finished(job))
        self.touched.append(None)
        before = self.queue.at_work
        if before is not None:
            self.worker.set(worker="busy")
            before.resumed()
            self._clocks[before.id].resume()
            self.touched.append(before)
            self._insist()
        elif not self.worker.status.tasks and self.worker.replace_if_due():
            return
        self._advance()

    def _on_fault(self, event: Fault) -> None:
        """Something could not be read; a run that has not started would wait for ever."""
        self.worker.set(error=event.error)
        job = self.queue.at_work
        if job is not None and job.state in ("queued", "loading"):
            self.on_run(RunDone(job.id, "failed", 0.0, 0, event.error))
