"""The tasks that the worker has: what each is for, and how far it is. The controller guards every call by its lock."""

from __future__ import annotations

import time

import msgspec

from .protocol import TaskProgress, TaskView


class TaskBook:
    """Tasks that have not ended, in the order they were begun."""

    def __init__(self) -> None:
        self._views: dict[int, TaskView] = {}
        self._begun_s: dict[int, float] = {}

    @property
    def views(self) -> tuple[TaskView, ...]:
        """As the page shows them."""
        return tuple(self._views.values())

    def __contains__(self, request: int) -> bool:
        return request in self._views

    def open(self, request: int, title: str) -> None:
        """A task was begun."""
        self._views[request] = TaskView(request, title)
        self._begun_s[request] = time.monotonic()

    def progress(self, event: TaskProgress) -> bool:
        """Notes how far a task is; False where it has ended."""
        view = self._views.get(event.request)
        if view is None:
            return False
        seconds = time.monotonic() - self._begun_s[event.request]
        is_known = event.n_total is not None and event.n_done > 0
        self._views[event.request] = msgspec.structs.replace(
            view,
            n_done=event.n_done,
            n_total=event.n_total,
            message=event.message,
            seconds=seconds,
            eta_s=seconds * ((event.n_total or 0) - event.n_done) / event.n_done if is_known else None,
        )
        return True

    def close(self, request: int) -> bool:
        """A task has ended; False where there is none such."""
        self._begun_s.pop(request, None)
        return self._views.pop(request, None) is not None

    def clear(self) -> bool:
        """None of them goes on; False where there was none."""
        was_any = bool(self._views)
        self._views.clear()
        self._begun_s.clear()
        return was_any
