"""Which features of an SAE tell two sets of texts apart.

    effect = (mean of a − mean of b) / max(s, s₀)        s² = ((n_a − 1) s_a² + (n_b − 1) s_b²) / (n_a + n_b − 2)
    score  = effect · −ln(density)

Means and variances are over the texts of a set, of the feature's mean activation on a text's tokens. s is the
spread pooled over both sets, so the effect is Cohen's d (Cohen 1988). No spread counts as less than s₀, the
median over the features that fire, so that those that hardly fire and hardly vary do not win (the idea is that of SAM,
Tusher et al. 2001). With one text on each side there is no spread: the effect is the plain difference. The
weight by rarity is that of `features.surprise`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from ..errors import InvalidInput
from ..features.surprise import surprise
from ..protocol import Scored, ScoredFeature
from .passages import read_passages

if TYPE_CHECKING:
    from torch import Tensor

    from ..protocol import ContrastOf, Pool
    from ..saes.sae import Sae
    from .adapter import Adapter

_N_NUMBERS = 1 << 24  # activations at once: 64 MiB


class _Spread:
    """Mean and squared deviations of vectors that come one by one (Welford 1962); holds two of them, in float64."""

    def __init__(self, d_sae: int) -> None:
        self.n = 0
        self.mean = torch.zeros(d_sae, dtype=torch.float64)
        self.squares = torch.zeros(d_sae, dtype=torch.float64)

    def add(self, values: Tensor) -> None:
        self.n += 1
        before = values - self.mean
        self.mean += before / self.n
        self.squares += before * (values - self.mean)


@torch.inference_mode()
def read_contrast(adapter: Adapter, sae: Sae, residual_norm: float, question: ContrastOf) -> Scored:
    """Reads each text once, unsteered, and ranks the features by the size of their score, see above.

    Special tokens and attention sinks are left out: they fire many features, whatever the text.

    Args:
        adapter: the model.
        sae: whose features are asked for.
        residual_norm: the usual |h| at its hook point, for telling sinks.
        question: the passages, how many features, and their densities.

    Returns:
        Features with a score that is not 0, positive where they fire more on `a`.

    Raises:
        InvalidInput: a text without a token that counts.
        SaeMismatch: the SAE has no encoder.
        PromptTooLong: a text exceeds the context.
        GenerationError: the model's activations are not finite.
    """
    a, b = _Spread(sae.d_sae), _Spread(sae.d_sae)
    for spread, passages in ((a, question.a), (b, question.b)):
        for number, read in read_passages(adapter, sae.hook_name, residual_norm, passages):
            if not bool(read.counts.any()):
                allowed = "texts with at least one token that is not special"
                raise InvalidInput("texts", passages[number].prompt, allowed)
            spread.add(_pooled(sae, read.h[read.counts], question.pool))
    effects, density = _effects(a, b), question.density
    indices = effects.nonzero().flatten()
    scores = [
        (index, effect if density is None else surprise(effect, density.get(index)))
        for index, effect in zip(indices.tolist(), effects[indices].tolist(), strict=True)
    ]
    ranked = sorted((one for one in scores if one[1]), key=lambda one: (-abs(one[1]), one[0]))[: question.k]
    return Scored(tuple(ScoredFeature(index, score) for index, score in ranked), question.sae)


def _effects(a: _Spread, b: _Spread) -> Tensor:
    difference = a.mean - b.mean
    n_free = a.n + b.n - 2
    if n_free == 0:
        return difference
    spread = ((a.squares + b.squares) / n_free).sqrt()
    fires = (a.mean != 0) | (b.mean != 0)
    least = float(spread[fires].median()) if bool(fires.any()) else 0.0
    # Where at least half of them do not vary at all, a difference has nothing to be compared with.
    return difference / spread.clamp_min(least) if least > 0 else difference


def _pooled(sae: Sae, h: Tensor, pool: Pool) -> Tensor:
    """Activations of all features, `[d_sae]`, over the tokens `[n, d_in]`, a slice of them at a time."""
    h = h[-1:] if pool == "last" else h
    step = max(1, _N_NUMBERS // sae.d_sae)
    total = torch.zeros(sae.d_sae, dtype=torch.float64)
    for start in range(0, len(h), step):
        total += sae.encode(h[start : start + step]).sum(0).double().cpu()
    return total / len(h)
