"""h + (s−1)·a(h)·v: what the feature says is multiplied; 1 changes nothing, 0 takes it out, −1 turns it round."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ._base import Method

if TYPE_CHECKING:
    from torch import Tensor


def _amount(strength: Tensor, reading: Tensor) -> Tensor:
    return (strength - 1) * reading


METHOD = Method(_amount, strength="factor", reads="activation", neutral=1.0)
