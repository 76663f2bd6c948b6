"""Page ↔ kernel: requests and their replies, and the numbered stream, as JSON-like widget messages."""

from __future__ import annotations

from typing import Literal

import msgspec

from ..errors import InvalidInput, ProtocolError
from ..spec import CellState, FinishReason, Generation, Measure, Prompt, RunState, Selection, Steering
from .common import ErrorInfo, ModelInfo, SaeInfo, Wire
from .measures import Measures
from .worker import Loading

WorkerState = Literal["stopped", "loading", "ready", "busy", "failed"]

# ---- page → kernel


class Sync(Wire, frozen=True):
    """Send me everything: at load, and after a gap in the numbers."""


class Ack(Wire, frozen=True):
    """Numbers up to here have been drawn. Without it the kernel stops sending."""

    seq: int


class SetPrompts(Wire, frozen=True):
    """These are the prompts now. `instead_of`: what the page changed; refused (`StaleValue`) if that is no longer so."""

    prompts: tuple[Prompt, ...]
    instead_of: tuple[Prompt, ...] | None = None


class SetSelection(Wire, frozen=True):
    """These are the columns now. `instead_of`: as in `SetPrompts`."""

    selection: Selection
    instead_of: Selection | None = None


class SetGeneration(Wire, frozen=True):
    """These are the generation settings now. `instead_of`: as in `SetPrompts`."""

    generation: Generation
    instead_of: Generation | None = None


class Run(Wire, frozen=True):
    """Run what is selected."""


class Stop(Wire, frozen=True):
    """Stop this run."""

    run: str


class Retry(Wire, frozen=True):
    """Run cells of this run again that failed or were stopped; no numbers: all of them."""

    run: str
    cells: tuple[int, ...] = ()


class Reload(Wire, frozen=True):
    """Start the worker again, after it could not load or died too often."""


class ShowLog(Wire, frozen=True):
    """Give the worker's last error in full, and the last lines of its log."""


class Search(Wire, frozen=True):
    """Features by label, or by index where the text is a whole number."""

    text: str
    limit: int = 20


PageCommand = (
    Sync | Ack | SetPrompts | SetSelection | SetGeneration | Run | Stop | Retry | Reload | ShowLog | Search
)


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


class Log(Wire, frozen=True):
    """Answer to `ShowLog`. `error`: traceback and log as they were when it happened; `tail`: of the log as it is now."""

    error: str
    tail: str


class Reply(Wire, frozen=True):
    """Answer to the request with this id: an error, or what was asked for, or just 'done'."""

    id: str
    error: ErrorInfo | None = None
    result: Found | Started | Log | None = None


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


class CellPatch(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A cell's growth since the last number: `append` goes behind the text it has.

    `done` is there when the cell ended or was measured, and then replaces the cell whole.
    """

    index: int
    append: str = ""
    n_tokens: int = 0
    done: CellView | None = None


class RunSnapshot(Wire, frozen=True):
    """The shown run whole (None: none yet); later deltas continue from `seq`."""

    seq: int
    run: RunView | None = None
    backlog: Backlog = Backlog()


class RunDelta(Wire, frozen=True):
    """What changed since delta `seq` - 1 of the same run."""

    seq: int
    run: str
    state: RunState
    cells: tuple[CellPatch, ...]
    progress: Progress
    error: ErrorInfo | None = None
    backlog: Backlog = Backlog()


PageEvent = Reply | RunSnapshot | RunDelta


class Status(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """State of the worker, as the trait `widget.status` holds it. `history_problem`: why runs are not written down."""

    worker: WorkerState = "stopped"
    loading: Loading | None = None
    model: ModelInfo | None = None
    saes: tuple[SaeInfo, ...] = ()
    methods: tuple[str, ...] = ()
    measures: tuple[Measure, ...] = ()
    n_labels: int = 0
    pid: int | None = None
    load_s: float | None = None
    n_memory_bytes: int | None = None
    error: ErrorInfo | None = None
    history_problem: ErrorInfo | None = None


# ---- encoding


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
