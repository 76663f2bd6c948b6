"""The rows that every table of a result has: one per cell, or one per token."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .cell import prompt_text
from .spec import Feature, Steerable, feature_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .cell import Cell
    from .result import RunResult

_OF_TOKENS = (
    "cell", "prompt", "steering", "sample", "token", "token_id", "text", "kl", "surprise", "activation",
)  # fmt: skip


def columns_of(rows: Sequence[dict[str, object]], *, tokens: bool) -> list[str]:
    """Names of the columns, also where no token was generated."""
    return list(_OF_TOKENS if tokens else rows[0] if rows else ("cell",))


def cell_rows(result: RunResult) -> list[dict[str, object]]:
    """A row for each cell, in their order; the columns are those of `RunResult.to_pandas`, the cell's number first."""
    return [_cell_row(result, cell) for cell in result.cells]


def token_rows(result: RunResult) -> list[dict[str, object]]:
    """A row for each generated token, cell by cell."""
    return [row for cell in result.cells for row in _rows_of_tokens(cell)]


def _rows_of_tokens(cell: Cell) -> list[dict[str, object]]:
    measures = cell.token_measures
    of_cell = (cell.index, prompt_text(cell.prompt), str(cell.steering), cell.sample)
    of_tokens = (measures.texts, measures.kl, measures.surprise, next(iter(measures.activations), ()))
    return [
        dict(zip(_OF_TOKENS, (*of_cell, place, token_id, *(_at(of, place) for of in of_tokens)), strict=True))
        for place, token_id in enumerate(cell.token_ids)
    ]


def _at(values: Sequence[object], place: int) -> object:
    return values[place] if place < len(values) else None


def _cell_row(result: RunResult, cell: Cell) -> dict[str, object]:
    edits, measures = cell.steering.edits, cell.measures
    return {
        "cell": cell.index,
        "prompt": prompt_text(cell.prompt),
        "steering": str(cell.steering),
        "features": [_name(edit.feature) for edit in edits],
        "sae": [_sae(result, edit.feature) for edit in edits],
        "strengths": [edit.strength for edit in edits],
        "units": [edit.unit for edit in edits],
        "methods": [edit.method for edit in edits],
        "positions": [edit.positions and str(edit.positions) for edit in edits],
        "skip_special": [edit.skip_special for edit in edits],
        "sample": cell.sample,
        "text": cell.text,
        "n_tokens": cell.n_tokens,
        "state": cell.state,
        "finish": cell.finish,
        "error": cell.failure.message if cell.failure else None,
        "flags": list(measures.flags),
        "dose": measures.dose,
        "kl_mean": measures.kl_mean,
        "kl_p95": measures.kl_p95,
        "kl_max": measures.kl_max,
        "perplexity": measures.perplexity,
        "repetition": measures.repetition,
        "distinct_1": measures.distinct_1,
        "distinct_2": measures.distinct_2,
        "activation": measures.activations[0].mean if measures.activations else None,
        "similarity": measures.similarity,
    }


def _sae(result: RunResult, direction: Steerable) -> str | None:
    feature = feature_of(direction)
    if feature is None:
        return None
    return feature.sae or (result.saes[0].name if result.saes else "")


def _name(direction: Steerable) -> int | str:
    return direction.index if isinstance(direction, Feature) else str(direction)
