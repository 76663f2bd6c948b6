"""Kernel ↔ worker: what a direction writes, which features lie near it, and which tell texts apart."""

from __future__ import annotations

import msgspec

from ..spec import Prompt, Steerable
from .common import Wire
from .features import Pool


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
        a, b: texts or chats.
        sae: empty is the first.
        pool: over which tokens of a text; special tokens and sinks are left out.
        density: share of tokens on which a feature fires, by index; None: rarity does not count.
    """

    request: int
    a: tuple[Prompt, ...]
    b: tuple[Prompt, ...]
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
    """Answer to `NeighboursOf` and `ContrastOf`, best first. `sae`: whose features; empty is the first."""

    features: tuple[ScoredFeature, ...]
    sae: str = ""
