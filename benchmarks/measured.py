"""What a benchmark finds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from statistics import median
from typing import Any

from .timing import Pairs

Figure = float | int | str | bool


class NotAvailable(Exception):
    """This cannot be measured here; the text says why. It gets no row, rather than an invented one."""


@dataclass(frozen=True)
class Measured:
    """One figure and what stands behind it.

    Attributes:
        ratios: one per pair; the figure is their median. Empty where nothing is compared.
        absolute: medians, named with their unit.
        notes: what else a reader needs to judge the figure.
    """

    ratios: Sequence[float] = ()
    absolute: dict[str, Figure] = field(default_factory=dict)
    notes: dict[str, object] = field(default_factory=dict)

    @property
    def ratio(self) -> float | None:
        """The figure."""
        return median(self.ratios) if self.ratios else None


def of_pairs(pairs: Pairs[Any, Any], above: str, below: str, **notes: object) -> Measured:
    """The figure of interleaved pairs; `above` and `below` name their absolute times."""
    return Measured(
        pairs.ratios, {f"{above}_s": pairs.median_above_s, f"{below}_s": pairs.median_below_s}, notes
    )
