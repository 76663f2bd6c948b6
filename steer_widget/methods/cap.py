"""The projection h·v/|v| is kept to at most s, or to at least s where s is negative (Neuronpedia PROJECTION_CAP)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ._base import Method

if TYPE_CHECKING:
    from torch import Tensor


def _amount(strength: Tensor, reading: Tensor) -> Tensor:
    capped = reading.minimum(strength).where(strength >= 0, reading.maximum(strength))
    return capped - reading


METHOD = Method(_amount, strength="projection", reads="projection")
