"""Mean activations of texts at a hook point, read unsteered: what contrast vectors are made of."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from ..errors import InvalidInput
from ..protocol import Activations
from .passages import read_passages

if TYPE_CHECKING:
    from torch import Tensor

    from ..protocol import Pool, ReadMeans
    from .adapter import Adapter
    from .checked_point import CheckedPoints


@torch.inference_mode()
def read_means(
    adapter: Adapter, points: CheckedPoints, question: ReadMeans, default_hook_name: str
) -> Activations:
    """Reads each text once and takes the mean of its tokens, or its last token.

    Special tokens, the first token and sinks are left out: they are many times longer than the others, and the
    same in every text.

    Args:
        adapter: the model.
        points: of the model; the hook point is checked when it is new.
        question: the texts; its `hook_name` may be empty.
        default_hook_name: taken then.

    Raises:
        InvalidInput: a text without a token that counts, or an unknown hook point.
    """
    hook_name = question.hook_name or default_hook_name
    residual_norm = points.get(hook_name).residual_norm
    means: list[tuple[float, ...]] = [()] * len(question.texts)
    for number, read in read_passages(adapter, hook_name, residual_norm, question.texts):
        h, counts = read.h.float().cpu(), read.counts.cpu()
        counts[0] = False
        if not bool(counts.any()):
            allowed = "texts with at least one token besides the first and special ones"
            raise InvalidInput("texts", question.texts[number].prompt, allowed)
        means[number] = tuple(_pooled(h[counts], question.pool).tolist())
    return Activations(hook_name, tuple(means))


def _pooled(h: Tensor, pool: Pool) -> Tensor:
    pooled: Tensor = h.mean(0) if pool == "mean" else h[-1]
    return pooled
