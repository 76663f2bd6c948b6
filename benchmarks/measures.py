"""What the measures cost."""

from __future__ import annotations

from .bench import Bench
from .measured import Measured, of_pairs
from .subject import make_grid, run_ours
from .timing import in_pairs


def measures_cost(bench: Bench) -> Measured:
    """The grid with all measures ÷ without any."""
    subject, strengths, n_tokens = bench.subject, bench.scale.strengths, bench.scale.n_tokens
    with_, without = (make_grid(strengths, n_tokens, measured=measured) for measured in (True, False))
    run_ours(subject, with_)
    run_ours(subject, without)
    pairs = in_pairs(
        lambda: run_ours(subject, with_), lambda: run_ours(subject, without), bench.scale.n_quick_pairs
    )
    return of_pairs(pairs, "with_measures", "without", n_cells=len(strengths), n_tokens=n_tokens)
