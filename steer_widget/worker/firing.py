"""Which features of an SAE fire on a passage, most surprising first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch

from ..features.surprise import surprise
from ..protocol import Firing, FiringFeature
from .passages import read_passages
from .prompt_tokens import as_prompt_tokens

if TYPE_CHECKING:
    from torch import Tensor

    from ..protocol import FeaturesOn
    from ..saes.sae import Sae
    from .adapter import Adapter

_N_NUMBERS = 1 << 24  # activations at once: 64 MiB


@torch.inference_mode()
def read_firing(adapter: Adapter, sae: Sae, residual_norm: float, question: FeaturesOn) -> Firing:
    """Reads the passage once, unsteered, and ranks the features by `surprise`.

    Special tokens and attention sinks are left out: they fire many features, whatever the text.

    Args:
        adapter: the model.
        sae: whose features are asked for.
        residual_norm: the usual |h| at its hook point, for telling sinks.
        question: the passage, how many features, and their densities where they are known.

    Raises:
        InvalidInput: the prompt cannot be rendered, or the SAE has no encoder.
        PromptTooLong: it exceeds the context.
        GenerationError: the model's activations are not finite.
    """
    ((_, read),) = read_passages(adapter, sae.hook_name, residual_norm, [question.passage])
    tokens = as_prompt_tokens(adapter, read.tokens.token_ids)
    at = read.counts.nonzero().flatten()
    found = (
        _ranked(_activations(sae, read.h[at]), at.tolist(), question.k, question.density) if len(at) else ()
    )
    return Firing(found, tokens, read.tokens.n_prompt)


@dataclass(frozen=True)
class _Found:
    """Of each feature over the tokens that count, `[d_sae]`: largest, mean, and where it is largest."""

    largest: Tensor
    mean: Tensor
    token: Tensor


def _activations(sae: Sae, h: Tensor) -> _Found:
    """Activations on `[n, d_in]`, a slice of tokens at a time."""
    step = max(1, _N_NUMBERS // sae.d_sae)
    largest = torch.full((sae.d_sae,), -torch.inf, device=h.device)
    total = torch.zeros(sae.d_sae, device=h.device)
    token = torch.zeros(sae.d_sae, dtype=torch.long, device=h.device)
    for start in range(0, len(h), step):
        acts = sae.encode(h[start : start + step])
        best, where = acts.max(0)
        is_larger = best > largest
        token = torch.where(is_larger, where + start, token)
        largest = torch.maximum(largest, best)
        total += acts.sum(0)
    return _Found(largest, total / len(h), token)


def _ranked(
    found: _Found, token_of: Sequence[int], k: int, density: Mapping[int, float]
) -> tuple[FiringFeature, ...]:
    indices = (found.largest > 0).nonzero().flatten()
    largest = found.largest[indices].tolist()
    ranked = sorted(
        zip(indices.tolist(), largest, strict=True),
        key=lambda one: (-surprise(one[1], density.get(one[0])), one[0]),
    )[:k]
    chosen = torch.tensor([index for index, _ in ranked], dtype=torch.long, device=found.mean.device)
    means, tokens = found.mean[chosen].tolist(), found.token[chosen].tolist()
    return tuple(
        FiringFeature(index, max_act, mean, token_of[token])
        for (index, max_act), mean, token in zip(ranked, means, tokens, strict=True)
    )
