"""The band of strengths within which a direction steers and the text stays whole."""

from __future__ import annotations

import math
from typing import Protocol

from .checks import Spec

_COLUMNS = ("strength", "dose", "KL mean", "KL p95", "perplexity", "collapsed")


class Printer(Protocol):
    """What IPython hands to objects that print themselves, as far as it is used."""

    def text(self, obj: str) -> None:
        """Prints it."""


class BandPoint(Spec, frozen=True):
    """What was measured at one strength. None where it was not measured there.

    Attributes:
        strength: raw.
        dose: |edit| / median |h| at the hook point.
        kl_mean, kl_p95: over tokens, KL(steered‖unsteered) in nats, on texts that the unsteered model wrote.
        perplexity: geometric mean over texts written at this strength, under the unsteered model, over that of
            the unsteered model's own texts.
        collapsed: share of those texts that fell apart.
    """

    strength: float
    dose: float
    kl_mean: float | None = None
    kl_p95: float | None = None
    perplexity: float | None = None
    collapsed: float | None = None


class Band(Spec, frozen=True):
    """What was measured of a direction's strengths, raw; see `Steerer.calibrate`. None: not reached within the range.

    Negative strengths were measured where `points` have negative ones.

    Attributes:
        onset: where the effect begins.
        iso_kl: where the 95th percentile over tokens of KL(steered‖unsteered) is 1 nat: the unit ``auto``.
        collapse: where half of the texts fall apart.
        points: all that was measured, by strength.
    """

    onset: float | None
    iso_kl: float | None
    collapse: float | None
    points: tuple[BandPoint, ...] = ()

    def __str__(self) -> str:
        head = ", ".join(
            f"{name} {'not reached' if value is None else f'{value:.4g}'}"
            for name, value in (("onset", self.onset), ("iso_kl", self.iso_kl), ("collapse", self.collapse))
        )
        rows = [_COLUMNS, *(_cells(point) for point in self.points)]
        widths = [max(len(row[n]) for row in rows) for n in range(len(_COLUMNS))]
        lines = (
            "  ".join(cell.rjust(width) for cell, width in zip(row, widths, strict=True)) for row in rows
        )
        return "\n".join((head, *lines)) if self.points else head

    def _repr_pretty_(self, printer: Printer, _cycle: bool) -> None:  # noqa: FBT001 - as IPython calls it
        printer.text(str(self))

    def _repr_html_(self) -> str:
        return f"<pre>{self}</pre>"  # nothing in it but names and numbers


def _cells(point: BandPoint) -> tuple[str, ...]:
    values = (point.strength, point.dose, point.kl_mean, point.kl_p95, point.perplexity)
    shown = ["" if value is None or not math.isfinite(value) else f"{value:.3g}" for value in values]
    return (*shown, "" if point.collapsed is None else f"{point.collapsed:.0%}")
