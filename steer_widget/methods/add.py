"""h + s·v: the direction is added (Neuronpedia SIMPLE_ADDITIVE, SAELens' tutorial, AxBench)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ._base import Method

if TYPE_CHECKING:
    from torch import Tensor


def _delta(h: Tensor | None, direction: Tensor, strength: Tensor) -> Tensor:  # noqa: ARG001
    return strength[:, None] * direction


METHOD = Method(delta=_delta, constant=True)
