"""Which tokens of a text count when its features are read."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import torch

from ..errors import GenerationError
from .measures.sinks import without_sinks

if TYPE_CHECKING:
    from torch import Tensor

    from .adapter import Adapter


def counting_tokens(
    adapter: Adapter, hook_name: str, token_ids: Sequence[int], h: Tensor, residual_norm: float
) -> Tensor:
    """True for all but special tokens and attention sinks: bool `[seq]`.

    Args:
        adapter: the model.
        hook_name: where `h` was read.
        token_ids: of the text, n of them.
        h: its unsteered activations, `[seq, d_in]`.
        residual_norm: the usual |h| there, in activation units.

    Raises:
        GenerationError: activations on its text are not finite.
    """
    is_text = torch.tensor([token_id not in adapter.special_ids for token_id in token_ids], device=h.device)
    if not bool(torch.isfinite(h[is_text]).all()):
        raise GenerationError(
            f"The model's activations at {hook_name} were not finite on this prompt, so no feature could be "
            "read. Its dtype is probably too narrow: load it with dtype='bfloat16' or 'float32'."
        )
    return is_text & without_sinks(h, residual_norm)
