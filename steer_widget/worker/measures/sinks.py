"""Tokens that are no part of the text's meaning: attention sinks, whose activations dwarf all others."""

from __future__ import annotations

import torch
from torch import Tensor

SINK_FACTOR = 5.0  # sinks are tens of times the usual |h|; other tokens stay within twice of it


def without_sinks(h: Tensor, residual_norm: float) -> Tensor:
    """True for tokens whose |h| is at most 5 times the usual one: bool `[...]`.

    Args:
        h: unsteered activations at the hook point, `[..., d_in]`, any float dtype.
        residual_norm: the usual |h| there, in activation units.
    """
    norms: Tensor = torch.linalg.vector_norm(
        h, dim=-1, dtype=torch.float32
    )  # squares overflow half precision
    return norms <= SINK_FACTOR * residual_norm
