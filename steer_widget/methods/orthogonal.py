"""h + (s−1)·(h·v/|v|)·v/|v|: 0 removes the direction, 1 changes nothing (Neuronpedia ORTHOGONAL_DECOMP)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ._base import Method

if TYPE_CHECKING:
    from torch import Tensor


def _amount(strength: Tensor, reading: Tensor) -> Tensor:
    return (strength - 1) * reading


METHOD = Method(_amount, strength="factor", reads="projection", neutral=1.0)
