"""How often everything is done: in full, or in short as part of every test run."""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import NamedTuple, TypeVar

import pytest

T = TypeVar("T")


class Scale(NamedTuple):
    """How often.

    Attributes:
        n_kills: kill -9 of a worker, and of a kernel.
        n_frames: malformed ones, each way.
        n_rounds: of what takes some seconds each time.
        n_submissions: at once, from several threads.
    """

    n_kills: int
    n_frames: int
    n_rounds: int
    n_submissions: int = 200

    def some(self, variants: Iterable[T]) -> list[T]:
        """All variants of a fault that costs a start of a worker each; in short the first alone."""
        return list(variants)[: None if self.n_rounds > 1 else 1]

    def shares(self, n_parts: int) -> list[int]:
        """The kills, divided."""
        return [self.n_kills // n_parts + (part < self.n_kills % n_parts) for part in range(n_parts)]


SHORT = Scale(n_kills=5, n_frames=2000, n_rounds=1)
FULL = Scale(n_kills=50, n_frames=10_000, n_rounds=5)


def asked() -> Scale:
    """What the environment asks for: ``FAULTS=full``, or the short form."""
    return FULL if os.environ.get("FAULTS") == "full" else SHORT


only_in_full = pytest.mark.skipif(asked() is SHORT, reason="FAULTS=full: make faults")
"""For what another test, or one without a process, has a short form of."""
