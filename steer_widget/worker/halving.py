"""Work in batches that are halved where memory runs out."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, TypeVar

from ..errors import OutOfMemory
from .placement import is_out_of_memory, release_memory

if TYPE_CHECKING:
    import torch

_T = TypeVar("_T")


def in_batches(
    batches: Sequence[Sequence[int]], do: Callable[[Sequence[int]], _T], device: torch.device
) -> Iterator[tuple[Sequence[int], _T]]:
    """Does each batch of numbers, one that does not fit into memory by halves; gives what was done with what it gave.

    Args:
        batches: numbers of things.
        do: takes some of them.
        device: where the memory is.

    Raises:
        OutOfMemory: one alone does not fit.
    """
    waiting = list(batches)
    while waiting:
        batch = waiting.pop(0)
        try:
            done = do(batch)
        except Exception as error:
            if not is_out_of_memory(error):
                raise
            if len(batch) == 1:
                raise OutOfMemory(
                    f"One text or direction alone does not fit into memory: {error}. "
                    "Shorten the text, or load the model in a smaller dtype."
                ) from error
            middle = len(batch) // 2
            waiting[:0] = [batch[:middle], batch[middle:]]
        else:
            yield batch, done
            continue
        release_memory(device)  # only here, where the error no longer holds the tensors of its frames
