"""h + s·v on tokens where the feature fires, a(h) > 0; every other token stays as it is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from steer_widget.methods import Method

if TYPE_CHECKING:
    from torch import Tensor


def _amount(strength: Tensor, reading: Tensor) -> Tensor:
    return strength * (reading > 0)


METHOD = Method(_amount, strength="coefficient", reads="activation", neutral=0.0)
