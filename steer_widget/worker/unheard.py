"""Runs within a task: nobody is told of their cells but the task."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..protocol import CellDone, CellMeasured, Measures, RunDone, StartRun
from .stopping import stopped

if TYPE_CHECKING:
    from ..spec import Grid
    from .checkpoint import Checkpoint
    from .engine import Engine


def run_unheard(engine: Engine, grid: Grid, checkpoint: Checkpoint) -> list[tuple[CellDone, Measures]]:
    """The cells of a run with what was measured on them, in their order.

    Raises:
        TaskStopped: the checkpoint stopped it.
        SteerError: the run failed as a whole.
    """
    ends: dict[int, CellDone] = {}
    measured: dict[int, Measures] = {}
    done: list[RunDone] = []

    def emit(event: object) -> None:
        if isinstance(event, CellDone):
            ends[event.cell] = event
        elif isinstance(event, CellMeasured):
            measured[event.cell] = event.measures
        elif isinstance(event, RunDone):
            done.append(event)

    engine.run(StartRun("", grid, tuple(range(len(grid)))), emit, checkpoint)
    if done[0].error is not None:
        raise done[0].error.rebuild()
    if done[0].state == "stopped":
        raise stopped()
    return [(ends[cell], measured.get(cell, ends[cell].measures)) for cell in sorted(ends)]
