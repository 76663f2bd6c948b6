"""A heatmap of a batch in matplotlib: one measure, prompts down, steerings across."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .cell import prompt_text
from .plot_style import GREY, column_label, plain_log_ticks, short_label, verbatim
from .summary import SummaryMeasure, heatmap_of, summary_info

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from .result import RunResult

_DARK = 0.55
_CHARS_PER_INCH = 12


def draw_heatmap(result: RunResult, measure: SummaryMeasure, ax: Axes) -> None:
    """Draws the means over the samples, each with its number; what is missing is hatched."""
    import numpy as np
    from matplotlib.colors import LogNorm, Normalize

    info = summary_info(measure)
    means = [[mean.value for mean in row] for row in heatmap_of(result, measure)]
    values = np.array(means, dtype=float)  # None becomes NaN, which stays a gap
    known = values[np.isfinite(values)]
    top = known.max(initial=0.0) or 1.0
    norm = (
        LogNorm(known.min(), max(top, known.min() * 1.01))
        if info.is_log and known.size
        else Normalize(min(0.0, known.min(initial=0.0)), top)
    )
    ax.patch.set(facecolor="white", edgecolor=f"{GREY}60", hatch="////")
    image = ax.imshow(values, cmap="Blues", norm=norm, aspect="auto")
    for (row, column), value in np.ndenumerate(values):
        is_dark = bool(np.isfinite(value)) and float(norm(value)) > _DARK
        words = _words(value, is_share=info.is_share) if np.isfinite(value) else "–"
        ax.text(
            column,
            row,
            words,
            ha="center",
            va="center",
            color="white" if is_dark else "black",
            fontsize="small",
        )
    n_chars = _column_chars(ax, len(result.grid.steerings))
    steerings = [column_label(steering, n_chars) for steering in result.grid.steerings]
    prompts = [short_label(prompt_text(prompt), 34, 1) for prompt in result.grid.prompts]
    ax.set_xticks(range(len(steerings)), steerings, fontsize="small")
    ax.set_yticks(range(len(prompts)), prompts, fontsize="small")
    for text in (*ax.get_xticklabels(), *ax.get_yticklabels()):
        verbatim(text)
    ax.tick_params(length=0)
    ax.spines[:].set_visible(False)
    ax.set_title(info.name, loc="left", fontsize="medium", fontweight="bold")
    bar = ax.figure.colorbar(image, ax=ax, label=info.unit, pad=0.02)
    bar.outline.set_visible(False)
    if isinstance(norm, LogNorm):
        plain_log_ticks(bar.ax.yaxis)


def _words(value: float, *, is_share: bool) -> str:
    """A few digits, as on the page: two decimals where it is small, none where it is large."""
    if is_share:
        return f"{100 * value:.0f} %"
    size = abs(value)
    if size >= 99.95 or value == int(value):
        return f"{value:.0f}" if size < 1e5 else f"{value:.2g}"
    decimals = 1 if size >= 9.995 else 2
    return (f"{value:.1g}" if size < 0.005 else f"{value:.{decimals}f}").replace("-", "−")


def _column_chars(ax: Axes, n_columns: int) -> int:
    """Characters of the labels' size that have room below a column."""
    width_in = ax.get_window_extent().width / ax.figure.dpi
    return max(6, int(_CHARS_PER_INCH * width_in / n_columns))
