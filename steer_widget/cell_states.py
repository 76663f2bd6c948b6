"""The states of a cell, as a pure table: which step leads from which state to which.

queued ─start─► running ─► done · stopped · failed ─retry─► queued (but done stays done)
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Literal

from .spec import CellState

CellStep = Literal["start", "finish", "halt", "fail", "retry"]

CELL_TABLE: Final[Mapping[CellState, Mapping[CellStep, CellState]]] = {
    "queued": {"start": "running", "finish": "done", "halt": "stopped", "fail": "failed"},
    "running": {"finish": "done", "halt": "stopped", "fail": "failed"},
    "done": {},
    "stopped": {"retry": "queued"},
    "failed": {"retry": "queued"},
}

CELL_ENDED: Final[frozenset[CellState]] = frozenset({"done", "stopped", "failed"})
CELL_END_STEPS: Final[Mapping[CellState, CellStep]] = {"done": "finish", "stopped": "halt", "failed": "fail"}


def next_cell_state(state: CellState, step: CellStep) -> CellState | None:
    """The state a cell goes to; None where the step has no place."""
    return CELL_TABLE[state].get(step)
