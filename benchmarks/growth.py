"""Whether large runs are as fast per token as small ones."""

from __future__ import annotations

from statistics import median

from .bench import Bench
from .measured import Measured
from .subject import make_grid, run_ours
from .timing import timed

N_COLUMNS = 32
TEMPERATURE = 0.8
_N_SMALL_RUNS = 3


def growth(bench: Bench) -> Measured:
    """Tokens per second at many cells ÷ at one batch of them: the same columns, more samples.

    Each large run has small ones before and after it.
    """
    scale, subject = bench.scale, bench.subject
    strengths = tuple(2.5 * column for column in range(N_COLUMNS))
    small, large = (
        make_grid(
            strengths,
            scale.n_tokens_many,
            samples=n_cells // N_COLUMNS,
            temperature=TEMPERATURE,
            measured=True,
        )
        for n_cells in (scale.n_cells_few, scale.n_cells_many)
    )

    def small_runs() -> list[float]:
        return [timed(lambda: run_ours(subject, small))[0] for _ in range(_N_SMALL_RUNS)]

    run_ours(subject, small)
    times_before = small_runs()
    large_s: list[float] = []
    small_s: list[float] = []
    for _ in range(scale.n_long_pairs):
        large_s.append(timed(lambda: run_ours(subject, large))[0])
        times_after = small_runs()
        small_s.append(median(times_before + times_after))
        times_before = times_after
    n_small, n_large = (len(grid) * scale.n_tokens_many for grid in (small, large))
    return Measured(
        [(n_large / b) / (n_small / a) for a, b in zip(small_s, large_s, strict=True)],
        {
            "many_cells_tokens_per_s": n_large / median(large_s),
            "few_cells_tokens_per_s": n_small / median(small_s),
            "many_cells_s": median(large_s),
            "few_cells_s": median(small_s),
        },
        {"n_cells": [len(large), len(small)], "n_tokens": scale.n_tokens_many, "temperature": TEMPERATURE},
    )
