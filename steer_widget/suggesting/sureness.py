"""How sure an effect is, from its spread over prompts and samples: a paired bootstrap (Efron 1979), and words for it."""

from __future__ import annotations

import math
import random
from collections.abc import Sequence
from typing import Final

from ..protocol import Sureness

CLEAR: Final = 0.99
LIKELY: Final = 0.9
"""Least share of resamples in which the effect is above zero and above that of a random direction."""

_N_RESAMPLES: Final = 2_000
_MIN_TEXTS: Final = 3


def share_above(values: Sequence[float], seed: int = 0) -> float | None:
    """Share of resamples, with replacement, whose mean is above zero; ties count half. None: fewer than 3 values.

    The spread of resamples is √((n − 1)/n) of what it should be; the deviations are stretched by as much.
    """
    n = len(values)
    if n < _MIN_TEXTS:
        return None
    mean = math.fsum(values) / n
    stretch = math.sqrt(n / (n - 1))
    stretched = [mean + stretch * (value - mean) for value in values]
    rng = random.Random(seed)  # noqa: S311 - no secret depends on it
    n_above = 0.0
    for _ in range(_N_RESAMPLES):
        total = math.fsum(rng.choices(stretched, k=n))
        n_above += 1.0 if total > 0 else 0.5 if total == 0 else 0.0
    return n_above / _N_RESAMPLES


def word_for(above_zero: float | None, above_random: float | None) -> Sureness:
    """``clear``: both shares are at least 0.99; ``likely``: at least 0.9; else ``a guess``. Shares not known do not speak for it."""
    if above_zero is None:
        return "a guess"
    least = min(above_zero, above_zero if above_random is None else above_random)
    return "clear" if least >= CLEAR else "likely" if least >= LIKELY else "a guess"
