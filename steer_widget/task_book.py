"""The tasks that the worker has: what each is for, and how far it is. Whoever holds it guards every call by a lock."""

from __future__ import annotations

import time

import msgspec

from .protocol import TaskProgress, TaskView


class TaskBook:
    """Tasks that have not ended, in the order they were begun."""

    def __init__(self) -> None:
        self._views: dict[int, TaskView] = {}
        self._begun_s: dict[int, float] = {}
        self._n_at_first: dict[int, int] = {}
        self._is_changed = False

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
        self._is_changed = True

    def progress(self, event: TaskProgress) -> None:
        """Notes how far a task is; of one that has ended nobody wants to know."""
        view = self._views.get(event.request)
        if view is None:
            return
        seconds = time.monotonic() - self._begun_s[event.request]
        # A part of something longer begins where the part before it ended.
        n_done_here = event.n_done - self._n_at_first.setdefault(event.request, event.n_done)
        is_known = event.n_total is not None and n_done_here > 0
        self._views[event.request] = msgspec.structs.replace(
            view,
            n_done=event.n_done,
            n_total=event.n_total,
            message=event.message,
            seconds=seconds,
            eta_s=seconds * ((event.n_total or 0) - event.n_done) / n_done_here if is_known else None,
        )
        self._is_changed = True

    def close(self, request: int) -> None:
        """A task has ended; another number is no task's."""
        self._begun_s.pop(request, None)
        self._n_at_first.pop(request, None)
        if self._views.pop(request, None) is not None:
            self._is_changed = True

    def take_changed(self) -> bool:
        """Whether anything changed since this was last asked."""
        was_changed, self._is_changed = self._is_changed, False
        return was_changed
