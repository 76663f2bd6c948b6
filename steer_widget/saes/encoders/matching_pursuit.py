"""Matching pursuit: the decoder row that explains most of what is left, again and again.

As sae-lens does it (`_encode_matching_pursuit`): an input is done when its residual is shorter than
`residual_threshold` or a round added no new feature, at the latest after `max_iterations` rounds.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from ._base import RowEncoder, multiply

if TYPE_CHECKING:
    from torch import Tensor


class MatchingPursuitEncoder(RowEncoder):
    """See the module; encoder and decoder are one."""

    required = ("W_dec",)

    def _encode_rows(self, x: Tensor) -> Tensor:
        decoder = self._weights["W_dec"]
        threshold = float(self._options.get("residual_threshold", 1e-2))
        stops_on_same_support = bool(self._options.get("stop_on_duplicate_support", True))
        activations = x.new_zeros(x.shape[0], decoder.shape[0])
        is_going_on = torch.ones(x.shape[0], 1, dtype=torch.bool, device=x.device)
        residual = x
        for _ in range(int(self._options.get("max_iterations") or x.shape[-1])):
            best = multiply(residual, decoder.T).relu_().argmax(dim=-1, keepdim=True)
            rows = decoder[best[:, 0]].float()
            values = (residual * rows).sum(dim=-1, keepdim=True).relu_().mul_(is_going_on)
            was_active = activations.gather(-1, best) != 0
            activations.scatter_add_(-1, best, values)
            residual = residual - values * rows
            if stops_on_same_support:
                is_going_on &= ~was_active & (values != 0)
            if threshold > 0:
                is_going_on &= torch.linalg.vector_norm(residual, dim=-1, keepdim=True) >= threshold
            if not is_going_on.any():
                break
        return activations


ENCODER = MatchingPursuitEncoder
