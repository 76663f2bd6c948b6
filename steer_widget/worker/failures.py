"""How a cell that failed says so."""

from __future__ import annotations

import traceback
from collections.abc import Sequence
from typing import TYPE_CHECKING

from ..errors import Diverged, GenerationError, OutOfMemory, SteerError
from ..protocol import ErrorInfo
from .placement import is_out_of_memory

if TYPE_CHECKING:
    from .row import Row


def diverged(row: Row) -> ErrorInfo:
    """The error of a row whose logits were no longer finite."""
    dose = "" if row.dose is None else f" Its dose was {row.dose:.3g}."
    return ErrorInfo.of(
        Diverged(
            f"The logits were no longer finite after {len(row.completion.token_ids)} tokens: the steering is too "
            f"strong for the model's number format.{dose} Lower the strength, or load the model in a wider dtype."
        )
    )


def failure(error: Exception, rows: Sequence[Row]) -> ErrorInfo:
    """The error of rows that an exception, which is being handled, has ended."""
    details = traceback.format_exc()
    if is_out_of_memory(error):
        n_tokens = max(len(row.prefix_ids) for row in rows) if rows else 0
        return ErrorInfo.of(
            OutOfMemory(
                f"One row alone, of {n_tokens} tokens, does not fit into memory: {error}. "
                "Shorten the prompt, lower max_new_tokens, or load the model in a smaller dtype."
            ),
            details,
        )
    if isinstance(error, SteerError):
        return ErrorInfo.of(error, details)
    return ErrorInfo.of(
        GenerationError(
            f"Generation failed: {type(error).__name__}: {error}. The worker lives on; see the details."
        ),
        details,
    )
