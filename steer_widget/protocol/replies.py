"""Kernel → page: answers to what the page asks."""

from __future__ import annotations

from typing import Literal

import msgspec

from ..spec import Feature, Prompt, RunState
from .bands import BandFound
from .commands import SetKind
from .common import ErrorInfo, Wire
from .features import FeatureCard, FiringFeature, PromptToken
from .finding import FoundScored, LensRead, OutputScored
from .measures import Alternative, TokenMeasures
from .views import RunView

Sureness = Literal["clear", "likely", "a guess"]
"""How sure an effect is, see `suggesting.sureness`."""


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


class FoundFiring(Wire, frozen=True):
    """Answer to `FindFiring` and `FindAt`: features, most surprising first, each with its card, and the tokens.

    `tokens`: of the prompt, or of the completion that a part is of; `FiringFeature.token` numbers them.
    """

    features: tuple[FiringFeature, ...]
    cards: tuple[FeatureCard, ...]
    tokens: tuple[PromptToken, ...]


class TokensRead(Wire, frozen=True):
    """Answer to `ReadTokens`. `steered`: for each column the numbers of the tokens that it steers."""

    tokens: tuple[PromptToken, ...]
    steered: tuple[tuple[int, ...], ...]


class NextTokenRead(Wire, frozen=True):
    """Answer to `ReadNextToken`.

    Attributes:
        tokens: the `k` most likely of either distribution, by the larger of both probabilities.
        kl: KL(steered‖unsteered) of both distributions, in nats.
        dose: mean of |edit|/|h| over the steered tokens.
    """

    tokens: tuple[Alternative, ...]
    kl: float
    dose: float


class CellTokens(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A cell token by token; `tokens` is empty where nothing was measured."""

    index: int
    tokens: TokenMeasures


class CellsRead(Wire, frozen=True):
    """Answer to `ReadCells`."""

    run: str
    cells: tuple[CellTokens, ...]


class PromptsRead(Wire, frozen=True):
    """Answer to `ReadPromptFile`."""

    prompts: tuple[Prompt, ...]


class SetInfo(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A named set. `n_items`: features, prompts or vectors in it; `saved_at`: UTC, ISO 8601; `preview`: its first ones."""

    name: str
    n_items: int
    saved_at: str
    preview: str = ""


class Sets(Wire, frozen=True):
    """Answer to everything that lists or changes sets: those there are now, by name. `note`: what the user should know."""

    kind: SetKind
    sets: tuple[SetInfo, ...]
    note: str = ""


class PastRun(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A run of the history, in a few lines.

    Attributes:
        id, name, tags: as noted.
        created_at: UTC, ISO 8601.
        state: how it ended; interrupted: with its kernel.
        model, saes: what made it; empty where it never reached a model.
        prompts: the first of them, shortened.
        n_prompts, n_cells, n_done: how many.
        n_steerings: how many columns it has.
        steerings: the first of them in words.
        features: the first feature of each of `steerings`; None for the baseline, a vector, a control.
        thumbnail: the first cells' texts, shortened, one for each of `steerings`.
        is_open: whether it is among the runs of this kernel.
    """

    id: str
    name: str
    tags: tuple[str, ...]
    created_at: str
    state: RunState | str
    model: str
    saes: tuple[str, ...]
    prompts: tuple[str, ...]
    n_prompts: int
    n_steerings: int
    n_cells: int
    n_done: int
    steerings: tuple[str, ...]
    features: tuple[Feature | None, ...]
    thumbnail: tuple[str, ...]
    is_open: bool = False


class PastRuns(Wire, frozen=True):
    """Answer to `ListRuns`. `n_all`: of all that fit; `tags`: all there are; `is_recording`: whether this kernel's are kept."""

    runs: tuple[PastRun, ...]
    n_all: int
    tags: tuple[str, ...]
    is_recording: bool = True


class RunOpened(Wire, frozen=True):
    """Answer to `OpenRun`. `not_selected`: why it is shown while the settings stay as they were; None: they are its own."""

    not_selected: ErrorInfo | None = None


class RunRead(Wire, frozen=True):
    """Answer to `ReadRun`."""

    run: RunView


class File(Wire, frozen=True):
    """Answer to what exports: a file that the page hands to the user. `is_base64`: its content are bytes, in base64."""

    name: str
    media_type: str
    content: str
    is_base64: bool = False


class SuggestedFeature(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A suggestion, with the text whose effect is the largest, beside the baseline's.

    Attributes:
        strength: raw, at which it was tried.
        effect: in nats; None where it was stopped before.
        sureness: clear, likely, a guess.
        is_fluent: by perplexity and flags of its texts.
        prompt, text, baseline: the prompt, its end where it is long, and both texts behind it.
    """

    feature: Feature
    strength: float
    effect: float | None
    sureness: Sureness
    is_fluent: bool
    prompt: str
    text: str
    baseline: str


class Suggested(Wire, frozen=True):
    """Answer to `Suggest`, best first. `note`: how far they can be trusted; `run`: the one that tried them."""

    wish: str
    note: str
    run: str
    suggestions: tuple[SuggestedFeature, ...]


Answered = (
    Found
    | Started
    | Log
    | FoundFiring
    | FoundScored
    | LensRead
    | OutputScored
    | BandFound
    | TokensRead
    | NextTokenRead
    | CellsRead
    | PromptsRead
    | Sets
    | Suggested
    | PastRuns
    | RunOpened
    | RunRead
    | File
)


class Reply(Wire, frozen=True):
    """Answer to the request with this id: an error, or what was asked for, or just 'done'."""

    id: str
    error: ErrorInfo | None = None
    result: Answered | None = None
