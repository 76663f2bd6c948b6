"""How far a text goes towards a wish, by the unsteered model's own lights; no other judge.

For a wish in words, pointwise mutual information of wish and text, beside the baseline's text (Church & Hanks 1990;
for a language model's own probabilities as scores, domain-conditional PMI, Holtzman et al. 2021):

    effect = ln p(topic | frame(text)) − ln p(topic | frame(baseline's text))        in nats

What the frame and the topic do by themselves is in both, and falls out.

For examples, how far the text's mean activation at the SAE's hook point has gone from the baseline's along the way
from the other texts to the examples:

    effect = (m(text) − m(baseline)) · w / |w|²,   w = m(examples) − m(others)        1: the whole way
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final

from ..cell import Cell, prompt_text

FRAME: Final = '"{text}"\n\nThe text above contains words about'
MAX_CHARS: Final = 4_000
"""Of a text; the end counts, where it was steered longest."""


def pair_of(topic: str, cell: Cell) -> tuple[str, str]:
    """Context and text whose likelihood tells how much the cell is about the topic."""
    text = f"{prompt_text(cell.prompt)}{cell.text}".strip()[-MAX_CHARS:]
    return FRAME.format(text=text), f" {topic}"


def way_between(examples: Sequence[Sequence[float]], others: Sequence[Sequence[float]]) -> list[float]:
    """W / |w|² of the means of two sets of rows `[n, d]`; all zero where the means are the same."""
    way = [
        _mean(a) - _mean(b)
        for a, b in zip(zip(*examples, strict=True), zip(*others, strict=True), strict=True)
    ]
    square = math.fsum(value * value for value in way)
    return [value / square if square else 0.0 for value in way]


def along(way: Sequence[float], mean: Sequence[float]) -> float:
    """Where a mean activation `[d]` lies along the way."""
    return math.fsum(a * b for a, b in zip(way, mean, strict=True))


def _mean(values: Sequence[float]) -> float:
    return math.fsum(values) / len(values)
