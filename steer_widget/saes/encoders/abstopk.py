"""The k of x · W + b that are largest by magnitude, with their signs: features work both ways (arXiv 2510.00404)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .topk import TopKEncoder

if TYPE_CHECKING:
    from torch import Tensor


class AbsTopKEncoder(TopKEncoder):
    """See the module."""

    def _select(self, before: Tensor, k: int) -> tuple[Tensor, Tensor]:
        indices = before.abs().topk(k, dim=-1, sorted=False).indices
        return before.gather(-1, indices), indices


ENCODER = AbsTopKEncoder
