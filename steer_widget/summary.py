"""The numbers of a run in sum, as the page and `result.plot()` show them.

One rule for both (`js/src/summary.ts` has the same; `tests/unit/data/summary.json` holds both to it):

- A text counts once it is done. What was stopped or failed, or has no such measure, is missing, never 0.
- Every text that counts weighs the same: means are taken over prompts and samples together, or over the samples of
  one prompt in a heatmap.
- Perplexity is averaged in its logarithm, so that its mean is that of the surprise; everything else as it is.
- The activation of a cell is the mean activation of its first feature.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Literal, NamedTuple, get_args

from .cell import Cell

if TYPE_CHECKING:
    from .result import RunResult

SummaryMeasure = Literal[
    "kl", "perplexity", "activation", "repetition", "dose", "similarity", "n_tokens", "flags"
]
SUMMARY_MEASURES: tuple[SummaryMeasure, ...] = get_args(SummaryMeasure)


class SummaryInfo(NamedTuple):
    """A measure that can be summed up.

    Attributes:
        name: as shown.
        unit: in what it is counted; empty for a plain number.
        read: it of one cell; None where it was not measured.
        is_log: whether it is averaged and drawn in its logarithm.
        is_share: whether it reads as a percentage.
    """

    name: str
    unit: str
    read: Callable[[Cell], float | None]
    is_log: bool = False
    is_share: bool = False


class Mean(NamedTuple):
    """A mean over texts: None where no text has a value; `n`: of how many it is."""

    value: float | None
    n: int


def _activation(cell: Cell) -> float | None:
    return cell.measures.activations[0].mean if cell.measures.activations else None


def _n_flags(cell: Cell) -> int:
    # That it diverged may stand in the way it ended alone.
    return len({*cell.measures.flags, *(["diverged"] if cell.finish == "diverged" else [])})


_INFO: dict[SummaryMeasure, SummaryInfo] = {
    "kl": SummaryInfo("KL divergence", "nats per token", lambda cell: cell.measures.kl_mean),
    "perplexity": SummaryInfo("Perplexity", "", lambda cell: cell.measures.perplexity, is_log=True),
    "activation": SummaryInfo("Feature's activation", "mean per token", _activation),
    "repetition": SummaryInfo(
        "Repetition", "share of 4-token sequences", lambda cell: cell.measures.repetition, is_share=True
    ),
    "dose": SummaryInfo("Dose", "of the hidden state", lambda cell: cell.measures.dose),
    "similarity": SummaryInfo("Similarity to the baseline", "cosine", lambda cell: cell.measures.similarity),
    "n_tokens": SummaryInfo("Length", "tokens", lambda cell: cell.n_tokens),
    "flags": SummaryInfo("Flags", "per text", _n_flags),
}


def summary_info(measure: SummaryMeasure) -> SummaryInfo:
    """What is known of a measure."""
    return _INFO[measure]


def read_value(measure: SummaryMeasure, cell: Cell) -> float | None:
    """A measure of one text; None where it is missing."""
    value = _INFO[measure].read(cell) if cell.state == "done" else None
    return value if value is not None and math.isfinite(value) else None


def mean_of(measure: SummaryMeasure, values: Sequence[float]) -> Mean:
    """The mean of these values, of perplexities the geometric one."""
    if not values:
        return Mean(None, 0)
    if _INFO[measure].is_log:
        return Mean(math.exp(math.fsum(map(math.log, values)) / len(values)), len(values))
    return Mean(math.fsum(values) / len(values), len(values))


def mean_of_cells(measure: SummaryMeasure, cells: Iterable[Cell]) -> Mean:
    """The mean over the cells that have a value."""
    values = (read_value(measure, cell) for cell in cells)
    return mean_of(measure, [value for value in values if value is not None])


def cells_under(result: RunResult, columns: Sequence[int]) -> Iterator[Cell]:
    """All cells of these columns, prompt by prompt."""
    for prompt in range(len(result.grid.prompts)):
        for column in columns:
            yield from cells_at(result, prompt, column)


def cells_at(result: RunResult, prompt: int, column: int) -> tuple[Cell, ...]:
    """The samples of one prompt under one column."""
    samples = result.grid.samples
    first = (prompt * len(result.grid.steerings) + column) * samples
    return result.cells[first : first + samples]


def heatmap_of(result: RunResult, measure: SummaryMeasure) -> list[list[Mean]]:
    """Means over the samples: a row for each prompt, a column for each steering."""
    return [
        [
            mean_of_cells(measure, cells_at(result, prompt, column))
            for column in range(len(result.grid.steerings))
        ]
        for prompt in range(len(result.grid.prompts))
    ]
