"""How sure an effect is, from its spread over prompts and samples: Student's paired t test, and words for it."""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from typing import Final

from ..protocol import Sureness

CLEAR_ERROR: Final = 0.05
LIKELY_ERROR: Final = 0.2
"""How often, at most, one of all candidates may be called so by luck alone."""

_MIN_TEXTS: Final = 3


def confidence_above(values: Sequence[float]) -> float | None:
    """One-sided confidence that the mean is above zero: 1 − p of Student's t test. None: fewer than 3 values.

    A bootstrap of so few values would be too sure of itself: of twelve candidates without an effect, tried on eight
    texts each, it called one clear in every fourth search.
    """
    n = len(values)
    if n < _MIN_TEXTS:
        return None
    mean, spread = statistics.fmean(values), statistics.stdev(values)
    if spread == 0:
        return 0.5 if mean == 0 else float(mean > 0)
    return student_t(mean / (spread / math.sqrt(n)), n - 1)


def student_t(t: float, n_free: int) -> float:
    """Distribution function of Student's t with `n_free` degrees of freedom (Abramowitz and Stegun 26.7.3, 26.7.4)."""
    angle = math.atan(t / math.sqrt(n_free))
    cosine, is_odd = math.cos(angle), n_free % 2
    term = cosine if is_odd else 1.0
    total = term if n_free > 1 else 0.0
    for k in range(2 + is_odd, n_free - 1, 2):
        term *= (k - 1) / k * cosine**2
        total += term
    inside = math.sin(angle) * total
    return 0.5 + 0.5 * ((angle + inside) * 2 / math.pi if is_odd else inside)


def word_for(above_zero: float | None, above_random: float | None, n_tried: int) -> Sureness:
    """``clear``: both confidences are at least 1 − 0.05 / n; ``likely``: at least 1 − 0.2 / n; else ``a guess``.

    The best of n that were tried is looked at, so each has to be surer than one alone (Bonferroni). What is not known
    does not speak for it.

    Args:
        above_zero: confidence that the effect is above zero.
        above_random: that it is above that of random directions.
        n_tried: how many candidates were tried.
    """
    if above_zero is None:
        return "a guess"
    error = n_tried * (1.0 - min(above_zero, above_zero if above_random is None else above_random))
    return "clear" if error <= CLEAR_ERROR else "likely" if error <= LIKELY_ERROR else "a guess"
