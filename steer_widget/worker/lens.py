"""The tokens that a direction raises and lowers when it goes straight to the logits: its logit lens."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..errors import InvalidInput, SaeMismatch
from ..protocol import Lens, LensToken
from .hook_points import width_of
from .readout import through

if TYPE_CHECKING:
    import torch
    from torch import Tensor, nn

    from ..protocol import LensOf
    from .adapter import Adapter
    from .directions import Directions
    from .readout import Readout


def read_lens(adapter: Adapter, directions: Directions, readout: Readout, question: LensOf) -> Lens:
    """Ranks the vocabulary by what the direction adds to its logits, see `Readout`.

    Args:
        adapter: the model.
        directions: what features and vectors are in it.
        readout: the model's.
        question: which direction, and how many tokens of either end.

    Raises:
        InvalidInput: there is no such feature, or its hook point neither is in the residual stream nor adds to it.
        SaeMismatch: the direction has another width than the hook point.
    """
    direction, hook_name = directions.of(question.direction)
    logits = readout.logits(streamed(adapter, direction, hook_name)[None])[0]
    k = min(question.k, len(logits))
    return Lens(_tokens(adapter, logits.topk(k)), _tokens(adapter, logits.topk(k, largest=False)))


def streamed(adapter: Adapter, direction: Tensor, hook_name: str) -> Tensor:
    """What a direction adds to the residual stream: float32 `[d_model]`, on the CPU.

    One of attention's heads goes through the output projection, and the norm behind it where there is one; of that
    norm only the scale counts, as of the final one.

    Raises:
        InvalidInput: its hook point is neither in the residual stream nor adds to it.
        SaeMismatch: it has another width than the hook point.
    """
    point, v = adapter.point(hook_name), direction.float().cpu()
    width = width_of(point, adapter.d_model)
    if len(v) != width:
        raise SaeMismatch("vector", f"{len(v)} dimensions", f"{width}, the width at {hook_name}")
    if point.side == "output" or point.module is point.block or point.is_stream:
        if width != adapter.d_model:
            raise _without_lens(hook_name)
        return v
    if point.module is not _module_at(adapter, f"blocks.{point.layer}.attn.hook_z"):
        raise _without_lens(hook_name)
    v = through(point.module, v[None], adapter.dtype, is_norm=False)
    behind = _module_at(adapter, f"blocks.{point.layer}.hook_attn_out")
    if behind is not None and point.module not in set(behind.modules()):
        v = through(behind, v, adapter.dtype, is_norm=True)
    return v[0]


def _module_at(adapter: Adapter, hook_name: str) -> nn.Module | None:
    try:
        return adapter.point(hook_name).module
    except SaeMismatch:
        return None


def _without_lens(hook_name: str) -> InvalidInput:
    return InvalidInput(
        "hook_name", hook_name, "a hook point that is in the residual stream, or adds to it",
        hint="What is written here goes through more than a linear map before it is, so it has no logit lens.",
    )  # fmt: skip


def _tokens(
    adapter: Adapter, found: torch.return_types.topk | tuple[Tensor, Tensor]
) -> tuple[LensToken, ...]:
    values, token_ids = found
    return tuple(
        LensToken(token_id, str(adapter.tokenizer.decode([token_id])), logit)
        for token_id, logit in zip(token_ids.tolist(), values.tolist(), strict=True)
    )
