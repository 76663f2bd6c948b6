"""Wall times of two things in turn, so that what slows the machine meanwhile slows both."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from statistics import median
from typing import Generic, TypeVar

A = TypeVar("A")
B = TypeVar("B")
T = TypeVar("T")


def timed(work: Callable[[], T]) -> tuple[float, T]:
    """Wall time of `work` in seconds, and what it gave."""
    started_s = time.perf_counter()
    out = work()
    return time.perf_counter() - started_s, out


@dataclass(frozen=True)
class Pairs(Generic[A, B]):
    """Times of two things, pair by pair, and what each gave last.

    Attributes:
        above_s, below_s: seconds, one per pair.
        above, below: outcomes.
    """

    above_s: tuple[float, ...]
    below_s: tuple[float, ...]
    above: A
    below: B

    @property
    def ratios(self) -> tuple[float, ...]:
        """Above ÷ below of each pair."""
        return tuple(a / b for a, b in zip(self.above_s, self.below_s, strict=True))

    @property
    def median_above_s(self) -> float:
        """Median time of the one above the line."""
        return median(self.above_s)

    @property
    def median_below_s(self) -> float:
        """Median time of the one below the line."""
        return median(self.below_s)


def in_pairs(above: Callable[[], A], below: Callable[[], B], n_pairs: int) -> Pairs[A, B]:
    """Times both `n_pairs` times in turn; every other pair begins with the other one.

    Warm both up before: the first run of anything pays for what later ones find done.
    """
    above_s: list[float] = []
    below_s: list[float] = []
    for pair in range(n_pairs):
        if pair % 2:
            b_s, b = timed(below)
            a_s, a = timed(above)
        else:
            a_s, a = timed(above)
            b_s, b = timed(below)
        above_s.append(a_s)
        below_s.append(b_s)
    return Pairs(tuple(above_s), tuple(below_s), a, b)
