"""Edits, and the steerings they make up: what one column of the grid does."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import msgspec

from ..errors import InvalidInput
from .checks import Spec, finite, one_of, switch
from .direction import Control, Feature, Steerable, Vector
from .positions import Positions, Schedule, as_positions

Unit = Literal["raw", "max_act", "norm", "auto"]
UNITS: tuple[Unit, ...] = ("raw", "max_act", "norm", "auto")


class Edit(Spec, frozen=True):
    """A direction applied at a strength. Fields left None take the run's defaults.

    Attributes:
        feature: a feature, a vector, or a control of either.
        strength: in `unit`; what it means, the method says.
        unit: ``raw``, ``max_act``, ``norm`` or ``auto``; see `Feature.at`.
        method: how the direction is applied.
        positions: on which tokens it acts.
        skip_special: whether special tokens stay as they are.
        schedule: from which generated token on, and how it fades; None: always.
    """

    feature: Steerable
    strength: float
    unit: Unit | None = None
    method: str | None = None
    positions: Positions | None = None
    skip_special: bool | None = None
    schedule: Schedule | None = None

    def __post_init__(self) -> None:
        force = msgspec.structs.force_setattr
        if not isinstance(self.feature, (Feature, Vector, Control)):
            raise InvalidInput(
                "feature", self.feature, "a sw.Feature, as steerer.feature(index) gives, or a sw.Vector"
            )
        force(self, "strength", finite("strength", self.strength))
        if self.unit is not None:
            one_of("unit", self.unit, UNITS)
        if self.positions is not None:
            force(self, "positions", as_positions(self.positions))
        method: object = self.method
        if method is not None and (not isinstance(method, str) or not method):
            raise InvalidInput("method", self.method, "the name of a steering method, such as 'add'")
        if self.skip_special is not None:
            switch("skip_special", self.skip_special)
        if self.schedule is not None and not isinstance(self.schedule, Schedule):
            raise InvalidInput("schedule", self.schedule, "a sw.Schedule(start=…, half_life=…)")

    def __str__(self) -> str:
        strength = "" if self.method == "ablate" else f" {self.strength:+g}"
        unit = "" if self.unit in (None, "raw") else f" {self.unit}"
        method = "" if self.method in (None, "add") else f" {self.method}"
        positions = "" if self.positions in (None, "all") else f" {self.positions}"
        schedule = f" {self.schedule}".rstrip() if self.schedule is not None else ""
        return f"{self.feature}{strength}{unit}{method}{positions}{schedule}"


def as_edits(field: str, given: object) -> tuple[Edit, ...]:
    """Edits from one or a list of them.

    Raises:
        InvalidInput: something else.
    """
    edits = (given,) if isinstance(given, Edit) else given
    if not isinstance(edits, (list, tuple)) or not all(isinstance(edit, Edit) for edit in edits):
        raise InvalidInput(field, given, "a list of edits, as feature.at(strength) gives")
    return tuple(edits)


class Steering(Spec, frozen=True):
    """What one column of the grid does: all its edits at once. No edits: the unsteered baseline.

    Attributes:
        edits: summed where they share a hook point, so their order does not matter.
        preserve_norm: True gives each steered token its former norm back; only its direction changes.
            None takes the run's default.
    """

    edits: tuple[Edit, ...] = ()
    preserve_norm: bool | None = None

    def __post_init__(self) -> None:
        msgspec.structs.force_setattr(self, "edits", as_edits("steering", self.edits))
        if self.preserve_norm is not None:
            switch("preserve_norm", self.preserve_norm)

    @property
    def is_baseline(self) -> bool:
        """True for the unsteered column."""
        return not self.edits

    def __str__(self) -> str:
        if not self.edits:
            return "baseline"
        return " + ".join(str(e) for e in self.edits) + (", norm kept" if self.preserve_norm else "")


def columns(edits: Sequence[Edit], *, combine: bool, baseline: bool) -> tuple[Steering, ...]:
    """Columns from edits: each its own, or one with all of them; the baseline in front if wanted."""
    if combine:
        steered: tuple[Steering, ...] = (Steering(tuple(edits)),) if edits else ()
    else:
        steered = tuple(Steering((edit,)) for edit in edits)
    return ((Steering(),) if baseline else ()) + steered
