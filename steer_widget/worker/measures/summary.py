"""One number for a completion out of one number a token."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple


class KlSummary(NamedTuple):
    """KL over the tokens of a completion, in nats; None where there is none or it is no finite number."""

    mean: float | None
    p95: float | None
    max: float | None


def summarise_kl(kl: Sequence[float]) -> KlSummary:
    """Mean, 95th percentile and maximum of the KL of a completion's tokens.

    Args:
        kl: of each token, in nats; may be empty.
    """
    if not kl:
        return KlSummary(None, None, None)
    return KlSummary(
        _finite(math.fsum(kl) / len(kl)), _finite(quantile(kl, 0.95)), _finite(quantile(kl, 1.0))
    )


def perplexity(surprise: Sequence[float]) -> float | None:
    """The exponential of the mean surprise; None for no tokens, or where it is no finite number.

    Args:
        surprise: −log p of each token, in nats; may be empty.
    """
    if not surprise:
        return None
    mean = math.fsum(surprise) / len(surprise)
    return _finite(math.exp(mean)) if mean < _MAX_EXPONENT else None


_MAX_EXPONENT = 709.0  # the exponential of more is no double


def quantile(values: Sequence[float], q: float) -> float:
    """The value below which the share q lies, interpolated linearly between the two nearest ranks.

    With the n values sorted and counted from 0, it stands at rank q·(n − 1): definition 7 of Hyndman and
    Fan (1996), as numpy's default. NaN where a value is NaN.

    Args:
        values: at least one.
        q: 0 to 1.
    """
    if any(math.isnan(value) for value in values):
        return math.nan
    ordered = sorted(values)
    rank = q * (len(ordered) - 1)
    below = math.floor(rank)
    low, high = ordered[below], ordered[math.ceil(rank)]
    return low if low == high else low + (rank - below) * (high - low)


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None
