"""Writes every run of a controller into the history as it goes on, on a thread of its own.

controller ─► note(job) ─► mailbox ─► writer thread ─► picture (frozen) ─► one transaction
                                          └── trouble: told once, runs stay in memory, tried again
"""

from __future__ import annotations

import atexit
import logging
import os
import sqlite3
import threading
import time
import weakref
from collections.abc import Callable
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Final

from ..controller import Controller
from ..errors import HistoryError
from ..job import Job
from ..protocol import ErrorInfo
from .database import Database
from .picture import Picture
from .session import Session
from .shelf import Shelf
from .trouble import told
from .upkeep import clean

KEEP_RUNS: Final = 10_000
CLOSE_S: Final = 2.0
_IDLE_S = 5.0
_MIN_BACKOFF_S = 0.25
_NEWS_BACKOFF_S = 1.0
_MAX_BACKOFF_S = 10.0
_UPKEEP_RUNS = 200
_MAX_DAMAGED = 2

_log = logging.getLogger(__name__)
OnProblem = Callable[[ErrorInfo | None], None]


class _Flush:
    """A request to write now; `done` is set after the attempt."""

    def __init__(self, *, is_last: bool = False) -> None:
        self.is_last = is_last
        self.is_written = False
        self.done = threading.Event()


class Recorder:
    """Keeps the runs of one controller, which it does not keep alive.

    Nothing here raises because of the disk: `problem` says what is wrong while runs stay in memory,
    and all of them are written once it works again.

    Args:
        controller: whose runs.
        folder: the data folder.
        keep_runs: how many runs that nobody saved stay in it; None: all.
        on_problem: told on the writer's thread when something goes wrong, and None when it is well
            again. It must not keep the controller alive.
    """

    def __init__(
        self,
        controller: Controller,
        folder: Path,
        *,
        keep_runs: int | None = KEEP_RUNS,
        on_problem: OnProblem | None = None,
    ) -> None:
        self.folder = folder
        self._controller = weakref.ref(controller)
        self._keep_runs = keep_runs
        self._on_problem = on_problem
        self._problem: ErrorInfo | None = None
        self._mailbox: SimpleQueue[Job | _Flush] = SimpleQueue()
        self._dirty: dict[Job, None] = {}
        self._database = Database(folder)
        self._shelf = Shelf(self._database, Session(folder))
        self._n_until_upkeep = 1
        self._pid = os.getpid()
        self._thread = threading.Thread(target=self._loop, name="steer_widget history", daemon=True)
        self._unsubscribe = controller.subscribe(self.note)
        for job in controller.jobs:
            self.note(job)
        # A queue may be fed in the middle of a garbage collection, where no lock may be waited for.
        weakref.finalize(controller, self._mailbox.put, _Flush(is_last=True)).atexit = False
        atexit.register(self.close)
        self._thread.start()

    @classmethod
    def attach(
        cls,
        controller: Controller,
        folder: Path,
        *,
        keep_runs: int | None = KEEP_RUNS,
        on_problem: OnProblem | None = None,
    ) -> Recorder:
        """A recorder that writes what the controller does from now on, and has done."""
        return cls(controller, folder, keep_runs=keep_runs, on_problem=on_problem)

    @property
    def problem(self) -> ErrorInfo | None:
        """Why runs are kept in memory only; None while they are written."""
        return self._problem

    def note(self, job: Job | None) -> None:
        """Something changed in a job. Returns at once; called by the controller."""
        if job is not None:
            self._mailbox.put(job)

    def flush(self, timeout_s: float = CLOSE_S) -> bool:
        """Waits until all that happened is on the disk, no longer than `timeout_s`; whether it is."""
        return self._ask(_Flush(), timeout_s)

    def close(self, timeout_s: float = CLOSE_S) -> bool:
        """Writes what is pending and ends; whether all is on the disk. Doing it again does nothing."""
        self._unsubscribe()
        atexit.unregister(self.close)
        return self._ask(_Flush(is_last=True), timeout_s)

    # ---- inside

    def _ask(self, request: _Flush, timeout_s: float) -> bool:
        # A forked child has this object, but not its thread: the runs are its parent's.
        if os.getpid() != self._pid:
            return False
        if self._thread.is_alive():
            self._mailbox.put(request)
            deadline_s = time.monotonic() + timeout_s
            # In slices: the thread may have ended between the question and its answer.
            while not request.done.wait(0.05):
                if time.monotonic() >= deadline_s or not self._thread.is_alive():
                    break
        return request.is_written or (request.is_last and not self._thread.is_alive() and not self._dirty)

    def _loop(self) -> None:
        backoff_s, tried_s = 0.0, time.monotonic()
        while True:
            wait_s = max(0.0, tried_s + backoff_s - time.monotonic()) if self._dirty else _IDLE_S
            has_news, requests = self._read_mail(wait_s)
            # While something is wrong, news are reason to try again, but not each token's.
            pause_s = min(backoff_s, _NEWS_BACKOFF_S) if has_news else backoff_s
            if not requests and time.monotonic() < tried_s + pause_s:
                continue
            tried_s = time.monotonic()
            is_written = self._write_all()
            backoff_s = 0.0 if is_written else min(max(2 * backoff_s, _MIN_BACKOFF_S), _MAX_BACKOFF_S)
            is_last = any(request.is_last for request in requests)
            if is_last:
                self._end()
            for request in requests:
                request.is_written = is_written
                request.done.set()
            if is_last:
                return
            if is_written:
                self._keep_up()

    def _read_mail(self, wait_s: float) -> tuple[bool, list[_Flush]]:
        """Takes all that has come, waiting for the first if there is none: whether jobs, and the requests."""
        has_news, requests = False, []
        try:
            mail = self._mailbox.get(timeout=wait_s) if wait_s > 0 else self._mailbox.get_nowait()
            while True:
                if isinstance(mail, _Flush):
                    requests.append(mail)
                else:
                    has_news = True
                    self._dirty[mail] = None
                mail = self._mailbox.get_nowait()
        except Empty:
            return has_news, requests

    def _write_all(self) -> bool:
        """Writes every run that changed; False where one could not be written."""
        try:
            if self._shelf.is_lost():
                # Another kernel put the file aside, or somebody removed it: all goes into the new one.
                self._shelf.forget()
                self._remember_all()
            n_damaged = 0
            while self._dirty:
                try:
                    self._write(next(iter(self._dirty)))
                except sqlite3.DatabaseError:
                    n_damaged += 1
                    if n_damaged > _MAX_DAMAGED:
                        raise
        except (HistoryError, sqlite3.DatabaseError) as error:
            self._set_problem(
                ErrorInfo.of(error if isinstance(error, HistoryError) else told(self.folder, error))
            )
            return False
        except Exception as error:  # noqa: BLE001 - the thread must live on, whatever a run is made of
            _log.exception("a run could not be written")
            self._set_problem(ErrorInfo.of(told(self._shelf.path, error)))
            return False
        notice = self._database.notice
        self._set_problem(ErrorInfo("HistoryError", notice) if notice else None)
        return True

    def _write(self, job: Job) -> None:
        """Writes what changed in a run, and then has nothing more to do for it."""
        del self._dirty[job]
        try:
            picture = self._picture(job)
            if picture is None:
                return
            if not self._shelf.write(job, picture):
                self._dirty[job] = None
            self._n_until_upkeep -= picture.is_whole
        except BaseException as error:
            self._dirty[job] = None  # behind the others, so that it does not keep them back
            if isinstance(error, sqlite3.DatabaseError):
                self._remember_all()
            raise

    def _picture(self, job: Job) -> Picture | None:
        controller = self._controller()
        if controller is None:
            return self._shelf.picture(job)  # nobody changes it any more
        with controller.frozen():
            return self._shelf.picture(job)

    def _remember_all(self) -> None:
        controller = self._controller()
        if controller is not None:
            self._dirty = dict.fromkeys((*controller.jobs, *self._dirty))

    def _keep_up(self) -> None:
        if self._n_until_upkeep > 0:
            return
        self._n_until_upkeep = _UPKEEP_RUNS
        try:
            clean(self._database, self._keep_runs)
        except (HistoryError, OSError) as error:
            _log.info("%s could not be cleaned: %s", self._shelf.path, error)
            self._write_all()  # what was damaged and set aside is written anew; whether trouble lasts, this tells

    def _set_problem(self, problem: ErrorInfo | None) -> None:
        before, self._problem = self._problem, problem
        if problem == before:
            return
        if problem is None:
            _log.warning("Runs are written to %s again.", self._shelf.path)
        elif problem.message != self._database.notice:  # that one was logged as it happened
            _log.warning("%s Runs go on in memory, and are written once that works.", problem.message)
        if self._on_problem is not None:
            try:
                self._on_problem(problem)
            except Exception:  # noqa: BLE001 - it must not take the thread along
                _log.exception("a listener of the recorder failed")

    def _end(self) -> None:
        self._unsubscribe()
        atexit.unregister(self.close)
        if self._dirty:
            _log.warning("%d runs were not written to %s.", len(self._dirty), self._shelf.path)
        self._shelf.close()
