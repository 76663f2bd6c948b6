"""Names of the states a run and a cell can be in, and of the ways a cell can end."""

from __future__ import annotations

from typing import Literal

CellState = Literal["queued", "running", "done", "stopped", "failed"]
RunState = Literal["queued", "loading", "running", "stopping", "done", "stopped", "failed"]
FinishReason = Literal["length", "eos", "stop_string", "stopped", "diverged", "failed"]
