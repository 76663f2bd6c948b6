"""Which features of an SAE fire on each token of a passage, most surprising first."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from ..features.surprise import surprise
from ..protocol import FiringByToken, TokenFeature
from .passages import read_passages
from .prompt_tokens import as_prompt_tokens

if TYPE_CHECKING:
    from torch import Tensor

    from ..protocol import FeaturesByToken
    from ..saes.sae import Sae
    from .adapter import Adapter

_N_NUMBERS = 1 << 24  # activations at once: 64 MiB


@torch.inference_mode()
def read_firing_by_token(
    adapter: Adapter, sae: Sae, residual_norm: float, question: FeaturesByToken
) -> FiringByToken:
    """Reads the passage once, unsteered, and ranks the features of each token by `surprise`.

    Args:
        adapter: the model.
        sae: whose features are asked for.
        residual_norm: the usual |h| at its hook point, for telling sinks.
        question: the passage, how many features of each token, and their densities where they are known.

    Returns:
        None for special tokens and attention sinks; features whose surprise is 0 are left out.

    Raises:
        InvalidInput: the prompt cannot be rendered, or the SAE has no encoder.
        PromptTooLong: it exceeds the context.
        GenerationError: the model's activations are not finite.
    """
    ((_, read),) = read_passages(adapter, sae.hook_name, residual_norm, [question.passage])
    at = read.counts.nonzero().flatten()
    rarity = torch.full((sae.d_sae,), surprise(1.0, None))
    for index, density in question.density.items():
        if 0 <= index < sae.d_sae:
            rarity[index] = surprise(1.0, density)
    features: list[tuple[TokenFeature, ...]] = [()] * len(read.counts)
    step = max(1, _N_NUMBERS // sae.d_sae)
    for start in range(0, len(at), step):
        here = at[start : start + step]
        for token, found in zip(here.tolist(), _best(sae, read.h[here], rarity, question.k), strict=True):
            features[token] = found
    return FiringByToken(
        as_prompt_tokens(adapter, read.tokens.token_ids),
        tuple(features),
        tuple(at.tolist()),
        read.tokens.n_prompt,
    )


def _best(sae: Sae, h: Tensor, rarity: Tensor, k: int) -> list[tuple[TokenFeature, ...]]:
    """Of each of the tokens `[n, d_in]` the `k` most surprising features."""
    acts = sae.encode(h)
    scores, indices = (acts * rarity.to(acts.device)).topk(min(k, sae.d_sae))
    acts = acts.gather(-1, indices)
    return [
        tuple(TokenFeature(index, act) for index, act, score in zip(*rows, strict=True) if score > 0)
        for rows in zip(indices.tolist(), acts.tolist(), scores.tolist(), strict=True)
    ]
