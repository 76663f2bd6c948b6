"""Every figure: what it is, how far it should reach, and what measures it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from .bench import Bench
from .generation import batch_vs_sequential, single_vs_generate, steering_overhead, vs_repeng, vs_saelens
from .growth import growth
from .measured import Measured
from .measures import measures_cost
from .memory import memory_growth
from .next_token import next_token_rate
from .page import page_first_token, page_long_tasks
from .prefill import prefill_all, prefill_generated
from .profiling import profile_speed
from .roofline import weights_roofline
from .samples import compare_seed_target
from .search import search_wide
from .startup import startup


@dataclass(frozen=True)
class Bar:
    """One figure and its bar.

    Attributes:
        what: the ratio in words.
        measure: finds it.
        at_least, at_most: the bar; both None where it is only reported.
    """

    what: str
    measure: Callable[[Bench], Measured]
    at_least: float | None = None
    at_most: float | None = None

    @property
    def reach(self) -> str:
        """The bar as people write it."""
        if self.at_least is not None:
            return f"≥ {self.at_least:g}"
        return "report" if self.at_most is None else f"≤ {self.at_most:g}"

    def is_met(self, ratio: float | None) -> bool | None:
        """Whether a ratio reaches it; None where there is no bar or no ratio."""
        if ratio is None or (self.at_least is None and self.at_most is None):
            return None
        return (self.at_least is None or ratio >= self.at_least) and (
            self.at_most is None or ratio <= self.at_most
        )


# What is quick or sensitive comes before what heats the machine for minutes.
BARS: dict[str, Bar] = {
    "startup": Bar("what a user waits for and a kernel carries", startup),
    "page_first_token": Bar(
        "ms from Run to the first token on the page − the model's own", page_first_token, at_most=100
    ),
    "page_long_tasks": Bar("tasks over 50 ms in the page while 60 cells stream", page_long_tasks, at_most=0),
    "search_260k": Bar("slowest search as a user types ÷ 50 ms", search_wide, at_most=1.0),
    "single_vs_generate": Bar("one unsteered cell: ours ÷ generate", single_vs_generate, at_most=0.85),
    "next_token_rate": Bar(
        "next-token updates per second ÷ plain passes of its two rows", next_token_rate, at_least=1.5
    ),
    "profile_speed": Bar(
        "statistics of every feature: tokens per second ÷ plain forward passes", profile_speed, at_least=0.8
    ),
    "weights_roofline": Bar(
        "decode step of one cell ÷ reading the weights once", weights_roofline, at_most=5
    ),
    "steering_overhead": Bar(
        "batch of cells steered ÷ the same unsteered by generate", steering_overhead, at_most=1.02
    ),
    "measures_cost": Bar("grid with all measures ÷ without", measures_cost, at_most=1.35),
    "prefill_generated": Bar(
        "first tokens, generated steered ÷ one unsteered prefill", prefill_generated, at_most=1.5
    ),
    "prefill_all": Bar("first tokens, all steered ÷ one prefill for each cell", prefill_all, at_most=0.65),
    "batch_vs_sequential": Bar(
        "generate with a hook, cell after cell ÷ ours", batch_vs_sequential, at_least=15
    ),
    "vs_saelens": Bar("sae-lens' bridge, cell after cell ÷ ours", vs_saelens, at_least=20),
    "vs_repeng": Bar("repeng's ControlModel, cell after cell ÷ ours", vs_repeng, at_least=15),
    "compare_seed_target": Bar(
        "4 configurations × 5 samples, measured ÷ cell after cell", compare_seed_target
    ),
    "growth": Bar("tokens/s at many cells ÷ at few", growth, at_least=0.95),
    "memory_growth": Bar("worker's peak memory at many cells ÷ at some", memory_growth, at_most=1.2),
}
