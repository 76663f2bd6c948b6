"""h − a(h)·v: the feature is taken out wherever it fires (SAELens' tutorials); the same as scale by 0."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ._base import Method

if TYPE_CHECKING:
    from torch import Tensor


def _amount(strength: Tensor, reading: Tensor) -> Tensor:  # noqa: ARG001
    return -reading


METHOD = Method(_amount, strength="unused", reads="activation")
