"""A run as a page of its own holds it: what is read from a file, and from no kernel."""

from __future__ import annotations

import msgspec

from .common import ModelInfo, SaeInfo
from .views import RunView


class PackedCell(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The `TokenMeasures` of a cell; empty where nothing was measured. What is not a finite number is null.

    Attributes:
        texts: of its tokens, by their numbers in `PackedTokens.texts`.
        kl, surprise, activations: as they are, in three digits.
        alternatives: of each token, by the numbers of their texts.
        steered, unsteered: probabilities of all alternatives in turn, in parts of `PackedTokens.one`.
    """

    texts: tuple[int, ...] = ()
    kl: tuple[float | None, ...] = ()
    surprise: tuple[float | None, ...] = ()
    activations: tuple[tuple[float | None, ...], ...] = ()
    alternatives: tuple[tuple[int, ...], ...] = ()
    steered: tuple[int, ...] = ()
    unsteered: tuple[int, ...] = ()


class PackedTokens(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The tokens of all cells, in their order. `texts`: every one that occurs, the most frequent first; `one`: what probability 1 is."""

    texts: tuple[str, ...]
    one: int
    cells: tuple[PackedCell, ...]


class Fact(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Something that is known of a run, in words."""

    name: str
    value: str


class RunFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A run with its tokens.

    Attributes:
        title: of the page.
        facts: about the run as a whole.
        run: as the page draws it.
        saes: whose features steer; the first is the one of features without a name of theirs.
        tokens: `PackedTokens` as JSON, deflated (zlib), in base64.
    """

    title: str
    facts: tuple[Fact, ...]
    run: RunView
    model: ModelInfo | None
    saes: tuple[SaeInfo, ...]
    tokens: str
