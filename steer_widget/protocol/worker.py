"""Kernel ↔ worker: commands one way, events the other, as msgpack frames (see `channel`)."""

from __future__ import annotations

from typing import Literal, TypeVar

import msgspec

from ..errors import ProtocolError, SteerError
from ..spec import CellState, FinishReason, Grid, RunState
from .common import ErrorInfo, Measures, ModelInfo, SaeInfo, Wire

PROTOCOL_VERSION = 1

LoadStage = Literal["start", "download", "convert", "import", "model", "sae", "check"]

# ---- kernel → worker


class Load(Wire, frozen=True):
    """Load this model and SAE. `demo` takes the embedded ones and ignores `model` and `sae`."""

    model: str
    sae: str
    demo: bool = False
    device: str = "auto"
    dtype: str = "auto"
    trust_remote_code: bool = False
    max_batch_rows: int | None = None


class CheckGrid(Wire, frozen=True):
    """Would this grid be accepted? Answered at once, also while a run is on."""

    request: int
    grid: Grid
    max_act: dict[str, float] = msgspec.field(default_factory=dict)


class StartRun(Wire, frozen=True):
    """Generate these cells of the grid.

    Attributes:
        cells: numbers of the cells to generate, in the grid's order.
        max_act: maximum activation by feature index (as text), for edits whose unit is max_act.
    """

    run: str
    grid: Grid
    cells: tuple[int, ...]
    max_act: dict[str, float] = msgspec.field(default_factory=dict)


class CancelRun(Wire, frozen=True):
    """Stop this run at its next token; texts so far are kept."""

    run: str


class Shutdown(Wire, frozen=True):
    """End the worker."""


Command = Load | CheckGrid | StartRun | CancelRun | Shutdown


# ---- worker → kernel


class Loading(Wire, frozen=True):
    """How far loading is: `fraction` 0 to 1 over all stages, None where it cannot be known."""

    stage: LoadStage
    fraction: float | None = None
    message: str = ""


class Ready(Wire, frozen=True):
    """The worker waits for runs. Says what it offers, so that the page needs no list of its own."""

    protocol: int
    pid: int
    model: ModelInfo
    sae: SaeInfo
    methods: tuple[str, ...]
    versions: dict[str, str]
    load_s: float


class LoadFailed(Wire, frozen=True):
    """Model or SAE could not be loaded; the worker lives and waits for another `Load`."""

    error: ErrorInfo


class GridChecked(Wire, frozen=True):
    """Answer to `CheckGrid`: an error, or the number of tokens of each prompt."""

    request: int
    error: ErrorInfo | None = None
    n_prompt_tokens: tuple[int, ...] = ()


class RunStarted(Wire, frozen=True):
    """The grid was accepted; the number of tokens of each prompt."""

    run: str
    n_prompt_tokens: tuple[int, ...]


class CellDelta(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a cell grew by. Texts append: their concatenation is the cell's final text."""

    cell: int
    text: str
    token_ids: tuple[int, ...]


class Tokens(Wire, frozen=True):
    """New tokens of cells that run, some 20 to 50 times a second."""

    run: str
    deltas: tuple[CellDelta, ...]


class CellDone(Wire, frozen=True):
    """A cell ended; nothing of it comes after this."""

    run: str
    cell: int
    state: CellState
    text: str
    token_ids: tuple[int, ...]
    finish: FinishReason
    measures: Measures = Measures()
    error: ErrorInfo | None = None


class RunDone(Wire, frozen=True):
    """The run ended; every cell of it had its `CellDone` before."""

    run: str
    state: RunState
    seconds: float
    n_tokens: int
    error: ErrorInfo | None = None


class Fault(Wire, frozen=True):
    """Something the worker could not read or do that belongs to no run."""

    error: ErrorInfo


Event = Loading | Ready | LoadFailed | GridChecked | RunStarted | Tokens | CellDone | RunDone | Fault


# ---- encoding

_T = TypeVar("_T")


def encode(message: Command | Event) -> bytes:
    """One frame's body, as msgpack."""
    return msgspec.msgpack.encode(message)


def _decode(body: bytes, kind: type[_T]) -> _T:
    try:
        return msgspec.msgpack.decode(body, type=kind)
    except (msgspec.DecodeError, SteerError, ValueError, RecursionError) as error:
        cause = error.__cause__ if isinstance(error.__cause__, SteerError) else None
        raise ProtocolError(
            f"A message of {len(body)} bytes could not be read: {cause or error}. "
            "Kernel and worker are probably of different versions: restart the kernel."
        ) from error


def decode_command(body: bytes) -> Command:
    """Reads what the kernel sent.

    Raises:
        ProtocolError: it is no command of this version.
    """
    return _decode(body, Command)  # type: ignore[arg-type]


def decode_event(body: bytes) -> Event:
    """Reads what the worker sent.

    Raises:
        ProtocolError: it is no event of this version.
    """
    return _decode(body, Event)  # type: ignore[arg-type]
