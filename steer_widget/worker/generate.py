"""Generating all rows of a run: batch after batch, halved where memory runs out or a row fails."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..errors import SteerError
from .batches import batch_size, split_by_length
from .decode import decode
from .failures import diverged, failure
from .placement import is_out_of_memory, release_memory, trim_heap

if TYPE_CHECKING:
    from ..protocol import ErrorInfo
    from ..spec import Generation
    from .adapter import Adapter
    from .checkpoint import Checkpoint
    from .row import Row
    from .stream import TokenStream


def generate(
    adapter: Adapter,
    rows: list[Row],
    generation: Generation,
    stream: TokenStream,
    checkpoint: Checkpoint,
    *,
    max_batch_rows: int | None,
) -> list[ErrorInfo]:
    """Generates rows batch by batch; one that does not fit, or fails, is halved: a row fails alone.

    Returns:
        The errors of the rows that failed. Rows whose `finish` is None then were stopped.
    """
    n_rows = batch_size(adapter, rows, generation.max_new_tokens, max_batch_rows)
    waiting = split_by_length(rows, n_rows)
    errors: list[ErrorInfo] = []
    while waiting and not checkpoint():
        batch = waiting.pop(0)
        ran_out_of_memory = False
        try:
            decode(adapter, batch, generation, stream, checkpoint)
        except Exception as error:  # noqa: BLE001 - a failing batch must not take the run, or the worker, with it
            left = [row for row in batch if row.finish is None]
            ran_out_of_memory = is_out_of_memory(error)
            # What one row cannot bear must not take the others along; what is wrong with the steering itself does.
            if len(left) > 1 and not isinstance(error, SteerError):
                middle = len(left) // 2
                waiting[:0] = [left[:middle], left[middle:]]
            else:
                info = failure(error, left)
                for row in left:
                    row.finish = "failed"
                    errors.append(info)
                    stream.end(row, info)
        errors += [diverged(row) for row in batch if row.finish == "diverged"]
        if ran_out_of_memory:  # only here, where the error no longer holds the tensors of its frames
            release_memory(adapter.input_device)
        if waiting:
            trim_heap()
    stream.flush()
    return errors
