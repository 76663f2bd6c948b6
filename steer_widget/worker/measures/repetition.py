"""How much a completion repeats itself."""

from __future__ import annotations

from collections.abc import Sequence

_N_GRAM = 4


def repetition(token_ids: Sequence[int]) -> float | None:
    """Share of the 4-grams of tokens that occurred before in the same completion, 0 to 1.

    Args:
        token_ids: of the completion; for fewer than 4 there is no share, but None.
    """
    n_all, n_different = _count(token_ids, _N_GRAM)
    return (n_all - n_different) / n_all if n_all else None


def distinct(token_ids: Sequence[int], n: int) -> float | None:
    """Different n-grams of tokens among all (distinct-n, Li et al. 2016), 0 to 1.

    Args:
        token_ids: of the completion; for fewer than n there is no share, but None.
        n: 1 or more.
    """
    n_all, n_different = _count(token_ids, n)
    return n_different / n_all if n_all else None


def _count(token_ids: Sequence[int], n: int) -> tuple[int, int]:
    n_all = max(len(token_ids) - n + 1, 0)
    return n_all, len({tuple(token_ids[at : at + n]) for at in range(n_all)})
