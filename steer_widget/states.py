"""The states of a run and of a cell, as pure tables: which event leads from which state to which.

run     queued ─load─► loading ─start─► running ─stop─► stopping
          │ ▲             │                │               │
          │ └──── retry ──┴─ done · stopped · failed ◄─────┘
cell    queued ─start─► running ─► done · stopped · failed ─retry─► queued (but done stays done)
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Literal

from .spec import CellState, RunState

RunStep = Literal["load", "start", "withdraw", "stop", "finish", "halt", "fail", "retry"]
CellStep = Literal["start", "finish", "halt", "fail", "retry"]

RUN_TABLE: Final[Mapping[RunState, Mapping[RunStep, RunState]]] = {
    "queued": {
        "load": "loading",
        "start": "running",
        "withdraw": "stopped",
        "stop": "stopping",
        "halt": "stopped",
        "fail": "failed",
    },
    "loading": {
        "start": "running",
        "withdraw": "stopped",
        "stop": "stopping",
        "halt": "stopped",
        "fail": "failed",
    },
    "running": {"stop": "stopping", "finish": "done", "halt": "stopped", "fail": "failed"},
    # A run may reach its end before the stop reaches it: then it is done, not stopped.
    "stopping": {"finish": "done", "halt": "stopped", "fail": "failed"},
    "done": {"retry": "queued"},
    "stopped": {"retry": "queued"},
    "failed": {"retry": "queued"},
}

CELL_TABLE: Final[Mapping[CellState, Mapping[CellStep, CellState]]] = {
    "queued": {"start": "running", "finish": "done", "halt": "stopped", "fail": "failed"},
    "running": {"finish": "done", "halt": "stopped", "fail": "failed"},
    "done": {},
    "stopped": {"retry": "queued"},
    "failed": {"retry": "queued"},
}

RUN_ENDED: Final[frozenset[RunState]] = frozenset({"done", "stopped", "failed"})
CELL_ENDED: Final[frozenset[CellState]] = frozenset({"done", "stopped", "failed"})

RUN_END_STEPS: Final[Mapping[RunState, RunStep]] = {"done": "finish", "stopped": "halt", "failed": "fail"}
CELL_END_STEPS: Final[Mapping[CellState, CellStep]] = {"done": "finish", "stopped": "halt", "failed": "fail"}


def next_run_state(state: RunState, step: RunStep) -> RunState | None:
    """The state a run goes to; None where the step has no place, as with a message that came too late."""
    return RUN_TABLE[state].get(step)


def next_cell_state(state: CellState, step: CellStep) -> CellState | None:
    """The state a cell goes to; None where the step has no place."""
    return CELL_TABLE[state].get(step)
