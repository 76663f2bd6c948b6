"""h + s·v: the direction is added (Neuronpedia SIMPLE_ADDITIVE, SAELens' tutorial, AxBench)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ._base import Method

if TYPE_CHECKING:
    from torch import Tensor


def _amount(strength: Tensor, reading: Tensor) -> Tensor:  # noqa: ARG001
    return strength


METHOD = Method(_amount, strength="coefficient", reads="nothing", neutral=0.0)
