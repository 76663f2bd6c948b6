"""Parts of a forward pass: the decoder blocks below a split, or those from it on."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import torch
    from torch import Tensor


class Layers:
    """The decoder blocks of a model, of which a pass may leave some out.

    A block that is left out hands on what it gets, so the model's own code runs unchanged around it.

    Args:
        blocks: in order.
    """

    def __init__(self, blocks: Iterable[torch.nn.Module]) -> None:
        self._blocks = list(blocks)
        self.gives_tuple = False
        """Whether a block gives a tuple, with the residual stream first."""

    def gives_tuples(self, run: Callable[[], object]) -> bool:
        """Whether the blocks give tuples, found out in a pass that `run` makes."""
        kinds: list[bool] = []

        def on_output(_module: torch.nn.Module, _args: Any, output: Any) -> None:
            kinds.append(isinstance(output, tuple))

        with self._blocks[0].register_forward_hook(on_output):
            run()
        return kinds[0]

    @contextmanager
    def below(self, split: int) -> Iterator[list[Tensor]]:
        """A pass inside runs blocks 0 to `split` - 1 only; the list then holds what block `split` would read."""
        with self.watched(split) as seen, self._left_out(self._blocks[split:]):
            yield seen

    @contextmanager
    def watched(self, split: int) -> Iterator[list[Tensor]]:
        """A pass inside runs whole; the list then holds what block `split` reads `[rows, seq, d_model]`."""
        seen: list[Tensor] = []

        def on_output(_module: torch.nn.Module, _args: Any, output: Any) -> None:
            seen.append(output[0] if isinstance(output, tuple) else output)

        with self._blocks[split - 1].register_forward_hook(on_output):
            yield seen

    @contextmanager
    def from_(self, split: int, h: Tensor) -> Iterator[None]:
        """A pass inside starts with `h` as the output of block `split` - 1, whose hooks act on it."""

        def give(_module: torch.nn.Module, args: Any, kwargs: Any) -> Any:
            if args:
                return (h, *args[1:]), kwargs
            return args, {**kwargs, "hidden_states": h}

        first = self._blocks[0].register_forward_pre_hook(give, with_kwargs=True, prepend=True)
        with first, self._left_out(self._blocks[:split]):
            yield

    @contextmanager
    def _left_out(self, blocks: Sequence[torch.nn.Module]) -> Iterator[None]:
        with ExitStack() as undo:
            for block in blocks:
                before = block.__dict__.get("forward")
                block.forward = self._hand_on
                undo.callback(_restore, block, before)
            yield

    def _hand_on(self, *args: Any, **kwargs: Any) -> Any:
        h = args[0] if args else kwargs["hidden_states"]
        return (h,) if self.gives_tuple else h


def _restore(block: torch.nn.Module, before: Any) -> None:
    """The block's own forward again: its class's, or what another library had put on it."""
    if before is None:
        del block.forward
    else:
        block.forward = before
