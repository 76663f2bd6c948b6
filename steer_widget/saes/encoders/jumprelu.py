"""relu(z) where z = x · W + b passes the feature's threshold, else 0 (arXiv 2407.14435)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from ._base import ColumnEncoder

if TYPE_CHECKING:
    from torch import Tensor


class JumpReluEncoder(ColumnEncoder):
    """See the module."""

    required = ("W_enc", "b_enc", "threshold")
    parameters = ("b_enc", "threshold")

    def _activate(self, products: Tensor, parameters: Mapping[str, Tensor]) -> Tensor:
        before = products.add_(parameters["b_enc"])
        return before.mul_(before > parameters["threshold"]).relu_()


ENCODER = JumpReluEncoder
