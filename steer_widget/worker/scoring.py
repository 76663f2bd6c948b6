"""The measures of a run: one pass over all of its texts, after they are generated, told cell by cell."""

from __future__ import annotations

import traceback
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from ..errors import GenerationError
from ..protocol import CellMeasured, ErrorInfo, Fault
from .placement import is_out_of_memory, release_memory, trim_heap

if TYPE_CHECKING:
    from ..protocol import Event
    from .cell_measurer import CellMeasurer
    from .checkpoint import Checkpoint
    from .row import Row

_MAX_TOKENS = {"cpu": 3072}  # padded, in one pass: enough to keep the processor busy
_MAX_TOKENS_GPU = 16384


def score(
    run: str,
    rows: Sequence[Row],
    measurer: CellMeasurer,
    emit: Callable[[Event], None],
    checkpoint: Checkpoint,
) -> None:
    """Measures the cells that have a text, and sends what was measured on each.

    What cannot be measured is absent, and the reason is told by a `Fault`; the texts are not touched.

    Args:
        run: its id.
        rows: all of the run, ended; those of a prompt and sample are best measured together.
        measurer: takes the measures that the grid asks for.
        emit: takes events to the kernel.
        checkpoint: passed before every forward pass.
    """
    scorable = [row for row in rows if row.is_scorable]
    waiting = _batches(sorted(scorable, key=measurer.order), measurer.device_type)
    if len(waiting) > 1:
        trim_heap()  # of what decoding left
    while waiting and not checkpoint():
        batch = waiting.pop(0)
        ran_out_of_memory = False
        try:
            for row, measures, tokens in measurer.measure(batch):
                emit(CellMeasured(run, row.cell, measures, tokens))
        except Exception as error:  # noqa: BLE001 - measures must not take the texts, or the worker, with them
            ran_out_of_memory = is_out_of_memory(error)
            if ran_out_of_memory and len(batch) > 1:
                middle = len(batch) // 2
                waiting[:0] = [batch[:middle], batch[middle:]]
            else:
                emit(Fault(_not_measured(batch, error)))
        if ran_out_of_memory:
            release_memory(measurer.device)
        if waiting:
            trim_heap()


def _not_measured(batch: Sequence[Row], error: Exception) -> ErrorInfo:
    cells = ", ".join(str(row.cell) for row in batch)
    return ErrorInfo.of(
        GenerationError(
            f"The measures of cells {cells} could not be taken: {type(error).__name__}: {error}. "
            "Their texts are not touched. Switch measures off (measures=[…]) if this happens again."
        ),
        traceback.format_exc(),
    )


def _batches(rows: Sequence[Row], device_type: str) -> list[list[Row]]:
    """Rows in their order, as many at once as fit into a pass.

    A run that needs several passes anyway takes smaller ones: they cost hardly more time and half the memory.
    """
    most = _MAX_TOKENS.get(device_type, _MAX_TOKENS_GPU)
    whole = _filled(rows, most)
    return whole if len(whole) <= 1 else _filled(rows, most // 2)


def _filled(rows: Sequence[Row], most: int) -> list[list[Row]]:
    """Rows in their order, at most so many padded tokens at once; a steered row is read twice."""
    batches: list[list[Row]] = []
    n_readings, n_longest = 0, 0
    for row in rows:
        n_own = 2 if row.edits else 1
        longest = max(n_longest, len(row.prefix_ids))
        if batches and (n_readings + n_own) * longest <= most:
            batches[-1].append(row)
            n_readings, n_longest = n_readings + n_own, longest
        else:
            batches.append([row])
            n_readings, n_longest = n_own, len(row.prefix_ids)
    return batches
