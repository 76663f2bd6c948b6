"""What an SAE reads in completions: the features that steer, and those that moved besides."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor

_N_NUMBERS = 2**24  # 64 MiB in float32


class Reader(Protocol):
    """The part of an SAE that is needed here: it reads activations at its hook point, in float32."""

    @property
    def d_sae(self) -> int:
        """Number of features."""

    def encode(self, h: Tensor) -> Tensor:
        """All features: `[..., d_in]` to `[..., d_sae]`."""

    def activations(self, h: Tensor, features: Tensor) -> Tensor:
        """Some features: `[..., d_in]` and their indices `[k]` to `[..., k]`."""


@dataclass(frozen=True)
class CompletionActivations:
    """Activations of k features on completions of n tokens.

    Attributes:
        per_token: `[..., n, k]`, on every token.
        mean, max: `[..., k]`, over the tokens that count; NaN where none does.
    """

    per_token: Tensor
    mean: Tensor
    max: Tensor


@torch.inference_mode()
def feature_activations(
    sae: Reader, h: Tensor, features: Sequence[int], mask: Tensor
) -> CompletionActivations:
    """Activations of some features on completions.

    Args:
        sae: reads at the hook point of h.
        h: unsteered activations of the completions' tokens, `[..., n, d_in]`, any float dtype.
        features: their indices.
        mask: tokens that count, bool `[..., n]`: neither padding nor sinks.
    """
    if not features:
        none = torch.zeros(*mask.shape, 0, device=h.device)
        return CompletionActivations(none, none.sum(-2), none.sum(-2))
    per_token = sae.activations(h, torch.tensor(features))
    left_out = ~mask[..., None]
    n_counted = mask.sum(-1, keepdim=True)
    mean = per_token.masked_fill(left_out, 0).sum(-2) / n_counted
    largest = per_token.masked_fill(left_out, -torch.inf).amax(-2) if mask.shape[-1] else mean
    return CompletionActivations(per_token, mean, largest.masked_fill(n_counted == 0, torch.nan))


@torch.inference_mode()
def mean_activations(sae: Reader, h: Tensor, mask: Tensor) -> Tensor:
    """Mean activation of every feature over completions' tokens: float32 `[..., d_sae]`; NaN where none counts.

    At most 64 MiB of activations exist at a time, beside those of the result.

    Args:
        sae: reads at the hook point of h.
        h: unsteered activations of the completions' tokens, `[..., n, d_in]`, any float dtype.
        mask: tokens that count, bool `[..., n]`: neither padding nor sinks.
    """
    *leading, n, d_in = h.shape
    n_completions = math.prod(leading)
    by_completion, counted = h.reshape(n_completions, n, d_in), mask.reshape(n_completions, n)
    sums = torch.zeros(n_completions, sae.d_sae, device=h.device)
    n_at_once = max(1, _N_NUMBERS // sae.d_sae)
    for cells in _slices(n_completions, max(1, n_at_once // max(n, 1))):
        for tokens in _slices(n, n_at_once):
            activations = sae.encode(by_completion[cells, tokens])
            sums[cells] += activations.masked_fill_(~counted[cells, tokens, None], 0).sum(-2)
    return (sums / counted.sum(-1, keepdim=True)).view(*leading, sae.d_sae)


def largest_shifts(
    mean: Tensor, baseline_mean: Tensor, exclude: Iterable[int], k: int
) -> list[tuple[int, float]]:
    """The features whose mean activation differs most from the baseline's, largest difference first.

    Args:
        mean: of one completion, as `mean_activations` gives it, `[d_sae]`.
        baseline_mean: of the completion it is compared with, `[d_sae]`.
        exclude: features that are not looked for, such as those that steer.
        k: how many at most; features that did not move, or whose mean is not known, are not among them.

    Returns:
        Pairs of index and shift, in the SAE's activation units.
    """
    shift = (mean - baseline_mean).nan_to_num_(0, 0, 0)
    shift[list(exclude)] = 0
    top = shift.abs().topk(min(k, len(shift))).indices
    return [(index, moved) for index, moved in zip(top.tolist(), shift[top].tolist(), strict=True) if moved]


def _slices(n: int, step: int) -> Iterator[slice]:
    return (slice(start, start + step) for start in range(0, n, step))
