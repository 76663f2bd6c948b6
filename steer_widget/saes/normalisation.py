"""What an SAE does to an activation before it encodes it, and so the units of its decoder.

`h` is the activation of a Hugging Face model, `W` a decoder row; after the reconstruction sae-lens undoes
what it did to the input (`_setup_activation_normalization`), which is where the units of `W` come from.

none                   encodes h                      contributes a·W
constant               encodes factor·h               contributes a·W / factor
layer_norm             encodes (h − mean) / std(h)    contributes a·W·std(h)
constant_norm_rescale  encodes h·√d / |h|             contributes a·W·|h| / √d

An SAE trained on a model whose writing weights TransformerLens had centred has only ever seen activations of
mean zero; h − mean(h) is what that model has where the Hugging Face model has h, since its LayerNorms take
the mean off anyway. For the same reason what is added needs no centring.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, get_args

import torch

if TYPE_CHECKING:
    from torch import Tensor

NormalisationKind = Literal["none", "layer_norm", "constant_norm_rescale"]
KINDS: tuple[NormalisationKind, ...] = get_args(NormalisationKind)

_LAYER_NORM_EPSILON = 1e-5  # sae-lens adds it to the standard deviation, not to the variance
_SHORTEST_NORM = 1e-12


@dataclass(frozen=True)
class Normalisation:
    """How an activation is brought into the SAE's units.

    Attributes:
        kind: per token; `none` for all SAEs but few.
        is_centred: whether the mean over the width is taken off first.
        factor: constant for all tokens; the decoder is divided by it already.
    """

    kind: NormalisationKind = "none"
    is_centred: bool = False
    factor: float = 1.0

    def normalise(self, h: Tensor) -> Tensor:
        """What the encoder is given: float32 `[..., d_in]` from float32 `[..., d_in]`."""
        if self.is_centred:
            h = h - h.mean(dim=-1, keepdim=True)
        if self.kind == "layer_norm":
            std, mean = torch.std_mean(h, dim=-1, keepdim=True)
            h = (h - mean) / (std + _LAYER_NORM_EPSILON)
        elif self.kind == "constant_norm_rescale":
            h = h / _relative_norm(h)
        return h if self.factor == 1.0 else h * self.factor

    def scale(self, h: Tensor) -> Tensor | None:
        """By what a decoder row is multiplied at each token: float32 `[..., 1]`, or None for nothing."""
        if self.kind == "layer_norm":
            return h.std(dim=-1, keepdim=True)
        if self.kind == "constant_norm_rescale":
            return _relative_norm(h - h.mean(dim=-1, keepdim=True) if self.is_centred else h)
        return None


def _relative_norm(h: Tensor) -> Tensor:
    # Where h is zero sae-lens divides by zero; a direction times nothing is nothing.
    norm: Tensor = torch.linalg.vector_norm(h, dim=-1, keepdim=True).clamp_min(_SHORTEST_NORM)
    return norm / math.sqrt(h.shape[-1])


IDENTITY = Normalisation()
