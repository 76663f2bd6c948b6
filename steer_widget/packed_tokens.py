"""The tokens of a run, packed: with five alternatives each they would take ten times the room of all the rest."""

from __future__ import annotations

import base64
import json
import math
import zlib
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Final

import msgspec

from .cell import Cell
from .protocol import PackedCell, PackedTokens, TokenMeasures

ONE: Final = 2_000
"""Probability 1: half of a per mille is the least that the page tells from nothing."""
_N_DIGITS = 3


def pack_tokens(cells: Sequence[Cell]) -> str:
    """`PackedTokens` of these cells as JSON, deflated, in base64."""
    texts = Counter(text for cell in cells for text in _texts(cell.token_measures))
    # The most frequent get the shortest numbers.
    numbers = {text: number for number, (text, _) in enumerate(texts.most_common())}
    packed = PackedTokens(tuple(numbers), ONE, tuple(_packed(cell.token_measures, numbers) for cell in cells))
    # JSON's escapes hold what UTF-8 cannot: half surrogate pairs, which single tokens may be.
    body = json.dumps(msgspec.to_builtins(packed), separators=(",", ":"), allow_nan=False).encode("ascii")
    return base64.b64encode(zlib.compress(body, 9)).decode("ascii")


def rounded(value: float, n_digits: int = _N_DIGITS) -> float | None:
    """A number in so many significant digits; None for one that JSON does not have."""
    return float(f"{value:.{n_digits}g}") if math.isfinite(value) else None


def _texts(tokens: TokenMeasures) -> Iterator[str]:
    yield from tokens.texts
    for of_token in tokens.alternatives:
        yield from (one.text for one in of_token)


def _packed(tokens: TokenMeasures, numbers: dict[str, int]) -> PackedCell:
    every = [one for of_token in tokens.alternatives for one in of_token]
    return PackedCell(
        texts=tuple(numbers[text] for text in tokens.texts),
        kl=_all_rounded(tokens.kl),
        surprise=_all_rounded(tokens.surprise),
        activations=tuple(map(_all_rounded, tokens.activations)),
        alternatives=tuple(tuple(numbers[one.text] for one in of_token) for of_token in tokens.alternatives),
        steered=tuple(_parts(one.steered) for one in every),
        unsteered=tuple(_parts(one.unsteered) for one in every),
    )


def _parts(probability: float) -> int:
    """Never none of what is possible."""
    return max(round(probability * ONE), int(probability > 0))


def _all_rounded(values: Sequence[float]) -> tuple[float | None, ...]:
    return tuple(map(rounded, values))
