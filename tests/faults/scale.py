"""How often everything is done: in full, or in short as part of every test run."""

from __future__ import annotations

import os
from typing import NamedTuple


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

    def shares(self, n_parts: int) -> list[int]:
        """The kills, divided."""
        return [self.n_kills // n_parts + (part < self.n_kills % n_parts) for part in range(n_parts)]


SHORT = Scale(n_kills=5, n_frames=2000, n_rounds=1)
FULL = Scale(n_kills=50, n_frames=10_000, n_rounds=10)


def asked() -> Scale:
    """What the environment asks for: ``FAULTS=full``, or the short form."""
    return FULL if os.environ.get("FAULTS") == "full" else SHORT
