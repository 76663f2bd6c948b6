"""The states of a run, as a pure table: which step leads from which state to which.

queued ─load─► loading ─start─► running ─stop─► stopping
  │ ▲             │                │               │
  │ └──── retry ──┴─ done · stopped · failed ◄─────┘
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Literal

from .spec import RunState

RunStep = Literal["load", "start", "withdraw", "stop", "finish", "halt", "fail", "retry"]

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

RUN_ENDED: Final[frozenset[RunState]] = frozenset({"done", "stopped", "failed"})
RUN_END_STEPS: Final[Mapping[RunState, RunStep]] = {"done": "finish", "stopped": "halt", "failed": "fail"}


def next_run_state(state: RunState, step: RunStep) -> RunState | None:
    """The state a run goes to; None where the step has no place, as with a message that came too late."""
    return RUN_TABLE[state].get(step)
