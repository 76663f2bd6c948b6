"""Statistics of all features of an SAE over texts, in tensors: what is added batch by batch, merged, stored, restored."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Final

import torch
from safetensors.torch import load, save

if TYPE_CHECKING:
    from torch import Tensor
    from typing_extensions import Self

N_LEFT: Final = 12
N_RIGHT: Final = 8
NO_TOKEN: Final = -1
NO_TEXT: Final = -1

# Bins of |h|: their borders are 2^(1/128), half a percent, apart.
_BINS_PER_OCTAVE = 128
_FIRST_OCTAVE, _N_OCTAVES = -20, 64


@dataclass
class FeatureStatistics:
    """What was counted. The best texts of a feature are different ones, best first.

    Attributes:
        n_tokens: that counted, int64 `[1]`.
        n_fired: of them, those on which each feature fires, int64 `[d_sae]`.
        total: sum of its activations, float64 `[d_sae]`.
        top_act: its largest activation in each of its best texts, float32 `[d_sae, k]`; 0 where there is none.
        top_text: which texts, int64 `[d_sae, k]`.
        top_window: tokens around the peak, which stands at `N_LEFT`, int32 `[d_sae, k, N_LEFT + 1 + N_RIGHT]`.
        norms: how many tokens have |h| in each bin, int64 `[n_bins]`.
        norm_total: sum of |h|, float64 `[1]`.
    """

    n_tokens: Tensor
    n_fired: Tensor
    total: Tensor
    top_act: Tensor
    top_text: Tensor
    top_window: Tensor
    norms: Tensor
    norm_total: Tensor

    @classmethod
    def empty(cls, d_sae: int, k: int, device: torch.device) -> Self:
        """Nothing counted yet."""
        window = N_LEFT + 1 + N_RIGHT
        return cls(
            torch.zeros(1, dtype=torch.int64, device=device),
            torch.zeros(d_sae, dtype=torch.int64, device=device),
            torch.zeros(d_sae, dtype=torch.float64, device=device),
            torch.zeros(d_sae, k, device=device),
            torch.full((d_sae, k), NO_TEXT, dtype=torch.int64, device=device),
            torch.full((d_sae, k, window), NO_TOKEN, dtype=torch.int32, device=device),
            torch.zeros(_N_OCTAVES * _BINS_PER_OCTAVE, dtype=torch.int64, device=device),
            torch.zeros(1, dtype=torch.float64, device=device),
        )

    @classmethod
    def restored(cls, state: bytes, device: torch.device) -> Self:
        """As `stored` gave it."""
        tensors = load(state)
        return cls(*(tensors[field.name].to(device) for field in fields(cls)))

    def stored(self, **others: Tensor) -> bytes:
        """All of it, and other tensors, as safetensors."""
        own = {field.name: getattr(self, field.name) for field in fields(self)}
        return save({name: tensor.cpu().contiguous() for name, tensor in {**own, **others}.items()})

    def add_tokens(self, acts: Tensor) -> None:
        """Counts activations in, `[n, d_sae]`; their best texts are told by `offer`."""
        self.n_tokens += len(acts)
        self.n_fired += (acts > 0).sum(0)
        self.total += acts.sum(0, dtype=torch.float64)

    def add_norms(self, norms: Tensor) -> None:
        """Counts lengths of activations in, float32 `[n]`."""
        bins = ((norms.clamp_min(1e-30).log2() - _FIRST_OCTAVE) * _BINS_PER_OCTAVE).floor().long()
        self.norms += torch.bincount(bins.clamp(0, len(self.norms) - 1), minlength=len(self.norms))
        self.norm_total += norms.sum(dtype=torch.float64)

    def offer(self, acts: Tensor, texts: Tensor, windows: Tensor) -> None:
        """Takes the best of its own texts and these, of a text that is there already the larger activation.

        Args:
            acts: largest activation in each text, `[d_sae, n]`; 0 takes no part.
            texts: which ones, different for each feature, `[d_sae, n]`.
            windows: tokens around the peaks, `[d_sae, n, window]`.
        """
        same = self.top_text[:, :, None] == texts[:, None, :]
        is_less = same & (acts[:, None, :] <= self.top_act[:, :, None])
        mine = self.top_act.masked_fill((same & ~is_less).any(2), 0.0)
        theirs = acts.masked_fill(is_less.any(1), 0.0)
        k = self.top_act.shape[1]
        self.top_act, chosen = torch.cat([mine, theirs], 1).topk(k, dim=1)
        gone = self.top_act <= 0
        self.top_text = torch.cat([self.top_text, texts], 1).gather(1, chosen).masked_fill(gone, NO_TEXT)
        wide = chosen[:, :, None].expand(-1, -1, windows.shape[-1])
        self.top_window = torch.cat([self.top_window, windows], 1).gather(1, wide)
        self.top_window.masked_fill_(gone[:, :, None], NO_TOKEN)

    def merge(self, other: Self) -> None:
        """Counts in what another has counted on other texts, or on other parts of them."""
        for name in ("n_tokens", "n_fired", "total", "norms", "norm_total"):
            getattr(self, name).add_(getattr(other, name))
        self.offer(other.top_act, other.top_text, other.top_window)
