"""Reading what stands at hook points in a forward pass, without changing it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import torch
    from torch import Tensor

    from .hook_points import HookPoint


@contextmanager
def watching(points: Sequence[HookPoint]) -> Iterator[dict[str, list[Tensor]]]:
    """A pass inside fills, by name of the hook point, the tensors it met there `[rows, seq, width]`."""
    seen: dict[str, list[Tensor]] = {point.name: [] for point in points}

    def watch(point: HookPoint) -> torch.utils.hooks.RemovableHandle:
        def on_input(_module: torch.nn.Module, args: Any, kwargs: Any) -> None:
            seen[point.name].append(args[0] if args else kwargs["hidden_states"])

        def on_output(_module: torch.nn.Module, _args: Any, output: Any) -> None:
            seen[point.name].append(output[0] if isinstance(output, tuple) else output)

        if point.side == "output":
            return point.module.register_forward_hook(on_output)
        return point.module.register_forward_pre_hook(on_input, with_kwargs=True)

    with ExitStack() as undo:
        for point in points:
            undo.enter_context(watch(point))
        yield seen
