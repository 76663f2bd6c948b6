"""The tokens that a direction raises and lowers when it goes straight to the logits: its logit lens."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..errors import InvalidInput, SaeMismatch
from ..protocol import Lens, LensToken

if TYPE_CHECKING:
    import torch
    from torch import Tensor

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
        InvalidInput: there is no such feature, or its hook point is not one of the residual stream.
        SaeMismatch: the direction has another width than the stream.
    """
    direction, hook_name = directions.of(question.direction)
    logits = readout.logits(streamed(adapter, direction, hook_name)[None])[0]
    k = min(question.k, len(logits))
    return Lens(_tokens(adapter, logits.topk(k)), _tokens(adapter, logits.topk(k, largest=False)))


def streamed(adapter: Adapter, direction: Tensor, hook_name: str) -> Tensor:
    """A direction as one of the residual stream `[d_model]`.

    Raises:
        InvalidInput: its hook point is neither in the residual stream nor adds to it.
        SaeMismatch: it has another width than the stream.
    """
    point = adapter.point(hook_name)
    if point.side == "input" and point.module is not point.block and not point.is_stream:
        raise InvalidInput(
            "hook_name", hook_name, "a hook point that is in the residual stream, or adds to it",
            hint="What is written here goes through the output projection first, so it has no logit lens.",
        )  # fmt: skip
    if len(direction) != adapter.d_model:
        raise SaeMismatch(
            "vector", f"{len(direction)} dimensions", f"{adapter.d_model}, the model's residual stream"
        )
    return direction


def _tokens(
    adapter: Adapter, found: torch.return_types.topk | tuple[Tensor, Tensor]
) -> tuple[LensToken, ...]:
    values, token_ids = found
    return tuple(
        LensToken(token_id, str(adapter.tokenizer.decode([token_id])), logit)
        for token_id, logit in zip(token_ids.tolist(), values.tolist(), strict=True)
    )
