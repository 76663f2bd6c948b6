"""The handle of a task that the worker does besides the runs: wait for it, await it, see how far it is, stop it."""

from __future__ import annotations

import asyncio
import threading
import time
import traceback
from collections.abc import Callable, Generator
from typing import Generic, TypeVar

from .asking import unfitting
from .controller import Controller
from .errors import SteerError, WorkerTimeout
from .protocol import Answer, ErrorInfo, Known, TaskProgress
from .protocol import Task as TaskCommand

_K = TypeVar("_K", bound=Known)
_T = TypeVar("_T")
_SLICE_S = 0.1  # so that Ctrl-C is seen at once, on every platform
_WAKE_S = 0.05


class Task(Generic[_T]):
    """A task that was begun. `result` waits for what it gives; ``await task`` does so in an async cell.

    Args:
        controller: takes it to the worker, which should have loaded.
        command: its request number is filled in.
        kind: what the worker is to answer.
        convert: makes of it what `result` gives; on the thread that brings it.
        title: what it is for, in words.
    """

    def __init__(
        self,
        controller: Controller,
        command: TaskCommand,
        kind: type[_K],
        convert: Callable[[_K], _T],
        title: str,
    ) -> None:
        self.title = title
        self._controller = controller
        self._ended = threading.Event()
        self._outcome: _T | SteerError | None = None
        self._progress = TaskProgress(0, 0)

        def on_answer(answer: Answer) -> None:
            try:
                if answer.error is not None:
                    self._outcome = answer.error.rebuild()
                elif isinstance(answer.result, kind):
                    self._outcome = convert(answer.result)
                else:
                    self._outcome = unfitting(title)
            except Exception as error:  # noqa: BLE001 - whoever waits has to hear of it
                self._outcome = ErrorInfo.of(error, traceback.format_exc()).rebuild()
            finally:
                self._ended.set()

        self._request = controller.begin(command, title, on_answer, self._on_progress)

    @property
    def done(self) -> bool:
        """Whether it has ended, well or not."""
        return self._ended.is_set()

    @property
    def progress(self) -> float | None:
        """How far it is, 0 to 1; None while nobody knows."""
        if self.done:
            return 1.0
        n_total = self._progress.n_total
        return self._progress.n_done / n_total if n_total else None

    @property
    def message(self) -> str:
        """What it does now."""
        return self._progress.message

    def cancel(self) -> None:
        """Stops it at its next checkpoint and returns at once."""
        self._controller.cancel_task(self._request)

    def result(
        self, timeout: float | None = None, tell: Callable[[float | None, str], None] | None = None
    ) -> _T:
        """Waits for the end and gives what came out. Ctrl-C stops the task.

        Args:
            timeout: seconds; None waits as long as it takes.
            tell: called some ten times a second with progress and message.

        Raises:
            TaskStopped: it was stopped and has nothing to give.
            WorkerTimeout: it had not ended in time; it goes on.
            SteerError: it failed, or the worker died.
        """
        deadline_s = None if timeout is None else time.monotonic() + timeout
        try:
            while not self._ended.wait(_SLICE_S):
                if tell is not None:
                    tell(self.progress, self.message)
                if deadline_s is not None and time.monotonic() >= deadline_s:
                    raise WorkerTimeout(
                        f"{self.title}: not ended after {timeout:g} s. It goes on: wait longer with "
                        "task.result(timeout=...), or stop it with task.cancel()."
                    )
        except KeyboardInterrupt:
            self.cancel()
            raise
        return self._given()

    def __await__(self) -> Generator[object, None, _T]:
        return self._wait_async().__await__()

    def __repr__(self) -> str:
        progress = self.progress
        share = "" if progress is None else f", {progress:.0%}"
        return f"<Task {self.title}{share}{', ended' if self.done else ''}>"

    async def _wait_async(self) -> _T:
        try:
            while not self.done:  # noqa: ASYNC110 - the end comes from another thread, in any loop
                await asyncio.sleep(_WAKE_S)
        except asyncio.CancelledError:
            self.cancel()
            raise
        return self._given()

    def _given(self) -> _T:
        if isinstance(self._outcome, SteerError):
            raise self._outcome
        return self._outcome  # type: ignore[return-value]  # it has ended without an error

    def _on_progress(self, progress: TaskProgress) -> None:
        self._progress = progress
