"""Kernel ↔ worker: what fires on texts and tells them apart; what a direction writes, and what lies near it."""

from __future__ import annotations

from typing import Literal

import msgspec

from ..spec import Prompt, Steerable
from .common import Wire
from .features import Pool, PromptToken, TokenFeature


class Passage(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A text that is read unsteered, and which of its tokens count; special ones and sinks never do.

    Attributes:
        prompt: text or chat.
        chat: as in `Generation`.
        completion: tokens that were written behind the prompt.
        answer: in place of `completion`: what is said in the turn behind a chat.
        part: whether the tokens of the prompt count too.
        tokens: numbers of those that count, 0 being the first of the part; empty: all of the part.
    """

    prompt: Prompt
    chat: bool = False
    completion: tuple[int, ...] = ()
    answer: str = ""
    part: Literal["all", "completion"] = "all"
    tokens: tuple[int, ...] = ()


class FeaturesOn(Wire, frozen=True):
    """Which features of an SAE fire on this passage? `sae`: empty is the first.

    They are ranked by `features.surprise`.

    Attributes:
        density: share of tokens on which a feature fires, by index, to put those first that fire seldom.
    """

    request: int
    passage: Passage
    sae: str = ""
    k: int = 20
    density: dict[int, float] = msgspec.field(default_factory=dict)


class FeaturesByToken(Wire, frozen=True):
    """As `FeaturesOn`, for each token of the passage by itself: `k` features of each."""

    request: int
    passage: Passage
    sae: str = ""
    k: int = 5
    density: dict[int, float] = msgspec.field(default_factory=dict)


class CoFiringOf(Wire, frozen=True):
    """The features that fire on the tokens on which one fires, see `worker.co_firing`.

    Attributes:
        feature: index of that one.
        sae: of all of them; empty is the first.
        density: as in `FeaturesOn`.
    """

    request: int
    feature: int
    passages: tuple[Passage, ...]
    sae: str = ""
    k: int = 20
    density: dict[int, float] = msgspec.field(default_factory=dict)


class OutputScoresOf(Wire, frozen=True):
    """The output score of each of these directions, see `worker.output_scores`."""

    request: int
    directions: tuple[Steerable, ...]


class LensOf(Wire, frozen=True):
    """Which tokens a direction raises and lowers, `k` of each."""

    request: int
    direction: Steerable
    k: int = 10


class NeighboursOf(Wire, frozen=True):
    """The features whose decoder rows lie nearest to a direction.

    Attributes:
        sae: in which SAE; empty: a feature's own, for a vector the first at its hook point.
    """

    request: int
    direction: Steerable
    sae: str = ""
    k: int = 20


class ContrastOf(Wire, frozen=True):
    """The features that tell two sets of texts apart, see `worker.contrasting`.

    Attributes:
        a, b: what is told apart, passage by passage.
        sae: empty is the first.
        pool: over which of the tokens that count.
        density: share of tokens on which a feature fires, by index; None: rarity does not count.
    """

    request: int
    a: tuple[Passage, ...]
    b: tuple[Passage, ...]
    sae: str = ""
    pool: Pool = "mean"
    k: int = 20
    density: dict[int, float] | None = None


class LensToken(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A token and what a direction does to it.

    Attributes:
        token_id: of the token.
        text: of the token alone.
        logit: what the direction adds to its logit, less the mean over the vocabulary, before the final norm
            divides by the length of the residual stream.
    """

    token_id: int
    text: str
    logit: float


class Lens(Wire, frozen=True):
    """Answer to `LensOf`: most raised first, most lowered first."""

    up: tuple[LensToken, ...]
    down: tuple[LensToken, ...]


class ScoredFeature(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A feature and its score."""

    index: int
    score: float


class Scored(Wire, frozen=True):
    """Answer to `NeighboursOf`, `ContrastOf` and `CoFiringOf`, best first. `sae`: whose features; empty is the first."""

    features: tuple[ScoredFeature, ...]
    sae: str = ""


class FiringByToken(Wire, frozen=True):
    """Answer to `FeaturesByToken`.

    Attributes:
        tokens: of the whole passage.
        features: of each token, most surprising first; none where it does not count.
        counts: numbers of the tokens that count.
        n_prompt: how many of the tokens are the prompt's.
    """

    tokens: tuple[PromptToken, ...]
    features: tuple[tuple[TokenFeature, ...], ...]
    counts: tuple[int, ...]
    n_prompt: int


class OutputScores(Wire, frozen=True):
    """Answer to `OutputScoresOf`: 0 to 1 each; None for a direction that has no logit lens."""

    scores: tuple[float | None, ...]
