"""Speed of the engine against plain transformers, in the same run."""

from __future__ import annotations

import time
from collections.abc import Callable
from statistics import median

from .subject import STRENGTHS, Subject, run_generate, run_ours

N_PAIRS = 3


def seconds(work: Callable[[], object]) -> float:
    """Wall time of `work`."""
    started_s = time.perf_counter()
    work()
    return time.perf_counter() - started_s


def interleaved(ours: Callable[[], object], theirs: Callable[[], object]) -> tuple[float, float, float]:
    """Medians over interleaved pairs: seconds of ours, seconds of theirs, theirs ÷ ours."""
    pairs = [(seconds(ours), seconds(theirs)) for _ in range(N_PAIRS)]
    return median(a for a, _ in pairs), median(b for _, b in pairs), median(b / a for a, b in pairs)


def batch_vs_sequential(subject: Subject) -> dict[str, float]:
    """21 cells × 60 tokens: plain `generate` with a hook, one cell after another ÷ ours in one batch."""

    def one_after_another() -> None:
        for strength in (0.0, *STRENGTHS):
            run_generate(subject, [strength])

    ours_s, theirs_s, ratio = interleaved(lambda: run_ours(subject), one_after_another)
    return {"ratio": ratio, "ours_s": ours_s, "one_after_another_s": theirs_s}


def steering_overhead(subject: Subject) -> dict[str, float]:
    """Our batch, steered ÷ the same batch unsteered by plain `generate`."""
    ours_s, theirs_s, ratio = interleaved(
        lambda: run_ours(subject), lambda: run_generate(subject, [0.0, *STRENGTHS], hook=False)
    )
    return {"ratio": 1 / ratio, "ours_s": ours_s, "generate_unsteered_s": theirs_s}
