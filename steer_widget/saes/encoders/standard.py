"""relu(x · W + b): the first kind, with an L1 penalty on its activations."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from ._base import ColumnEncoder

if TYPE_CHECKING:
    from torch import Tensor


class StandardEncoder(ColumnEncoder):
    """See the module."""

    required = ("W_enc", "b_enc")
    parameters = ("b_enc",)

    def _activate(self, products: Tensor, parameters: Mapping[str, Tensor]) -> Tensor:
        return products.add_(parameters["b_enc"]).relu_()


ENCODER = StandardEncoder
