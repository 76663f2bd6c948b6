"""One edit of one row, with tensors and numbers only."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor

    from ..methods import Method
    from ..saes.sae import Sae
    from .position_rule import PositionRule


@dataclass(frozen=True)
class RowEdit:
    """An edit as the hook applies it.

    Attributes:
        hook_name: where it acts.
        method: how.
        rule: on which tokens, and how strongly as the text grows.
        direction: what strength 1 of ``add`` adds, `[d_in]`, float32.
        strength: in the method's own terms.
        sae: whose activation is read, and whose decoder scale holds; None for a vector.
        feature: index in `sae`.
    """

    hook_name: str
    method: Method
    rule: PositionRule
    direction: Tensor
    strength: float
    sae: Sae | None = None
    feature: int = 0
