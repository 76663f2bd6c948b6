"""Speed and time left of a run, steady to look at. Pure: the caller brings the clock."""

from __future__ import annotations

import math

MEMORY_S = 4.0
"""Seconds after which an observation counts 1/e: long enough to be steady, short enough to follow."""

MIN_OBSERVED_S = 0.25
"""Seconds to observe before a speed is named."""


class SpeedMeter:
    """Tokens per second: an exponentially weighted ratio of tokens to time, unbiased from the start."""

    def __init__(self, memory_s: float = MEMORY_S) -> None:
        self._memory_s = memory_s
        self._last_s: float | None = None
        self._tokens = 0.0
        self._seconds = 0.0
        self._observed_s = 0.0

    def add(self, n_tokens: int, now_s: float) -> None:
        """Counts tokens that arrived at `now_s`; the first call only starts the clock."""
        if self._last_s is None:
            self._last_s = now_s
            return
        passed_s = max(0.0, now_s - self._last_s)
        self._last_s = max(self._last_s, now_s)
        kept = math.exp(-passed_s / self._memory_s)
        self._tokens = self._tokens * kept + n_tokens
        self._seconds = self._seconds * kept + passed_s
        self._observed_s += passed_s

    def skip_to(self, now_s: float) -> None:
        """The time until now does not count: it waited for something else."""
        if self._last_s is not None:
            self._last_s = max(self._last_s, now_s)

    @property
    def tokens_per_s(self) -> float | None:
        """The smoothed speed; None until enough was observed."""
        if self._observed_s < MIN_OBSERVED_S or self._seconds <= 0:
            return None
        return self._tokens / self._seconds


def time_left_s(n_tokens_left: int, tokens_per_s: float | None) -> float | None:
    """Seconds to the end at this speed; an upper bound, as cells may end before their last token."""
    if n_tokens_left <= 0:
        return 0.0
    if not tokens_per_s:
        return None
    return n_tokens_left / tokens_per_s
