"""Pictures of a result in matplotlib: curves of a sweep, a heatmap of a batch. Numbers by the rule of `summary`."""

from __future__ import annotations

import io
from pathlib import Path
from typing import TYPE_CHECKING, Final, cast

from .curves import SummaryKind, kind_of, lines_of
from .errors import InvalidInput, SteerError
from .plot_curves import draw_curves
from .plot_heatmap import draw_heatmap
from .plot_style import verbatim
from .saving import write_body
from .summary import SUMMARY_MEASURES, SummaryMeasure

if TYPE_CHECKING:
    import numpy as np
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from .result import RunResult

_SUFFIXES: Final = {".svg": {"Date": None}, ".pdf": {"CreationDate": None}, ".png": {}}
_DPI: Final = 200
_FOUR: tuple[SummaryMeasure, ...] = ("kl", "perplexity", "activation", "repetition")


def plot_result(
    result: RunResult, kind: str | None, measure: str | None, ax: Axes | None
) -> Axes | np.ndarray:
    """What `RunResult.plot` does; it says what the arguments are."""
    try:
        import matplotlib.pyplot as plt
    except ImportError as error:
        raise SteerError(
            "matplotlib is not installed, so nothing can be drawn. Install it: pip install 'steer_widget[plot]'"
        ) from error
    chosen = _checked_kind(result, kind)
    if measure is not None and measure not in SUMMARY_MEASURES:
        raise InvalidInput("measure", measure, ", ".join(SUMMARY_MEASURES))
    n_prompts, n_columns = len(result.grid.prompts), len(result.grid.steerings)
    if chosen == "heatmap":
        if ax is None:
            size = (min(3.4 + 1.1 * n_columns, 16), min(1.6 + 0.36 * n_prompts, 24))
            ax = plt.subplots(figsize=size, layout="constrained")[1]
        draw_heatmap(result, measure or "kl", ax)
        return ax
    if measure is None and ax is None:
        figure, axes = plt.subplots(2, 2, figsize=(9, 6.4), layout="constrained")
        for one, each in zip(axes.flat, _FOUR, strict=True):
            draw_curves(result, each, one)
        handles, _ = axes[0, 1].get_legend_handles_labels()  # perplexity has a baseline too
        _legend(figure.legend(handles=handles, loc="outside upper center", ncols=2, frameon=False))
        return cast("np.ndarray", axes)
    if ax is None:
        ax = plt.subplots(figsize=(6, 4), layout="constrained")[1]
    draw_curves(result, measure or "kl", ax)
    _legend(ax.legend(frameon=False, fontsize="small"))
    return ax


def save_figure(result: RunResult, path: str | Path, kind: str | None, measure: str | None) -> Path:
    """What `RunResult.save_figure` does."""
    suffix = Path(path).suffix.lower()
    if suffix not in _SUFFIXES:
        raise InvalidInput("path", str(path), f"a file that ends in {', '.join(_SUFFIXES)}")
    drawn = plot_result(result, kind, measure, None)
    import matplotlib.pyplot as plt

    axes = cast("Axes", getattr(drawn, "flat", [drawn])[0])
    figure = cast("Figure", axes.get_figure(root=True))
    picture = io.BytesIO()
    try:
        # Texts as texts; and without a date, so that the same result gives the same file.
        with plt.rc_context({"svg.fonttype": "none", "svg.hashsalt": "steer_widget", "pdf.fonttype": 42}):
            figure.savefig(picture, format=suffix[1:], metadata=_SUFFIXES[suffix], dpi=_DPI)
    finally:
        plt.close(figure)
    return write_body(path, picture.getvalue())


def _checked_kind(result: RunResult, kind: str | None) -> SummaryKind:
    if kind is None:
        return kind_of(result)
    if kind not in ("curves", "heatmap"):
        raise InvalidInput("kind", kind, "'curves', 'heatmap', or None, which takes what fits the run")
    if kind == "curves" and not lines_of(result.grid.steerings):
        raise InvalidInput(
            "kind",
            kind,
            "'heatmap' for this run: curves need columns of one direction each, at several strengths",
            hint="Run a sweep for them: steerer.sweep(prompt, feature, strengths=[…]).",
        )
    return cast("SummaryKind", kind)


def _legend(legend: object) -> None:
    for text in legend.get_texts():  # type: ignore[attr-defined]  # a Legend, of a figure or of Axes
        verbatim(text)
