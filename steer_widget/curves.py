"""A sweep as lines: one direction at several strengths. The same rules as in `js/src/curves.ts`."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal, NamedTuple

import msgspec

from . import methods
from .cell import Cell
from .errors import InvalidInput
from .spec import Edit, Steering
from .summary import Mean, SummaryMeasure, cells_under, mean_of, mean_of_cells, read_value

if TYPE_CHECKING:
    from .result import RunResult

_MIN_STRENGTHS = 3
_SYMLOG_RATIO = 8

SummaryKind = Literal["curves", "heatmap"]


class Line(NamedTuple):
    """Columns that differ in the strength alone.

    Attributes:
        edit: what the columns do, at the first one's strength.
        keeps_norm: whether they give each token its former norm back.
        stops: each strength, ascending, with the numbers of its columns.
    """

    edit: Edit
    keeps_norm: bool
    stops: tuple[tuple[float, tuple[int, ...]], ...]


class Point(NamedTuple):
    """A line at one strength: the mean over all its texts, and how far they spread.

    Attributes:
        mean: over prompts and samples.
        values: of the single texts.
        low, high: 10th and 90th percentile over the texts, linear between neighbours; None where there are none.
    """

    strength: float
    mean: Mean
    values: tuple[float, ...]
    low: float | None
    high: float | None


class Zone(NamedTuple):
    """Strengths below `low` and above `high` are too much; None where that side has no such end."""

    low: float | None
    high: float | None


def strength_kind(edit: Edit) -> str:
    """What the strength of an edit is: see `methods._base.Strength`; of a method that is not here, a coefficient."""
    name = edit.method or "add"
    try:
        return methods.get(name).strength
    except InvalidInput:  # a run of another machine may have used what is not installed here
        return "coefficient"


def lines_of(steerings: Sequence[Steering]) -> list[Line]:
    """Lines in the order of their first columns; columns of several edits, or without a strength, are on none."""
    found: dict[tuple[Edit, bool], tuple[Edit, dict[float, list[int]]]] = {}
    for column, steering in enumerate(steerings):
        if len(steering.edits) != 1 or strength_kind(steering.edits[0]) == "unused":
            continue
        edit = steering.edits[0]
        key = msgspec.structs.replace(edit, strength=0.0), bool(steering.preserve_norm)
        columns = found.setdefault(key, (edit, {}))[1]
        columns.setdefault(edit.strength, []).append(column)
    return [
        Line(edit, keeps_norm, tuple((strength, tuple(columns[strength])) for strength in sorted(columns)))
        for (_, keeps_norm), (edit, columns) in found.items()
    ]


def kind_of(result: RunResult) -> SummaryKind:
    """The picture that fits a run best: curves where some direction has three strengths or more."""
    is_sweep = any(len(line.stops) >= _MIN_STRENGTHS for line in lines_of(result.grid.steerings))
    return "curves" if is_sweep else "heatmap"


def points_of(result: RunResult, line: Line, measure: SummaryMeasure) -> list[Point]:
    """The line's points, by strength."""
    points = []
    for strength, columns in line.stops:
        read = (read_value(measure, cell) for cell in cells_under(result, columns))
        values = tuple(value for value in read if value is not None)
        low, high = quantile(values, 0.1), quantile(values, 0.9)
        points.append(Point(strength, mean_of(measure, values), values, low, high))
    return points


def quantile(values: Sequence[float], share: float) -> float | None:
    """A quantile, linear between neighbours (Hyndman & Fan 1996, type 7); None of no values."""
    if not values:
        return None
    ordered = sorted(values)
    at = (len(ordered) - 1) * share
    below, above = ordered[math.floor(at)], ordered[math.ceil(at)]
    return below + (above - below) * (at - math.floor(at))


def baseline_mean(result: RunResult, measure: SummaryMeasure) -> Mean:
    """The unsteered mean over all prompts and samples."""
    columns = [n for n, steering in enumerate(result.grid.steerings) if steering.is_baseline]
    return mean_of_cells(measure, cells_under(result, columns[:1]))


def over_steered(result: RunResult, lines: Sequence[Line]) -> Zone:
    """Where at least half of the texts are flagged as over-steered.

    From either end inwards, up to the middle between the last such strength and the next. Strengths without a text
    are passed over; where all are too much, `low` is infinite.
    """
    columns: dict[float, list[int]] = {}
    for strength, numbers in itertools.chain.from_iterable(line.stops for line in lines):
        columns.setdefault(strength, []).extend(numbers)
    known = [
        (strength, 2 * sum(map(_is_over_steered, done)) >= len(done))
        for strength in sorted(columns)
        if (done := [cell for cell in cells_under(result, columns[strength]) if cell.state == "done"])
    ]
    fine = [n for n, (_, is_too_much) in enumerate(known) if not is_too_much]
    if not fine:
        return Zone(math.inf if known else None, None)
    first, last = fine[0], fine[-1]
    return Zone(
        (known[first - 1][0] + known[first][0]) / 2 if first > 0 else None,
        (known[last][0] + known[last + 1][0]) / 2 if last + 1 < len(known) else None,
    )


def _is_over_steered(cell: Cell) -> bool:
    return "over_steered" in cell.measures.flags


def symlog_from(strengths: Sequence[float]) -> float | None:
    """Where a symmetric-logarithmic axis stops being linear; None where the strengths are evenly spaced enough."""
    ordered = sorted(set(strengths))
    gaps = [above - below for below, above in itertools.pairwise(ordered)]
    if len(gaps) < 2 or max(gaps) <= _SYMLOG_RATIO * min(gaps):
        return None
    return min(abs(strength) for strength in ordered if strength)
