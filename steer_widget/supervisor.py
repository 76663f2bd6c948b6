"""The life of the worker: started, loaded, replaced between runs, given up after too many deaths."""

from __future__ import annotations

import logging
import traceback
import weakref

import msgspec

from .backends.base import Backend, WorkerExit
from .errors import SteerError, WorkerCrashLoop, WorkerDied
from .escalation import Escalation
from .forecast import FinishedRun, Forecast
from .lifeline import Doing, Lifeline, Owner, worker_died
from .protocol import Command, ErrorInfo, Load, Loading, Ready, RunDone, Shutdown, Status
from .recycling import Recycling

_log = logging.getLogger(__name__)

MAX_DEATHS = 3
_SHUTDOWN_GRACE_S = 3.0
_TERMINATE_GRACE_S = 2.0


class Supervisor:
    """Starts workers, one at a time, and knows how they are. The controller guards every call by its lock.

    Args:
        owner: hears of events and ends.
        backend: where a worker runs.
        load: what each worker loads.
        recycling: when a worker is replaced.

    Attributes:
        status: as the page shows it.
        ready: what the worker said when it had loaded; None before.
        lifeline: of the present worker; None where there is none.
    """

    def __init__(self, owner: Owner, backend: Backend, load: Load, recycling: Recycling) -> None:
        self.status = Status()
        self.ready: Ready | None = None
        self.lifeline: Lifeline | None = None
        # Weakly: an owner that nobody else holds is collected, and its finalizer ends the worker.
        self._owner = weakref.ref(owner)
        self._backend = backend
        self._load_command = load
        self._recycling = recycling
        self._n_runs = 0
        self._n_deaths = 0
        self._end_reason = ""
        self._leaving: Escalation | None = None
        self._forecast: Forecast | None = None

    @property
    def given_up(self) -> ErrorInfo | None:
        """Why no worker starts by itself any more; None while one does."""
        return self.status.error if self._n_deaths >= MAX_DEATHS else None

    @property
    def is_leaving(self) -> bool:
        """Whether the worker is being replaced and has not gone yet."""
        return self._leaving is not None

    def set(self, **changes: object) -> None:
        """Changes the status."""
        self.status = msgspec.structs.replace(self.status, **changes)

    def send(self, command: Command) -> None:
        """Hands a command over; the end of a worker that cannot take it is told by its lifeline."""
        try:
            self._backend.send(command)
        except SteerError as error:
            # The end of the worker is on its way to the owner, who knows more then and tells it all.
            _log.debug("the worker did not take %s: %s", type(command).__name__, error)

    def load(self) -> bool:
        """Starts a worker where none is alive, and has it load; False where it cannot be started."""
        owner = self._owner()
        if owner is None:
            return False
        self.set(worker="loading", loading=Loading("start"), error=None, load_s=None, speed=None)
        try:
            if self.lifeline is None or not self._backend.is_alive():
                self.lifeline = Lifeline(owner)
                self._n_runs = 0
                self._end_reason = ""
                self._backend.start(self.lifeline.on_event, self.lifeline.on_exit)
            self.set(pid=self._backend.pid())
        except (SteerError, OSError) as error:
            self.lifeline = None
            self.failed(ErrorInfo.of(_not_started(error), traceback.format_exc()))
            return False
        self.send(self._load_command)
        return True

    def forgive(self) -> None:
        """The user wants another try: deaths so far do not count."""
        self._n_deaths = 0

    def loaded(self, event: Ready) -> None:
        """The worker waits for runs."""
        self.ready = event
        self._forecast = None if event.speed is None else Forecast(event.speed)
        self.set(
            worker="ready",
            loading=None,
            model=event.model,
            saes=event.saes,
            methods=event.methods,
            measures=event.measures,
            pid=event.pid,
            load_s=event.load_s,
            speed=event.speed,
            error=None,
        )

    def failed(self, error: ErrorInfo) -> None:
        """Loading came to nothing."""
        self.set(worker="failed", loading=None, error=error, pid=self._backend.pid(), speed=None)

    def kill(self, reason: str) -> None:
        """Ends the worker at once; `reason` says why, in the error of what it was doing."""
        self._end_reason = reason
        self._backend.kill()

    def run_ended(self, event: RunDone) -> None:
        """A run came to its end: the worker is well."""
        self._n_deaths = 0
        self._n_runs += 1
        self.set(worker="ready", n_memory_bytes=event.n_memory_bytes)

    def learn(self, run: FinishedRun) -> None:
        """A run came to its end well: it tells how fast this worker is."""
        if self._forecast is not None:
            self._forecast.learn(run)
            self.set(speed=self._forecast.speed)

    def replace_if_due(self) -> bool:
        """Replaces a worker that has served for long or grown large; call between runs. True if it does."""
        reason = self._recycling.reason(self._n_runs, self.status.n_memory_bytes)
        return bool(reason) and self.replace(reason)

    def replace(self, reason: str) -> bool:
        """Ends a worker that does nothing, for a fresh one; False where there is none. `reason` says why."""
        if self.lifeline is None:
            return False
        if self.is_leaving:
            return True
        self.set(
            worker="loading",
            loading=Loading("start", 0.0, f"the worker is being replaced: {reason}"),
            error=None,
            speed=None,
        )
        self.send(Shutdown())
        self._leaving = Escalation(
            self._backend, cancel_grace_s=_SHUTDOWN_GRACE_S, terminate_grace_s=_TERMINATE_GRACE_S
        )
        return True

    def ended(self, end: WorkerExit) -> ErrorInfo | None:
        """The worker is gone. Gives the error that tells it; None where it was being replaced."""
        self.lifeline = None
        was = self.status.worker
        doing: Doing = "loading" if was == "loading" else "running" if was == "busy" else "waiting"
        if self._leaving is not None:
            self._leaving.settle()
            self._leaving = None
            self.load()
            return None
        self._n_deaths += not end.expected
        error = ErrorInfo.of(worker_died(end, doing, self._end_reason))
        if self._n_deaths >= MAX_DEATHS:
            error = ErrorInfo.of(_crash_loop(error.message), error.details)
        if doing == "loading" or self._n_deaths >= MAX_DEATHS:
            self.failed(error)
        else:
            self.set(worker="stopped", pid=None, error=error, speed=None)
        return error

    def log_tail(self) -> str:
        """The last lines of the worker's log."""
        return self._backend.log_tail()

    def closed(self) -> None:
        """Nobody wants a worker any more."""
        if self._leaving is not None:
            self._leaving.settle()
        self.set(worker="stopped", loading=None, pid=None, speed=None)


def _not_started(error: Exception) -> WorkerDied:
    return WorkerDied(
        f"The worker process could not be started: {type(error).__name__}: {error}. The machine may be out of "
        "processes, files or memory, or Python has moved. steerer.reload(), and every new run, tries again."
    )


def _crash_loop(last: str) -> WorkerCrashLoop:
    return WorkerCrashLoop(
        f"The worker died {MAX_DEATHS} times in a row, so no new one starts by itself. The last time: {last} "
        "Remove the cause, then start it again: steerer.reload(), or Reload in the widget."
    )
