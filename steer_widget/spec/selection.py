"""What is selected in the widget."""

from __future__ import annotations

from typing import Literal, get_args

import msgspec

from ..errors import InvalidInput
from .checks import Spec, finite, one_of, switch, whole
from .steering import Edit, Steering, as_edits

Layout = Literal["separate", "combined", "grid", "sweep"]
LAYOUTS: tuple[Layout, ...] = get_args(Layout)
MAX_SWEEP_STEPS = 200


class SelectedEdit(Edit, frozen=True):
    """A row of the selection: an edit, and what the page keeps beside it. Equal to the edit where that is nothing.

    Attributes:
        more_strengths: further strengths in the edit's unit, besides its own.
        is_hidden: left out of the next run, but kept.
    """

    more_strengths: tuple[float, ...] = ()
    is_hidden: bool = False

    def __post_init__(self) -> None:
        super().__post_init__()
        msgspec.structs.force_setattr(
            self, "more_strengths", _strengths("more_strengths", self.more_strengths)
        )
        switch("is_hidden", self.is_hidden)

    @property
    def strengths(self) -> tuple[float, ...]:
        """All its strengths, the edit's own first, each once."""
        return tuple(dict.fromkeys((self.strength, *self.more_strengths)))

    @property
    def chosen(self) -> tuple[Edit, ...]:
        """What of it goes into a run: an edit for each strength; none where it is hidden."""
        if self.is_hidden:
            return ()
        return tuple(msgspec.structs.replace(self.plain(), strength=strength) for strength in self.strengths)

    def plain(self) -> Edit:
        """The edit alone, as a run has it."""
        return Edit(**{name: getattr(self, name) for name in Edit.__struct_fields__})

    def __eq__(self, other: object) -> bool:
        if type(other) is Edit:
            return not self.more_strengths and not self.is_hidden and self.plain() == other
        return super().__eq__(other)

    def __ne__(self, other: object) -> bool:  # that of msgspec does not ask __eq__
        return not self == other

    def __hash__(self) -> int:
        return hash(self.plain())


class Selection(Spec, frozen=True):
    """What is selected in the widget: the columns of the next run (`layout.columns_of`).

    Attributes:
        edits: rows, in the order of the columns. Takes edits too, as feature.at(strength) gives. In code, as in
            ``steerer.compare(prompts, selection.edits)``, each strength of a row is an edit, hidden rows are none.
        layout: ``separate``: a column for each strength of each row; ``combined``: all rows in one column, where
            rows have several strengths one for each combination; ``grid``: each row at each of
            `grid_strengths`; ``sweep``: each row at `n_sweep_steps` strengths from `sweep_start` to `sweep_stop`.
        baseline: whether the unsteered column comes first.
        samples: completions per prompt and column.
        grid_strengths, sweep_start, sweep_stop: in each row's own unit.
        n_sweep_steps: strengths of a sweep, both ends included.
        control: whether a column steered along random directions of the same norms follows each steered one.
        master: factor on all strengths; of a method's factor, on its distance from what changes nothing.
    """

    edits: tuple[SelectedEdit, ...] = ()
    layout: Layout = "separate"
    baseline: bool = True
    samples: int = 1
    grid_strengths: tuple[float, ...] = ()
    sweep_start: float = 0.0
    sweep_stop: float = 0.0
    n_sweep_steps: int = 5
    control: bool = False
    master: float = 1.0

    def __post_init__(self) -> None:
        force = msgspec.structs.force_setattr
        force(self, "edits", tuple(map(as_selected, as_edits("selection", self.edits))))
        one_of("layout", self.layout, LAYOUTS)
        switch("baseline", self.baseline)
        force(self, "samples", whole("samples", self.samples, 1))
        force(self, "grid_strengths", _strengths("grid_strengths", self.grid_strengths))
        for name in ("sweep_start", "sweep_stop", "master"):
            force(self, name, finite(name, getattr(self, name)))
        force(self, "n_sweep_steps", whole("n_sweep_steps", self.n_sweep_steps, 1, MAX_SWEEP_STEPS))
        switch("control", self.control)


def as_selected(edit: Edit) -> SelectedEdit:
    """The edit as a row of the selection."""
    if isinstance(edit, SelectedEdit):
        return edit
    return SelectedEdit(**{name: getattr(edit, name) for name in Edit.__struct_fields__})


def without_rows(steering: Steering) -> Steering:
    """The steering with edits alone: rows of a selection are none of a run's."""
    if not any(isinstance(edit, SelectedEdit) for edit in steering.edits):
        return steering
    edits = tuple(edit.plain() if isinstance(edit, SelectedEdit) else edit for edit in steering.edits)
    return msgspec.structs.replace(steering, edits=edits)


def _strengths(field: str, given: object) -> tuple[float, ...]:
    if not isinstance(given, (list, tuple)):
        raise InvalidInput(field, given, "a list of finite numbers")
    return tuple(finite(field, strength) for strength in given)
