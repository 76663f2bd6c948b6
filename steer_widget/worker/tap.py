"""Reads or edits the tensor at a hook point each time the model computes it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from ..errors import HookInactive

if TYPE_CHECKING:
    from types import TracebackType

    import torch
    from torch import Tensor
    from torch.utils.hooks import RemovableHandle
    from typing_extensions import Self

    from .hook_points import HookPoint


class Tap:
    """A function at a hook point; a context manager that takes it off again.

    Args:
        point: where the tensor is.
        act: gets the tensor `[rows, seq, width]`; what it returns takes its place, None leaves it. The
            model may go on to write into the tensor it gave: clone what is to be kept.
    """

    def __init__(self, point: HookPoint, act: Callable[[Tensor], Tensor | None]) -> None:
        self._point = point
        self._act = act
        self._handles: list[RemovableHandle] = []
        self._shape: tuple[int, int] | None = None

    def attach(self) -> None:
        """From now on it acts in every forward pass."""
        module, block = self._point.module, self._point.block
        if module is not block:
            self._handles.append(block.register_forward_pre_hook(self._on_block, with_kwargs=True))
        self._handles.append(
            module.register_forward_hook(self._on_output)
            if self._point.side == "output"
            else module.register_forward_pre_hook(self._on_input, with_kwargs=True)
        )

    def detach(self) -> None:
        """Takes it off the model."""
        while self._handles:
            self._handles.pop().remove()

    def __enter__(self) -> Self:
        self.attach()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.detach()

    def _on_block(self, _module: torch.nn.Module, args: Any, kwargs: Any) -> None:
        rows, seq = (args[0] if args else kwargs["hidden_states"]).shape[:2]
        self._shape = rows, seq

    def _on_output(self, _module: torch.nn.Module, _args: Any, output: Any) -> Any:
        if isinstance(output, tuple):
            new = self._acted(output[0])
            return None if new is None else (new, *output[1:])
        return self._acted(output)

    def _on_input(self, _module: torch.nn.Module, args: Any, kwargs: Any) -> Any:
        h = args[0] if args else kwargs["hidden_states"]
        new = self._acted(h)
        if new is None:
            return None
        if self._point.is_stream:
            h.copy_(new)
            return None
        return ((new, *args[1:]), kwargs) if args else (args, {**kwargs, "hidden_states": new})

    def _acted(self, h: Tensor) -> Tensor | None:
        if h.dim() == 3:
            return self._act(h)
        if h.dim() != 2 or self._shape is None or len(h) != self._shape[0] * self._shape[1]:
            raise HookInactive(
                f"The tensor at {self._point.name} has the shape {tuple(h.shape)}, which is not one vector per token. "
                "Choose another hook point."
            )
        # OPT's MLP works on the tokens of all rows in one dimension.
        new = self._act(h.view(*self._shape, h.shape[-1]))
        return None if new is None else new.reshape(h.shape)
