"""What a selection comes to: the columns of its run."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Sequence
from typing import Literal

import msgspec

from . import methods
from .errors import InvalidInput
from .spec import Control, Edit, SelectedEdit, Selection, Steering, as_selected

MAX_COLUMNS = 1_000


def columns_of(selection: Selection) -> tuple[Steering, ...]:
    """The columns a selection stands for, baseline first; hidden rows are left out.

    Raises:
        InvalidInput: a grid without strengths, or more than `MAX_COLUMNS` columns.
    """
    rows = [row for row in selection.edits if not row.is_hidden]
    choices = [
        [_at(row, strength, selection.master) for strength in _strengths(row, selection)] for row in rows
    ]
    n_columns = _count(map(len, choices), is_product=selection.layout == "combined")
    if n_columns > MAX_COLUMNS:
        raise InvalidInput(
            "selection", f"{n_columns:,} columns", f"at most {MAX_COLUMNS:,}", hint="Choose fewer strengths."
        )
    if selection.layout == "combined":
        steered = [Steering(edits) for edits in itertools.product(*choices)] if choices else []
    else:
        steered = [Steering((edit,)) for edits in choices for edit in edits]
    if selection.control:
        steered = [column for one in steered for column in (one, *_control(one))]
    return (*((Steering(),) if selection.baseline else ()), *steered)


def _count(sizes: Iterable[int], *, is_product: bool) -> int:
    n_columns = 1 if is_product else 0
    for size in sizes:
        n_columns = n_columns * size if is_product else n_columns + size
    return n_columns


def _strengths(row: SelectedEdit, selection: Selection) -> tuple[float, ...]:
    if selection.layout == "grid":
        if not selection.grid_strengths:
            raise InvalidInput("grid_strengths", (), "at least one finite number")
        return tuple(dict.fromkeys(selection.grid_strengths))
    if selection.layout == "sweep":
        return _sweep(selection.sweep_start, selection.sweep_stop, selection.n_sweep_steps)
    return row.strengths


def _sweep(start: float, stop: float, n_steps: int) -> tuple[float, ...]:
    if n_steps == 1:
        return (start,)
    # To a millionth of the span: 0.1 + 0.2 is not to read 0.30000000000000004.
    step = (stop - start) / (n_steps - 1)
    return tuple(dict.fromkeys(_rounded(start + i * step, abs(stop - start)) for i in range(n_steps)))


def _rounded(value: float, span: float) -> float:
    return float(f"{value:.6g}") if abs(value) > span * 1e-9 else 0.0


def _at(row: SelectedEdit, strength: float, master: float) -> Edit:
    edit = row.plain()
    if master == 1:
        return msgspec.structs.replace(edit, strength=strength)
    method = methods.get(edit.method or "add")
    if method.strength == "unused":
        return edit
    rest = method.neutral or 0.0
    scaled = float(f"{rest + (strength - rest) * master:.6g}")
    return msgspec.structs.replace(edit, strength=scaled)


def _control(column: Steering) -> tuple[Steering, ...]:
    """The same column along random directions; none where it has such a direction already."""
    edits: list[Edit] = []
    for edit in column.edits:
        if isinstance(edit.feature, Control):
            return ()
        edits.append(msgspec.structs.replace(edit, feature=edit.feature.control()))
    return (msgspec.structs.replace(column, edits=tuple(edits)),)


def selection_of(steerings: Sequence[Steering], samples: int = 1) -> Selection:
    """The selection that stands for these columns.

    Raises:
        InvalidInput: none does, such as where columns keep the norm, or the baseline is not the first.
    """
    baseline = any(steering.is_baseline for steering in steerings)
    steered = [steering.edits for steering in steerings if not steering.is_baseline]
    for without_controls, control in ((steered, False), (steered[::2], True)):
        for rows, layout in _readings(without_controls):
            try:
                chosen = Selection(rows, layout, baseline, samples, control=control)
                is_same = [one.edits for one in columns_of(chosen)] == [one.edits for one in steerings]
            except InvalidInput:  # more columns than a selection may have
                continue
            if is_same and not any(steering.preserve_norm for steering in steerings):
                return chosen
    raise InvalidInput(
        "steerings",
        [str(steering) for steering in steerings],
        "the baseline, then rows at their strengths, or all their combinations",
        hint="The widget cannot choose these columns; steerer.reopen(result) shows them without.",
    )


def _readings(
    columns: Sequence[tuple[Edit, ...]],
) -> Iterator[tuple[tuple[SelectedEdit, ...], Literal["separate", "combined"]]]:
    """Rows that might make up these columns."""
    if all(len(edits) == 1 for edits in columns):
        singles = [edits[0] for edits in columns]
        alike = [list(group) for _, group in itertools.groupby(singles, key=_apart_from_strength)]
        yield tuple(map(_row, alike)), "separate"
        yield tuple(map(as_selected, singles)), "separate"
    elif len({len(edits) for edits in columns}) == 1:
        places = [[edits[place] for edits in columns] for place in range(len(columns[0]))]
        yield tuple(map(_row, places)), "combined"


def _apart_from_strength(edit: Edit) -> Edit:
    return msgspec.structs.replace(edit, strength=0.0)


def _row(edits: Sequence[Edit]) -> SelectedEdit:
    first, *others = dict.fromkeys(edit.strength for edit in edits)
    return msgspec.structs.replace(as_selected(edits[0]), strength=first, more_strengths=tuple(others))
