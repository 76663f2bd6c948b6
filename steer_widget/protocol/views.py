"""Runs as the page draws them."""

from __future__ import annotations

import msgspec

from ..spec import CellState, FinishReason, Generation, Prompt, RunState, Steering
from .common import ErrorInfo
from .measures import Measures


class Progress(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How far a run is. `fraction` 0 to 1; `eta_s` None until the speed is known, and while a shorter run overtakes it."""

    fraction: float
    n_tokens: int
    n_cells_ended: int
    tokens_per_s: float | None = None
    eta_s: float | None = None
    elapsed_s: float = 0.0
    is_overtaken: bool = False


class Backlog(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """All that is still to be done: runs that have not ended, waiting ones among them. `eta_s` as in `Progress`."""

    n_runs: int = 0
    n_waiting: int = 0
    n_tokens_left: int = 0
    eta_s: float | None = None


class CellView(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A cell as the page draws it."""

    index: int
    state: CellState
    text: str = ""
    n_tokens: int = 0
    finish: FinishReason | None = None
    measures: Measures = Measures()
    error: ErrorInfo | None = None


class RunView(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A run as the page draws it, whole. Cells in the order prompt, steering, sample."""

    id: str
    state: RunState
    prompts: tuple[Prompt, ...]
    steerings: tuple[Steering, ...]
    samples: int
    generation: Generation
    cells: tuple[CellView, ...]
    progress: Progress
    error: ErrorInfo | None = None
