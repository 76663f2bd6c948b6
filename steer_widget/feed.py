"""Takes changes to the page: one thread that sleeps until there is something, at most 20 times a second."""

from __future__ import annotations

import threading
from collections.abc import Callable

from .controller import Controller
from .job import Job
from .protocol import RunDelta, RunSnapshot
from .stream import Stream

PERIOD_S = 0.05


class Feed:
    """Streams the latest run of a controller to a page.

    Every method may be called from any thread and returns at once. Messages and traits leave on
    the feed's own thread alone, so no two of them cross.

    Args:
        controller: whose runs are shown.
        send: takes a message for the page.
        publish_run: takes the whole run, when one starts and when it ends.
        publish_status: is called when the worker's status changed.
    """

    def __init__(
        self,
        controller: Controller,
        *,
        send: Callable[[RunSnapshot | RunDelta], None],
        publish_run: Callable[[RunSnapshot], None],
        publish_status: Callable[[], None],
    ) -> None:
        self._controller = controller
        self._send = send
        self._publish_run = publish_run
        self._publish_status = publish_status
        self._wake = threading.Condition()
        self._stream = Stream()
        self._published: tuple[int, bool] = (0, False)
        self._is_new = True
        self._has_new_status = True
        self._closed = False
        self._unsubscribe = controller.subscribe(self._on_change)
        jobs = controller.jobs
        if jobs:
            self._stream.show(max(jobs, key=lambda job: job.turn))
        self._thread = threading.Thread(target=self._loop, name="steer_widget feed", daemon=True)
        self._thread.start()

    @property
    def job(self) -> Job | None:
        """The shown run: the one submitted, or tried again, last."""
        with self._wake:
            return self._stream.job

    def sync(self) -> None:
        """A page asks for everything."""
        with self._wake:
            self._stream.sync()
            self._rouse()

    def acknowledge(self, seq: int) -> None:
        """A page has drawn everything up to `seq`."""
        with self._wake:
            self._stream.acknowledge(seq)
            self._rouse()

    def close(self) -> None:
        """Sends nothing any more."""
        self._unsubscribe()
        with self._wake:
            self._closed = True
            self._rouse()

    def _on_change(self, job: Job | None) -> None:
        with self._wake:
            if job is None:
                self._has_new_status = True
            else:
                self._stream.show(job)  # one that is not the latest still changes what all have left
            self._rouse()

    def _rouse(self) -> None:
        self._is_new = True
        self._wake.notify_all()

    def _loop(self) -> None:
        while True:
            with self._wake:
                self._wake.wait_for(lambda: self._is_new or self._closed)
                if self._closed:
                    return
                self._is_new = False
                has_new_status, self._has_new_status = self._has_new_status, False
            if has_new_status:
                self._publish_status()
            self._flush()
            with self._wake:
                self._wake.wait_for(lambda: self._closed, PERIOD_S)

    def _flush(self) -> None:
        with self._wake, self._controller.frozen():
            message = self._stream.next(self._controller.backlog)
            job = self._stream.job
            key = (job.turn, job.ended) if job is not None else self._published
            snapshot = self._stream.snapshot() if key != self._published else None
            self._published = key
        if message is not None:
            self._send(message)
        if snapshot is not None:
            self._publish_run(snapshot)
