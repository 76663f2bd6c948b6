"""How a task ends that is stopped and has nothing to give."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..errors import TaskStopped

if TYPE_CHECKING:
    from .checkpoint import Checkpoint


def go_on(checkpoint: Checkpoint) -> None:
    """Passes a checkpoint.

    Raises:
        TaskStopped: the task is to stop.
    """
    if checkpoint():
        raise stopped()


def stopped() -> TaskStopped:
    """The error for a task that was stopped between its beginning and its end."""
    return TaskStopped("It was stopped, and nothing of it can be used. Start it again if it is wanted.")
