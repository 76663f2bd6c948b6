"""Every message of both hops, defined once: kernel ↔ worker and page ↔ kernel.

Kernel ↔ worker frames are msgpack, each behind its length (see `channel`); page ↔ kernel messages
are the same structs as JSON-like objects in widget messages. `js/src/protocol.gen.ts` is
generated from this file (`make types`).
"""

from __future__ import annotations

from typing import Literal, TypeVar

import msgspec

from .errors import InvalidInput, ProtocolError, SteerError, rebuild_error
from .spec import CellState, Edit, FinishReason, Generation, Grid, Prompt, RunState, Selection

PROTOCOL_VERSION = 1

LoadStage = Literal["start", "download", "convert", "import", "model", "sae", "check"]
WorkerState = Literal["stopped", "loading", "ready", "busy", "failed"]


class Wire(msgspec.Struct, frozen=True, tag=True, tag_field="type", forbid_unknown_fields=True):
    """Base of everything that travels; the tag is the class name."""


class ErrorInfo(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An error on its way, in full.

    Attributes:
        kind: class name in `errors`.
        message: what happened, likely cause, next step.
        details: traceback and worker log, never shortened.
        field, value, allowed: of an `InvalidInput`.
    """

    kind: str
    message: str
    details: str = ""
    field: str = ""
    value: str = ""
    allowed: str = ""

    @classmethod
    def of(cls, error: BaseException, details: str = "") -> ErrorInfo:
        """Packs an error; one that is not ours keeps its own class name in the text."""
        details = "\n".join(d for d in (getattr(error, "details", ""), details) if d)
        if isinstance(error, InvalidInput):
            return cls(type(error).__name__, error.message, details, error.field, error.value, error.allowed)
        if isinstance(error, SteerError):
            return cls(type(error).__name__, error.message, details)
        return cls("GenerationError", f"{type(error).__name__}: {error}", details)

    def rebuild(self) -> SteerError:
        """The error itself, ready to be raised."""
        return rebuild_error(
            self.kind,
            self.message,
            details=self.details,
            field=self.field,
            value=self.value,
            allowed=self.allowed,
        )


class ModelInfo(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The loaded model. `context` in tokens; `n_parameters` counts weights."""

    name: str
    architecture: str
    n_layers: int
    d_model: int
    d_vocab: int
    context: int
    n_parameters: int
    dtype: str
    device: str
    has_chat_template: bool


class SaeInfo(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The loaded SAE. `residual_norm`: median |h| at the hook point, sinks left out."""

    name: str
    architecture: str
    d_in: int
    d_sae: int
    hook_name: str
    layer: int
    residual_norm: float
    neuronpedia_id: str = ""


class Measures(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What was measured on a cell; None where it was not, never a placeholder.

    Attributes:
        dose: mean of |edit|/|h| over the steered tokens.
    """

    dose: float | None = None


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
    max_act: dict[str, float] = {}


class StartRun(Wire, frozen=True):
    """Generate these cells of the grid.

    Attributes:
        cells: numbers of the cells to generate, in the grid's order.
        max_act: maximum activation by feature index (as text), for edits whose unit is max_act.
    """

    run: str
    grid: Grid
    cells: tuple[int, ...]
    max_act: dict[str, float] = {}


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


# ---- page → kernel


class Sync(Wire, frozen=True):
    """Send me everything: at load, and after a gap in the numbers."""


class Ack(Wire, frozen=True):
    """Numbers up to here have been drawn. Without it the kernel stops sending."""

    seq: int


class SetPrompts(Wire, frozen=True):
    """These are the prompts now."""

    prompts: tuple[Prompt, ...]


class SetSelection(Wire, frozen=True):
    """These are the columns now."""

    selection: Selection


class SetGeneration(Wire, frozen=True):
    """These are the generation settings now."""

    generation: Generation


class Run(Wire, frozen=True):
    """Run what is selected."""


class Stop(Wire, frozen=True):
    """Stop this run."""

    run: str


class Search(Wire, frozen=True):
    """Features by label, or by index where the text is a whole number."""

    text: str
    limit: int = 20


PageCommand = Sync | Ack | SetPrompts | SetSelection | SetGeneration | Run | Stop | Search


class PageRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the page sends: a command with an id; each gets one `Reply` (but `Ack`, which gets none)."""

    id: str
    command: PageCommand


# ---- kernel → page


class Example(msgspec.Struct, frozen=True):
    """A text on which a feature fires; `act` is the activation on `token`."""

    act: float
    left: str
    token: str
    right: str


class FeatureCard(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is known of a feature; None or empty where nobody measured it."""

    index: int
    label: str = ""
    label_confidence: int | None = None
    density: float | None = None
    max_act: float | None = None
    output_score: float | None = None
    logit_lens_up: tuple[str, ...] = ()
    logit_lens_down: tuple[str, ...] = ()
    examples: tuple[Example, ...] = ()


class Found(Wire, frozen=True):
    """Answer to `Search`, best first."""

    cards: tuple[FeatureCard, ...]


class Started(Wire, frozen=True):
    """Answer to `Run`."""

    run: str


class Reply(Wire, frozen=True):
    """Answer to the request with this id: an error, or what was asked for, or just 'done'."""

    id: str
    error: ErrorInfo | None = None
    result: Found | Started | None = None


class Progress(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How far a run is. `fraction` 0 to 1; `eta_s` None until the speed is known."""

    fraction: float
    n_tokens: int
    n_cells_ended: int
    tokens_per_s: float | None = None
    eta_s: float | None = None
    elapsed_s: float = 0.0


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
    steerings: tuple[tuple[Edit, ...], ...]
    samples: int
    generation: Generation
    cells: tuple[CellView, ...]
    progress: Progress
    error: ErrorInfo | None = None


class CellPatch(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A cell's growth since the last number: `append` goes behind the text it has.

    `done` is there when the cell ended and then replaces the cell whole.
    """

    index: int
    append: str = ""
    n_tokens: int = 0
    done: CellView | None = None


class RunSnapshot(Wire, frozen=True):
    """The shown run whole (None: none yet); later deltas continue from `seq`."""

    seq: int
    run: RunView | None = None


class RunDelta(Wire, frozen=True):
    """What changed since delta `seq` - 1 of the same run."""

    seq: int
    run: str
    state: RunState
    cells: tuple[CellPatch, ...]
    progress: Progress
    error: ErrorInfo | None = None


PageEvent = Reply | RunSnapshot | RunDelta


class Status(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """State of the worker, as the trait `widget.status` holds it."""

    worker: WorkerState = "stopped"
    loading: Loading | None = None
    model: ModelInfo | None = None
    sae: SaeInfo | None = None
    methods: tuple[str, ...] = ()
    n_labels: int = 0
    pid: int | None = None
    load_s: float | None = None
    error: ErrorInfo | None = None


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


def read_page_request(content: object) -> PageRequest:
    """Reads what the page sent.

    Raises:
        InvalidInput: a value in it is refused, named by its field.
        ProtocolError: it is no request of this version.
    """
    try:
        return msgspec.convert(content, PageRequest)
    except msgspec.ValidationError as error:
        if isinstance(error.__cause__, InvalidInput):
            raise error.__cause__ from error
        raise ProtocolError(f"A message of the page could not be read: {error}. Reload the page.") from error


def to_page(message: PageEvent) -> dict[str, object]:
    """A message for the page, as plain JSON values."""
    plain: dict[str, object] = msgspec.to_builtins(message)
    return plain
