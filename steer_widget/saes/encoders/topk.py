"""The k largest of x · W + b, the negative ones among them as 0 (arXiv 2406.04093).

With `rescale_acts_by_decoder_norm` features compete, and are measured, as if decoder rows had length 1.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ._base import RowEncoder, multiply

if TYPE_CHECKING:
    from torch import Tensor

_K_OF_SAE_LENS = 100


class TopKEncoder(RowEncoder):
    """See the module."""

    required = ("W_enc", "b_enc")

    def _encode_rows(self, x: Tensor) -> Tensor:
        before = multiply(x, self._weights.matrix("W_enc")).add_(self._weights.vector("b_enc"))
        if "decoder_norms" in self._weights:
            before.mul_(self._weights.vector("decoder_norms"))
        k = min(int(self._options.get("k", _K_OF_SAE_LENS)), before.shape[-1])
        values, indices = self._select(before, k)
        return before.zero_().scatter_(-1, indices, values)

    def _select(self, before: Tensor, k: int) -> tuple[Tensor, Tensor]:
        """Values and indices of the features that win, each `[n, k]`."""
        values, indices = before.topk(k, dim=-1, sorted=False)
        return values.relu_(), indices


ENCODER = TopKEncoder
