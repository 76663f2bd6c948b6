"""What ties one worker to the controller, without keeping the controller alive."""

from __future__ import annotations

import weakref
from collections.abc import Mapping
from typing import Final, Literal, Protocol

from .backends.base import WorkerExit
from .errors import WorkerDied
from .protocol import Event


class Owner(Protocol):
    """Who wants to hear of the worker: the controller."""

    def on_event(self, lifeline: Lifeline, event: Event) -> None:
        """An event of the worker."""

    def on_exit(self, lifeline: Lifeline, end: WorkerExit) -> None:
        """The worker is gone."""


class Lifeline:
    """The callbacks of one worker. Each worker has its own, so a late word of an old one is known as such.

    The backend's reader thread holds the lifeline, the lifeline holds its owner weakly: an owner
    that nobody else holds is collected, and its finalizer ends the worker.
    """

    def __init__(self, owner: Owner) -> None:
        self._owner = weakref.ref(owner)

    def on_event(self, event: Event) -> None:
        """Passes an event on, if there is still somebody to hear it."""
        owner = self._owner()
        if owner is not None:
            owner.on_event(self, event)

    def on_exit(self, end: WorkerExit) -> None:
        """Passes the end on, if there is still somebody to hear it."""
        owner = self._owner()
        if owner is not None:
            owner.on_exit(self, end)


Doing = Literal["loading", "waiting", "running"]
_DOING: Final[Mapping[Doing, str]] = {
    "loading": "while it was loading",
    "waiting": "while it waited for a run",
    "running": "before the run had ended",
}


def worker_died(end: WorkerExit, doing: Doing, reason: str = "") -> WorkerDied:
    """The error that tells the end of a worker: how, why probably, what next.

    Args:
        end: how it was.
        doing: what it was at.
        reason: why the controller ended it, where it did so of its own accord.
    """
    how = (
        f"signal {end.signal}"
        if end.signal
        else f"exit code {end.code}"
        if end.code is not None
        else "no exit code"
    )
    message = f"The worker process ended ({how}) {_DOING[doing]}."
    if reason:
        message += f" {reason}"
    elif end.likely_cause:
        message += f" {end.likely_cause}"
    elif end.expected:
        message += " It was ended because it did not react to a stop."
    message += " Finished cells are kept; the next run starts a new worker."
    details = (
        f"Last lines of the worker's log:\n{end.log_tail}" if end.log_tail else "The worker's log is empty."
    )
    return WorkerDied(message, details=details)
