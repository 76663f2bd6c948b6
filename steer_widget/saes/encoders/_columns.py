"""Columns of `W_enc`, gathered once and kept for as long as they are read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch

from ...errors import UnknownFeature

if TYPE_CHECKING:
    from torch import Tensor

    from ..weights import Weights

_MOST_KEPT = 4096


@dataclass(frozen=True, eq=False)
class Columns:
    """What the encoder knows of a few features.

    Attributes:
        vectors: their columns of `W_enc`, `[n, d_in]`, float32.
        parameters: biases and thresholds by sae-lens' names, each `[n]`, float32.
    """

    vectors: Tensor
    parameters: Mapping[str, Tensor]


class ColumnCache:
    """Gathers columns.

    A column lies across the whole matrix: gathering 21 of them from 2,304 × 16,384 takes 15 ms, most of
    what a decode step may take. So each is gathered once, and a set asked for again is there at once.

    Args:
        weights: with `W_enc` and the parameters.
        names: of the parameters.
    """

    def __init__(self, weights: Weights, names: tuple[str, ...]) -> None:
        self._weights = weights
        self._names = names
        self._kept: dict[int, Tensor] = {}
        self._last: tuple[list[int] | None, Columns] = (None, Columns(torch.empty(0), {}))

    def take(self, features: Tensor) -> Columns:
        """Columns of these features `[n]`, in their order; repeats allowed.

        Raises:
            UnknownFeature: one of them lies outside the SAE.
        """
        wanted: list[int] = features.tolist()
        if wanted == self._last[0]:
            return self._last[1]
        distinct = set(wanted)
        if not distinct or len(distinct) > _MOST_KEPT:
            return self._columns(self._gather(wanted))
        missing = sorted(distinct.difference(self._kept))
        if len(self._kept) + len(missing) > _MOST_KEPT:
            self._kept.clear()
            missing = sorted(distinct)
        if missing:
            self._kept.update(zip(missing, self._gather(missing).unbind(), strict=True))
        self._last = (wanted, self._columns(torch.stack([self._kept[index] for index in wanted])))
        return self._last[1]

    def _gather(self, wanted: list[int]) -> Tensor:
        """One row per feature: its column, then its parameters."""
        matrix = self._weights["W_enc"]
        outside = [index for index in wanted if not 0 <= index < matrix.shape[1]]
        if outside:
            allowed = f"0 to {matrix.shape[1] - 1}, the features of this SAE"
            raise UnknownFeature("feature", outside[0], allowed)
        at = torch.tensor(wanted, dtype=torch.long, device=matrix.device)
        parameters = [self._weights.vector(name)[at, None] for name in self._names]
        return torch.cat([matrix.index_select(1, at).T.float(), *parameters], dim=1)

    def _columns(self, rows: Tensor) -> Columns:
        d_in = rows.shape[1] - len(self._names)
        parameters = {name: rows[:, d_in + i].contiguous() for i, name in enumerate(self._names)}
        return Columns(rows[:, :d_in].contiguous(), parameters)
