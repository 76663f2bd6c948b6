"""What a selection comes to: the columns of its run."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Sequence
from typing import Literal

import msgspec

from . import methods
from .errors import InvalidInput
from .spec import Control, Edit, SelectedEdit, Selection, Steering, as_selected

MAX_COLUMNS = 1_000
_N_DIGITS = 6
_LOG10_2 = 0.30103  # rounded up: half of 1 twice is 1


def columns_of(selection: Selection) -> tuple[Steering, ...]:
    """The columns a selection stands for, baseline first, each followed by its control where controls are wanted.

    Hidden rows are left out. How many columns there are depends neither on the methods nor on the
    master dial: they stay where they are while it moves. The page counts them too: `js/src/layout.ts`.

    Raises:
        InvalidInput: a grid without strengths, a sweep whose steps are no different numbers, a strength that the
            master dial makes infinite, or more than `MAX_COLUMNS` steered columns, controls not counted.
    """
    rows = [row for row in selection.edits if not row.is_hidden]
    strengths = [_strengths(row, selection) for row in rows]
    _refuse_too_many(list(map(len, strengths)), is_product=selection.layout == "combined")
    choices = [
        [_at(row, strength, selection.master) for strength in given]
        for row, given in zip(rows, strengths, strict=True)
    ]
    if selection.layout == "combined":
        steered = [Steering(edits) for edits in itertools.product(*choices)] if choices else []
    else:
        steered = [Steering((edit,)) for edits in choices for edit in edits]
    if selection.control:
        steered = [column for one in steered for column in (one, *_control(one))]
    return (*((Steering(),) if selection.baseline else ()), *steered)


def _refuse_too_many(sizes: list[int], *, is_product: bool) -> None:
    n_columns = math.prod(sizes) if is_product else sum(sizes)
    if n_columns > MAX_COLUMNS:
        raise InvalidInput(
            "selection",
            f"{n_columns:,} columns" if n_columns < 10**15 else "more columns than can be counted",
            f"at most {MAX_COLUMNS:,}",
            hint="Choose fewer strengths, or hide rows.",
        )


def _strengths(row: SelectedEdit, selection: Selection) -> tuple[float, ...]:
    if selection.layout == "grid":
        if not selection.grid_strengths:
            raise InvalidInput("grid_strengths", (), "at least one finite number")
        return tuple(dict.fromkeys(selection.grid_strengths))
    if selection.layout == "sweep":
        return _sweep(selection.sweep_start, selection.sweep_stop, selection.n_sweep_steps)
    return row.strengths


def _sweep(start: float, stop: float, n_steps: int) -> tuple[float, ...]:
    """Strengths at equal distances: both ends as they are, those between to a millionth of the whole."""
    if n_steps == 1 or start == stop:
        return (start,)
    # 0.1 + 0.2 is not to read 0.30000000000000004. The distance itself may be too large for a float, its half is not.
    half = abs(stop / 2 - start / 2) or math.ulp(0.0)
    n_places = _N_DIGITS - math.floor(math.log10(half) + _LOG10_2)
    parts = (step / (n_steps - 1) for step in range(1, n_steps - 1))
    between = [round(start * (1 - part) + stop * part, n_places) + 0.0 for part in parts]  # no negative zero
    strengths = (start, *between, stop)
    if len(set(strengths)) < n_steps:
        raise InvalidInput(
            "n_sweep_steps", n_steps, f"fewer, from {start!r} to {stop!r}",
            hint="There are not so many different numbers between them.",
        )  # fmt: skip
    return strengths


def _at(row: SelectedEdit, strength: float, master: float) -> Edit:
    edit = msgspec.structs.replace(row.plain(), strength=strength)
    if master == 1:
        return edit
    method = methods.get(edit.method or "add")
    if method.strength == "unused":
        return edit
    rest = method.neutral or 0.0
    scaled = rest + (strength - rest) * master
    if not math.isfinite(scaled):
        raise InvalidInput("master", master, f"a factor that leaves strength {strength:g} finite")
    # 4.2 × 1.1 is not to read 4.620000000000001.
    return msgspec.structs.replace(edit, strength=float(f"{scaled:.{_N_DIGITS}g}"))


def _control(column: Steering) -> tuple[Steering, ...]:
    """The same column along random directions; none where it has such a direction already."""
    edits: list[Edit] = []
    for edit in column.edits:
        if isinstance(edit.feature, Control):
            return ()
        edits.append(msgspec.structs.replace(edit, feature=edit.feature.control()))
    return (msgspec.structs.replace(column, edits=tuple(edits)),)


def selection_of(steerings: Sequence[Steering], samples: int = 1) -> Selection:
    """A selection that stands for these columns; several may.

    Raises:
        InvalidInput: none does, such as where columns keep the norm, or the baseline is not the first.
    """
    baseline = any(steering.is_baseline for steering in steerings)
    steered = [steering.edits for steering in steerings if not steering.is_baseline]
    keeps_norm = any(steering.preserve_norm for steering in steerings)
    tries = ((steered[::2], True), (steered, False)) if steered else ((steered, False),)
    for without_controls, control in () if keeps_norm else tries:
        for rows, layout in _readings(without_controls):
            chosen = Selection(rows, layout, baseline, samples, control=control)
            try:
                is_same = [one.edits for one in columns_of(chosen)] == [one.edits for one in steerings]
            except InvalidInput:  # more columns than a selection may have
                continue
            if is_same:
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
