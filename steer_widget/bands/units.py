"""Strengths in the unit ``auto``, multiples of the iso-KL strength, as raw ones."""

from __future__ import annotations

from typing import Protocol

import msgspec

from ..errors import InvalidInput
from ..spec import Band, Edit, Steerable, Steering

_OTHERS = "raw, max_act or norm"


class BandOf(Protocol):
    """Gives the band of a direction; None where it was not measured."""

    def __call__(self, direction: Steerable, *, negative: bool = False) -> Band | None:
        """See above."""


def in_raw(steering: Steering, band_of: BandOf) -> Steering:
    """The steering without the unit ``auto``, so that what is run and noted down means the same everywhere.

    A negative strength takes the band of negative strengths where there is one, else the other's iso_kl.

    Raises:
        InvalidInput: a direction was not calibrated, or has no iso-KL strength; or another method than ``add``.
    """
    if all(edit.unit != "auto" for edit in steering.edits):
        return steering
    return msgspec.structs.replace(steering, edits=tuple(_raw(edit, band_of) for edit in steering.edits))


def _raw(edit: Edit, band_of: BandOf) -> Edit:
    if edit.unit != "auto":
        return edit
    if edit.method not in (None, "add"):
        raise InvalidInput(
            "unit", "auto", _OTHERS, hint=f"auto is measured for the method add, not for {edit.method}."
        )
    band = band_of(edit.feature, negative=True) if edit.strength < 0 else None
    band = band or band_of(edit.feature)
    if band is None:
        raise InvalidInput(
            "unit", "auto", f"{_OTHERS}; auto once it is calibrated",
            hint=f"{edit.feature} is not: steerer.calibrate(feature) finds its iso-KL strength, in some seconds.",
        )  # fmt: skip
    if band.iso_kl is None:
        raise InvalidInput(
            "unit", "auto", _OTHERS,
            hint=f"{edit.feature} has no iso-KL strength: its KL did not reach 1 nat, or passed it at once.",
        )  # fmt: skip
    return msgspec.structs.replace(edit, strength=edit.strength * abs(band.iso_kl), unit="raw")
