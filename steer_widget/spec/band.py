"""The band of strengths within which a direction steers and the text stays whole."""

from __future__ import annotations

from .checks import Spec


class Band(Spec, frozen=True):
    """What was measured of a direction's strengths, raw; see `Steerer.calibrate`. None: not reached within the range.

    Attributes:
        onset: where the effect begins.
        iso_kl: where the 95th percentile over tokens of KL(steered‖unsteered) is 1 nat: the unit ``auto``.
        collapse: where the text falls apart.
    """

    onset: float | None
    iso_kl: float | None
    collapse: float | None
