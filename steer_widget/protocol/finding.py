"""Page → kernel → page: features found by clicks on tokens, and what is known of a feature besides its card."""

from __future__ import annotations

import msgspec

from ..spec import Feature, Prompt, Steerable
from .common import Wire
from .exploring import LensToken, ScoredFeature
from .features import FeatureCard


class CellPart(msgspec.Struct, frozen=True, tag=True, tag_field="type", forbid_unknown_fields=True):
    """Tokens of a cell's completion, read behind its prompt.

    Attributes:
        run: one of this kernel, or of the history.
        cell: its number in the run.
        tokens: numbers of tokens of the completion, as `ReadCells` has them; empty: all of them.
    """

    run: str
    cell: int
    tokens: tuple[int, ...] = ()


class PromptPart(msgspec.Struct, frozen=True, tag=True, tag_field="type", forbid_unknown_fields=True):
    """Tokens of a prompt.

    Attributes:
        prompt: text or chat.
        chat: as in `Generation`.
        tokens: numbers of tokens, as `ReadTokens` has them; empty: all of them.
    """

    prompt: Prompt
    chat: bool = False
    tokens: tuple[int, ...] = ()


Part = CellPart | PromptPart
"""Tokens that the user points at."""


class FindAt(Wire, frozen=True):
    """Which features fire on these tokens? Answered by `FoundFiring`, whose token numbers are the part's."""

    part: Part
    limit: int = 20
    sae: str = ""


class FindContrast(Wire, frozen=True):
    """Which features tell these texts apart? Answered by `FoundScored`, positive where they fire more on `a`."""

    a: tuple[Part, ...]
    b: tuple[Part, ...]
    limit: int = 20
    sae: str = ""


class FindNeighbours(Wire, frozen=True):
    """Which features point the same way? Answered by `FoundScored`; the score is the cosine."""

    direction: Steerable
    limit: int = 20


class FindTogether(Wire, frozen=True):
    """Which features fire on the tokens on which this one fires? Answered by `FoundScored`."""

    feature: Feature
    limit: int = 20


class ReadLens(Wire, frozen=True):
    """The tokens that a direction raises and lowers, `k` of each. Answered by `LensRead`."""

    direction: Steerable
    k: int = 10


class ScoreOutput(Wire, frozen=True):
    """The output scores of these features. Answered by `OutputScored`."""

    features: tuple[Feature, ...]


class FoundScored(Wire, frozen=True):
    """Features with their scores, best first, each with its card. `sae`: whose features; empty is the first."""

    features: tuple[ScoredFeature, ...]
    cards: tuple[FeatureCard, ...]
    sae: str = ""


class LensRead(Wire, frozen=True):
    """Answer to `ReadLens`: most raised first, most lowered first."""

    up: tuple[LensToken, ...]
    down: tuple[LensToken, ...]


class OutputScored(Wire, frozen=True):
    """Answer to `ScoreOutput`: of each feature, 0 to 1; None where it has no logit lens."""

    scores: tuple[float | None, ...]
