"""relu(x · W · exp(r) + b_mag) where x · W + b_gate is positive, else 0 (arXiv 2404.16014)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from ._base import ColumnEncoder

if TYPE_CHECKING:
    from torch import Tensor


class GatedEncoder(ColumnEncoder):
    """See the module."""

    required = ("W_enc", "b_gate", "r_mag", "b_mag")
    parameters = ("b_gate", "r_mag", "b_mag")

    def _activate(self, products: Tensor, parameters: Mapping[str, Tensor]) -> Tensor:
        is_active = products + parameters["b_gate"] > 0
        magnitudes = products.mul_(parameters["r_mag"].exp()).add_(parameters["b_mag"]).relu_()
        return magnitudes.mul_(is_active)


ENCODER = GatedEncoder
