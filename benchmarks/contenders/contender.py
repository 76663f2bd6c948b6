"""What every contender does."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from ..subject import TokenIds


class Contender(Protocol):
    """Steers a copy of the embedded model by the same direction at the same layer."""

    def text(self, strength: float, n_tokens: int) -> TokenIds:
        """The prompt's greedy continuation of `n_tokens` tokens; strength 0 is unsteered."""


def one_after_another(contender: Contender, strengths: Sequence[float], n_tokens: int) -> list[TokenIds]:
    """The texts of a grid, each by itself."""
    texts = [contender.text(strength, n_tokens) for strength in strengths]
    if any(len(text) != n_tokens for text in texts):
        raise RuntimeError(f"{type(contender).__name__} did not give every text {n_tokens} tokens")
    return texts
