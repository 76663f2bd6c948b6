"""What is selected in the widget."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from ..errors import InvalidInput
from .checks import Spec, switch, whole
from .steering import Edit, Steering, as_edits, columns


class Selection(Spec, frozen=True):
    """What is selected in the widget: the columns of the next run.

    Attributes:
        edits: features with their strengths, in the order of the columns.
        combine: one column with all edits at once, instead of a column for each.
        baseline: whether the unsteered column comes first.
        samples: completions per prompt and column.
    """

    edits: tuple[Edit, ...] = ()
    combine: bool = False
    baseline: bool = True
    samples: int = 1

    def __post_init__(self) -> None:
        msgspec.structs.force_setattr(self, "edits", as_edits("selection", self.edits))
        switch("combine", self.combine)
        switch("baseline", self.baseline)
        msgspec.structs.force_setattr(self, "samples", whole("samples", self.samples, 1))

    def steerings(self) -> tuple[Steering, ...]:
        """The columns this selection stands for, baseline first."""
        return columns(self.edits, combine=self.combine, baseline=self.baseline)

    @classmethod
    def of(cls, steerings: Sequence[Steering], samples: int = 1) -> Selection:
        """The selection that stands for these columns.

        Raises:
            InvalidInput: none does: several combined columns, columns that keep the norm, or the baseline elsewhere.
        """
        steered = [steering for steering in steerings if not steering.is_baseline]
        chosen = cls(
            edits=tuple(edit for steering in steered for edit in steering.edits),
            combine=len(steered) == 1 and len(steered[0].edits) > 1,
            baseline=len(steered) < len(steerings),
            samples=samples,
        )
        is_same = [one.edits for one in chosen.steerings()] == [one.edits for one in steerings]
        if not is_same or any(steering.preserve_norm for steering in steerings):
            raise InvalidInput(
                "steerings",
                [str(steering) for steering in steerings],
                "the baseline, then one edit each or one column of all",
                hint="The widget cannot choose these columns; steerer.reopen(result) shows them without.",
            )
        return chosen
