"""Curves of a sweep in matplotlib: one measure against the strength, a line for each direction."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from .curves import (
    Line,
    Point,
    baseline_mean,
    lines_of,
    over_steered,
    points_of,
    strength_kind,
    symlog_from,
)
from .plot_style import GREY, MARKERS, WARN, colours_of, line_label, plain_log_ticks
from .summary import SummaryMeasure, summary_info

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from .result import RunResult

_MAX_DOTS = 12
_MAX_OWN_TICKS = 12


def draw_curves(result: RunResult, measure: SummaryMeasure, ax: Axes) -> None:
    """Draws the lines, the baseline and the zone of too large strengths."""
    info, lines = summary_info(measure), lines_of(result.grid.steerings)
    strengths = sorted({strength for line in lines for strength, _ in line.stops})
    _strength_axis(ax, lines, strengths)
    unsteered = baseline_mean(result, measure).value
    has_numbers = unsteered is not None
    for number, (line, colour) in enumerate(zip(lines, colours_of(lines), strict=True)):
        points = points_of(result, line, measure)
        has_numbers = has_numbers or any(point.values for point in points)
        _spread(ax, points, colour)
        ax.plot(
            [point.strength for point in points],
            [math.nan if point.mean.value is None else point.mean.value for point in points],
            color=colour,
            marker=MARKERS[number % len(MARKERS)],
            markerfacecolor="none" if number // len(MARKERS) % 2 else colour,
            label=line_label(line),
        )
    if unsteered is not None:
        ax.axhline(unsteered, color=GREY, linestyle="--", linewidth=1.2, label="baseline")
    _zone(result, lines, ax)
    ax.set_title(info.name, loc="left", fontsize="medium", fontweight="bold")
    if info.unit:
        ax.set_ylabel(info.unit)
    if info.is_log:
        if not has_numbers:
            ax.set_ylim(1, 10)  # of no number there is no logarithm
        ax.set_yscale("log")
        plain_log_ticks(ax.yaxis)
    elif measure != "similarity":
        ax.set_ylim(bottom=0)
    if info.is_share:
        ax.yaxis.set_major_formatter(lambda value, _: f"{100 * value:g} %")
    ax.grid(axis="y", alpha=0.25)
    ax.spines[["top", "right"]].set_visible(False)


def _spread(ax: Axes, points: list[Point], colour: str) -> None:
    """The single texts where they are few, else where the middle 80 % of them lie."""
    most = max((len(point.values) for point in points), default=0)
    if most <= 1:
        return
    if most <= _MAX_DOTS:
        pairs = [(point.strength, value) for point in points for value in point.values]
        x, y = zip(*pairs, strict=True)
        ax.plot(x, y, color=colour, marker=".", linestyle="none", alpha=0.35, label="_texts")
        return
    nan = math.nan
    ax.fill_between(
        [point.strength for point in points],
        [nan if point.low is None else point.low for point in points],
        [nan if point.high is None else point.high for point in points],
        color=colour,
        alpha=0.14,
        linewidth=0,
        label="_spread",
    )


def _strength_axis(ax: Axes, lines: list[Line], strengths: list[float]) -> None:
    linear_to = symlog_from(strengths)
    if linear_to is not None:
        ax.set_xscale("symlog", linthresh=linear_to)
    if linear_to is not None or len(strengths) <= _MAX_OWN_TICKS:
        ax.set_xticks(strengths, [f"{strength:g}".replace("-", "−") for strength in strengths])
        ax.minorticks_off()
    units = {"factor" if strength_kind(line.edit) == "factor" else line.edit.unit or "raw" for line in lines}
    words = {
        "factor": "factor",
        "raw": "strength, raw",
        "max_act": "strength, × maximum activation",
        "norm": "strength, × residual norm",
    }
    ax.set_xlabel(words[units.pop()] if len(units) == 1 else "strength, each line in its own unit")


def _zone(result: RunResult, lines: list[Line], ax: Axes) -> None:
    low, high = over_steered(result, lines)
    left, right = ax.get_xlim()
    spans = [] if low is None else [(left, min(low, right))]
    spans += [] if high is None else [(high, right)]
    for number, (start, stop) in enumerate(spans):
        label = "_over-steered" if number else "over-steered"
        ax.axvspan(
            start, stop, facecolor=f"{WARN}18", edgecolor=f"{WARN}40", hatch="//", linewidth=0, label=label
        )
    ax.set_xlim(left, right)
