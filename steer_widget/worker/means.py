"""Mean activations of texts at a hook point, read unsteered: what contrast vectors are made of."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import torch

from ..errors import InvalidInput
from ..protocol import Activations
from ..spec import Generation
from .prefill import Prefixes
from .probe import SINK_FACTOR
from .prompts import tokenize
from .reading import watching

if TYPE_CHECKING:
    from torch import Tensor

    from ..protocol import Pool, ReadMeans
    from .adapter import Adapter
    from .checked_point import CheckedPoints

_MAX_TOKENS = 4096  # padded, in one forward pass


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
    generation = Generation(max_new_tokens=1)
    texts = [tokenize(adapter.tokenizer, text, generation, adapter.n_context) for text in question.texts]
    means: list[tuple[float, ...] | None] = [None] * len(texts)
    for batch in text_batches(texts):
        prefixes = Prefixes.of([texts[text] for text in batch], adapter.pad_id)
        with watching([adapter.point(hook_name)]) as seen:
            adapter.read(prefixes, None)
        h = seen[hook_name][0].float().cpu()
        for row, text in enumerate(batch):
            counts = _counting(adapter, prefixes.rows([row]), h[row], residual_norm)
            if not bool(counts.any()):
                raise InvalidInput(
                    "texts",
                    question.texts[text],
                    "texts with at least one token besides the first and special ones",
                )
            means[text] = tuple(_pooled(h[row][counts], question.pool).tolist())
    return Activations(hook_name, tuple(mean for mean in means if mean is not None))


def _counting(adapter: Adapter, prefix: Prefixes, h: Tensor, residual_norm: float) -> Tensor:
    """Which tokens of a text count `[seq]`; `h` `[seq, width]`."""
    is_special = torch.isin(prefix.token_ids[0], torch.tensor(sorted(adapter.special_ids), dtype=torch.long))
    is_sink = torch.linalg.vector_norm(h, dim=-1) > SINK_FACTOR * residual_norm
    counts: Tensor = (prefix.positions[0] > 0) & ~is_special & ~is_sink
    return counts


def _pooled(h: Tensor, pool: Pool) -> Tensor:
    pooled: Tensor = h.mean(0) if pool == "mean" else h[-1]
    return pooled


def text_batches(texts: Sequence[Sequence[int]]) -> list[list[int]]:
    """Numbers of the texts, alike in length, as many at once as fit into a pass."""
    batches: list[list[int]] = []
    for text in sorted(range(len(texts)), key=lambda n: len(texts[n])):
        if batches and (len(batches[-1]) + 1) * len(texts[text]) <= _MAX_TOKENS:
            batches[-1].append(text)
        else:
            batches.append([text])
    return batches
