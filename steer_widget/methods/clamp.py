"""h + (s − a(h))·v: the feature is set to s, the SAE's error term kept (Templeton et al. 2024, Golden Gate Claude)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ._base import Method

if TYPE_CHECKING:
    from torch import Tensor


def _amount(strength: Tensor, reading: Tensor) -> Tensor:
    return strength - reading


METHOD = Method(_amount, strength="coefficient", reads="activation")
