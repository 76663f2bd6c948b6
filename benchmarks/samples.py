"""The older application's own target: 4 configurations × 5 samples × 100 tokens within 30 s."""

from __future__ import annotations

from .bench import Bench
from .growth import TEMPERATURE
from .measured import Measured, of_pairs
from .subject import make_grid, run_ours
from .timing import in_pairs

TARGET_S = 30.0
_STRENGTHS = (20.0, 40.0, 60.0, 80.0)
_N_SAMPLES = 5


def compare_seed_target(bench: Bench) -> Measured:
    """Ours with all measures ÷ the same texts by plain `generate`, one after another, without any."""
    subject, n_tokens = bench.subject, bench.scale.n_tokens_sample
    grid = make_grid(_STRENGTHS, n_tokens, samples=_N_SAMPLES, temperature=TEMPERATURE, measured=True)
    run_ours(subject, grid)
    bench.plain.batch([_STRENGTHS[0]], n_tokens, temperature=TEMPERATURE)

    def one_after_another() -> None:
        for strength in _STRENGTHS:
            for _ in range(_N_SAMPLES):
                bench.plain.batch([strength], n_tokens, temperature=TEMPERATURE)

    pairs = in_pairs(lambda: run_ours(subject, grid), one_after_another, bench.scale.n_pairs)
    return of_pairs(
        pairs, "ours", "one_after_another", n_cells=len(grid), n_tokens=n_tokens, older_target_s=TARGET_S
    )
