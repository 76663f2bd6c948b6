"""Kernel ↔ worker: commands one way, events the other, as msgpack frames (see `channel`)."""

from __future__ import annotations

from typing import Literal, TypeVar

import msgspec

from ..errors import ProtocolError, SteerError
from ..spec import CellState, FinishReason, Grid, Measure, Prompt, RunState, Steering
from .common import ErrorInfo, Hashes, Load, ModelInfo, SaeInfo, Wire
from .exploring import (
    CoFiringOf,
    ContrastOf,
    FeaturesByToken,
    FeaturesOn,
    FiringByToken,
    Lens,
    LensOf,
    NeighboursOf,
    OutputScores,
    OutputScoresOf,
    Passage,
    Scored,
)
from .features import FiringFeature, Pool, PromptToken
from .meaning import FoundByMeaning
from .measures import Alternative, Measures, TokenMeasures
from .profiling import ProfiledTexts
from .suggesting import EqualStrengths, FoundByWish, Likelihoods
from .tasks import Calibrated, CancelTask, Task, TaskProgress

PROTOCOL_VERSION = 3

LoadStage = Literal["start", "download", "convert", "import", "model", "sae", "check"]

# ---- kernel → worker


class CheckGrid(Wire, frozen=True):
    """Would this grid be accepted? Answered at once, also while a run is on."""

    request: int
    grid: Grid
    max_act: dict[str, float] = msgspec.field(default_factory=dict)


class StartRun(Wire, frozen=True):
    """Generate these cells of the grid; one that comes while a run is on overtakes it at its next token.

    Attributes:
        cells: numbers of the cells to generate, in the grid's order.
        max_act: maximum activation by `Feature.key`, for edits whose unit is max_act.
    """

    run: str
    grid: Grid
    cells: tuple[int, ...]
    max_act: dict[str, float] = msgspec.field(default_factory=dict)


class CancelRun(Wire, frozen=True):
    """Stop this run at its next token; texts so far are kept."""

    run: str


class ReadMeans(Wire, frozen=True):
    """Read texts unsteered and give the mean activation of each at a hook point.

    Attributes:
        hook_name: empty takes the first SAE's.
        pool: over which of the tokens that count; of a text the first token is left out too.
    """

    request: int
    texts: tuple[Passage, ...]
    hook_name: str = ""
    pool: Pool = "mean"


class TokensOf(Wire, frozen=True):
    """The exact tokens of a prompt, and which of them each of these columns steers."""

    request: int
    prompt: Prompt
    chat: bool = False
    columns: tuple[Steering, ...] = ()


class NextTokenOf(Wire, frozen=True):
    """The next-token distribution after a prompt, unsteered and steered. Of several that wait, the newest is answered.

    Attributes:
        steering: with units and methods filled in.
        k: how many of the most likely tokens of either distribution.
        max_act: as in `StartRun`.
    """

    request: int
    prompt: Prompt
    steering: Steering
    chat: bool = False
    k: int = 8
    max_act: dict[str, float] = msgspec.field(default_factory=dict)


class HashesOf(Wire, frozen=True):
    """Hash the contents of model and SAEs: some seconds for a large model, the first time."""

    request: int


class Shutdown(Wire, frozen=True):
    """End the worker."""


Reading = (
    ReadMeans
    | FeaturesOn
    | FeaturesByToken
    | TokensOf
    | NextTokenOf
    | LensOf
    | NeighboursOf
    | ContrastOf
    | CoFiringOf
    | OutputScoresOf
    | HashesOf
)
"""A question that needs the model, and overtakes a run at its next checkpoint."""

Question = CheckGrid | Reading
"""A command that is answered by one `Answer` with the same request number."""

Command = Load | Question | Task | StartRun | CancelRun | CancelTask | Shutdown


# ---- worker → kernel


class Loading(Wire, frozen=True):
    """How far loading is: `fraction` 0 to 1 over all stages, None where it cannot be known."""

    stage: LoadStage
    fraction: float | None = None
    message: str = ""


class Speed(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How fast a batch is written: first_s + tokens × (step_s + rows × row_s), all in seconds.

    Attributes:
        first_s: until the first token of a short prompt.
        step_s: of a step, whatever the batch.
        row_s: that each row adds to a step.
        max_rows: of a batch; more rows take turns. None: not known.
    """

    first_s: float
    step_s: float
    row_s: float
    max_rows: int | None = None


class Ready(Wire, frozen=True):
    """The worker waits for runs. Says what it offers, so that the page needs no list of its own."""

    protocol: int
    pid: int
    model: ModelInfo
    saes: tuple[SaeInfo, ...]
    methods: tuple[str, ...]
    measures: tuple[Measure, ...]
    versions: dict[str, str]
    load_s: float
    speed: Speed | None = None


class LoadFailed(Wire, frozen=True):
    """Model or SAE could not be loaded; the worker lives and waits for another `Load`."""

    error: ErrorInfo


class TokenCounts(Wire, frozen=True):
    """The grid would be accepted; the number of tokens of each prompt."""

    n_prompt_tokens: tuple[int, ...]


class Activations(Wire, frozen=True):
    """Mean activations, one for each text, `[n, d_model]`, and the hook point they were read at."""

    hook_name: str
    values: tuple[tuple[float, ...], ...]


class Firing(Wire, frozen=True):
    """Answer to `FeaturesOn`, most surprising first; `tokens`: of the whole passage, the first `n_prompt` the prompt's."""

    features: tuple[FiringFeature, ...]
    tokens: tuple[PromptToken, ...]
    n_prompt: int


class PromptTokens(Wire, frozen=True):
    """Answer to `TokensOf`. `steered`: for each column the numbers of the tokens that it steers."""

    tokens: tuple[PromptToken, ...]
    steered: tuple[tuple[int, ...], ...]


class Hashed(Wire, frozen=True):
    """Answer to `HashesOf`."""

    hashes: Hashes


class NextTokens(Wire, frozen=True):
    """Answer to `NextTokenOf`, see `NextTokenRead`."""

    tokens: tuple[Alternative, ...]
    kl: float
    dose: float


Known = (
    TokenCounts
    | Activations
    | Firing
    | FiringByToken
    | PromptTokens
    | NextTokens
    | Lens
    | Scored
    | Calibrated
    | FoundByMeaning
    | FoundByWish
    | EqualStrengths
    | Likelihoods
    | ProfiledTexts
    | OutputScores
    | Hashed
)
"""What the worker may answer."""


class Answer(Wire, frozen=True):
    """Answer to a `Question` or a `Task`: an error, or what was asked for."""

    request: int
    error: ErrorInfo | None = None
    result: Known | None = None


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
    """A cell ended; nothing of it comes after this but, at most once, its `CellMeasured`."""

    run: str
    cell: int
    state: CellState
    text: str
    token_ids: tuple[int, ...]
    finish: FinishReason
    measures: Measures = Measures()
    error: ErrorInfo | None = None


class CellMeasured(Wire, frozen=True):
    """What was measured on a cell that has ended; `measures` replaces what its `CellDone` had."""

    run: str
    cell: int
    measures: Measures
    tokens: TokenMeasures = TokenMeasures()


class RunDone(Wire, frozen=True):
    """The run ended; every cell of it had its `CellDone` before.

    Attributes:
        seconds: since the worker took it, runs that overtook it included.
        n_memory_bytes: that the worker holds now, on the GPU where the model is on one; None: not known.
    """

    run: str
    state: RunState
    seconds: float
    n_tokens: int
    error: ErrorInfo | None = None
    n_memory_bytes: int | None = None


class Fault(Wire, frozen=True):
    """Something the worker could not read or do that ends no run."""

    error: ErrorInfo


Event = (
    Loading
    | Ready
    | LoadFailed
    | Answer
    | TaskProgress
    | RunStarted
    | Tokens
    | CellDone
    | CellMeasured
    | RunDone
    | Fault
)


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
