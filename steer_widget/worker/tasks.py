"""Which part of the worker does a task."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from ..protocol import FindByMeaning, FindByWish, FindEqualStrengths, ProfileTexts, ReadLikelihoods

if TYPE_CHECKING:
    from ..protocol import Known, Task
    from .checkpoint import Checkpoint
    from .engine import Engine

Report = Callable[[int, "int | None", str], None]
"""Takes how many steps are done, of how many, and what is done now. Call it no more than some five times a second."""


def do_task(engine: Engine, task: Task, report: Report, checkpoint: Checkpoint) -> Known:
    """Does a task to its end, or until it is stopped.

    Raises:
        TaskStopped: it was stopped and has nothing to give.
    """
    # torch is there by now
    from .calibrating import calibrate
    from .equal_kl import find_equal_strengths
    from .wishing import find_by_wish, read_likelihoods

    if isinstance(task, FindByMeaning):
        return engine.meanings().find(task, report, checkpoint)
    if isinstance(task, FindByWish):
        return find_by_wish(engine, task, report, checkpoint)
    if isinstance(task, FindEqualStrengths):
        return find_equal_strengths(engine, task, report, checkpoint)
    if isinstance(task, ReadLikelihoods):
        return read_likelihoods(engine, task, report, checkpoint)
    if isinstance(task, ProfileTexts):
        return engine.profiling.add(task, report, checkpoint)
    return calibrate(engine, task, report, checkpoint)
