"""Which features of an SAE fire on the tokens on which one of them, f, fires.

    score(j) = q · ln(q / p)        q = (n_fj + m·p) / (n_f + m)        p = max(density of j, n_j¬f / n_¬f)

n_f is the number of tokens on which f fires, n_fj of those on which j fires too, n_¬f and n_j¬f the same over the
tokens on which f does not fire; tokens that count, over all passages. q is the share of f's tokens that j covers,
drawn towards chance by m = 4 tokens, so that a few coincidences do not win; q / p is its lift, and the product the
part that j has in the Kullback-Leibler divergence of the two. p is the rarity that the feature table knows, or that
shows in these passages beside f, whichever is larger: what fires everywhere has no lift, and neither has what the
passages are about anyway. Both must fire together on three tokens at least, and in two passages where f fires in two:
what happens once, even on several tokens, is that text's affair.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import torch

from ..errors import InvalidInput
from ..features.surprise import share_of_tokens
from ..protocol import Scored, ScoredFeature
from .passages import read_passages

if TYPE_CHECKING:
    from ..protocol import CoFiringOf
    from ..saes.sae import Sae
    from .adapter import Adapter

_N_NUMBERS = 1 << 24  # activations at once: 64 MiB
_N_CHANCE = 4.0  # tokens by which a share is drawn towards chance
MIN_TOKENS = 3  # fewer on which both fire are a coincidence
MIN_PASSAGES = 2


@torch.inference_mode()
def read_co_firing(adapter: Adapter, sae: Sae, residual_norm: float, question: CoFiringOf) -> Scored:
    """Reads each passage once, unsteered, and ranks the features by their score, see above.

    Args:
        adapter: the model.
        sae: whose features are meant.
        residual_norm: the usual |h| at its hook point, for telling sinks.
        question: f, the passages, how many features, and their densities.

    Returns:
        Features with a score above 0 that fire with f often enough; f itself is left out.

    Raises:
        InvalidInput: f fires on fewer than 3 tokens.
        SaeMismatch: the SAE has no encoder.
        PromptTooLong: a text exceeds the context.
        GenerationError: the model's activations are not finite.
    """
    sae.direction(question.feature)  # refuses an index outside the SAE
    n_with = torch.zeros(sae.d_sae, dtype=torch.long)
    n_without = torch.zeros(sae.d_sae, dtype=torch.long)
    n_passages = torch.zeros(sae.d_sae, dtype=torch.long)  # in which both fire on a token
    n_f = n_other = 0
    step = max(1, _N_NUMBERS // sae.d_sae)
    for _, read in read_passages(adapter, sae.hook_name, residual_norm, question.passages):
        h, is_here = read.h[read.counts], torch.zeros(sae.d_sae, dtype=torch.bool)
        for start in range(0, len(h), step):
            fires = sae.encode(h[start : start + step]) > 0
            with_f = fires[:, question.feature]
            n_with += fires[with_f].sum(0).cpu()
            is_here |= fires[with_f].any(0).cpu()
            n_without += fires[~with_f].sum(0).cpu()
            n_f += int(with_f.sum())
            n_other += int((~with_f).sum())
        n_passages += is_here
    if n_f < MIN_TOKENS:
        raise InvalidInput(
            "texts", f"{n_f} of {n_f + n_other} tokens on which feature {question.feature} fires",
            f"texts on which it fires {MIN_TOKENS} times or more",
            hint="Give others: steerer.co_firing(f, texts=[…]).",
        )  # fmt: skip
    scored: list[tuple[int, float]] = []
    n_needed = min(MIN_PASSAGES, int(n_passages[question.feature]))
    is_common = (n_with >= MIN_TOKENS) & (n_passages >= n_needed)
    for index in is_common.nonzero().flatten().tolist():
        if index == question.feature:
            continue
        elsewhere = int(n_without[index]) / n_other if n_other else 0.0
        p = max(share_of_tokens(question.density.get(index)), elsewhere)
        q = (int(n_with[index]) + _N_CHANCE * p) / (n_f + _N_CHANCE)
        if q > p:
            scored.append((index, q * math.log(q / p)))
    scored.sort(key=lambda one: (-one[1], one[0]))
    return Scored(tuple(ScoredFeature(*one) for one in scored[: question.k]), question.sae)
