"""Reading what stands at hook points in a forward pass, without changing it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING

from .tap import Tap

if TYPE_CHECKING:
    from torch import Tensor

    from .hook_points import HookPoint


@contextmanager
def watching(points: Sequence[HookPoint]) -> Iterator[dict[str, list[Tensor]]]:
    """A pass inside fills, by name of the hook point, the tensors it met there `[rows, seq, width]`."""
    seen: dict[str, list[Tensor]] = {point.name: [] for point in points}

    def watch(point: HookPoint) -> Tap:
        def keep(h: Tensor) -> None:
            # Within a block the model may go on to add to the tensor it gave (Falcon), and an edit of the
            # stream is written into it.
            seen[point.name].append(h if point.module is point.block else h.clone())

        return Tap(point, keep)

    with ExitStack() as undo:
        for point in points:
            undo.enter_context(watch(point))
        yield seen
