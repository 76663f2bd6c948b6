"""Page → kernel → page: the band of strengths of a direction."""

from __future__ import annotations

from ..spec import Band, Steerable
from .common import Wire


class FindBand(Wire, frozen=True):
    """Calibrate this direction, also where its band is known. Answered by `BandFound` when that is done."""

    direction: Steerable


class ReadBand(Wire, frozen=True):
    """The band that is known of this direction. Answered by `BandFound`."""

    direction: Steerable


class BandFound(Wire, frozen=True):
    """Answer to `FindBand` and `ReadBand`. `band`: None where it was never calibrated."""

    band: Band | None = None
