"""What came out of a run: texts, and everything needed to know how they were made."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from .cell import Cell
from .errors import InvalidInput, SteerError
from .extras import optional
from .protocol import ErrorInfo, ModelInfo, SaeInfo
from .spec import Grid, RunState

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    from matplotlib.axes import Axes

_PAGES = (".html", ".htm")


class RunResult(msgspec.Struct, frozen=True, kw_only=True):
    """All cells of a run with its exact parameters and the identity of what produced them.

    Attributes:
        run: id of the run.
        state: done, stopped (texts as far as they came) or failed.
        grid: prompts, steerings, samples, generation with its seed.
        cells: in the order prompt, steering (baseline first), sample.
        model, saes: what was loaded; None and empty where the run never reached the worker.
        versions: of the packages that took part, by name.
        created_at: when it was submitted; UTC, ISO 8601.
        seconds: of work, all attempts together.
        n_tokens: generated, over all cells.
        max_act: maximum activation by `Feature.key`, where a unit needed it.
        failure: what ended the run early, in full; None for a run that ended well.
    """

    run: str
    state: RunState
    grid: Grid
    cells: tuple[Cell, ...]
    model: ModelInfo | None = None
    saes: tuple[SaeInfo, ...] = ()
    versions: dict[str, str] = {}
    created_at: str = ""
    seconds: float = 0.0
    n_tokens: int = 0
    max_act: dict[str, float] = {}
    failure: ErrorInfo | None = None

    @property
    def tokens_per_s(self) -> float | None:
        """Tokens per second over the whole run; None where no time was spent."""
        return self.n_tokens / self.seconds if self.seconds > 0 else None

    @property
    def error(self) -> SteerError | None:
        """What ended the run early, ready to be raised; None where nothing did."""
        return self.failure.rebuild() if self.failure else None

    def column(self, steering: int) -> tuple[Cell, ...]:
        """The cells of one steering, over all prompts and samples.

        Args:
            steering: its number in `grid.steerings`, 0-based; 0 is the baseline where there is one.

        Raises:
            InvalidInput: there is no such steering.
        """
        given: object = steering
        n = len(self.grid.steerings)
        if isinstance(given, bool) or not isinstance(given, int) or not 0 <= given < n:
            raise InvalidInput("steering", given, f"0 to {n - 1}, the number of a steering of this run")
        at = self.grid.coordinates
        return tuple(cell for cell in self.cells if at(cell.index).steering == steering)

    def to_pandas(self, *, tokens: bool = False) -> pd.DataFrame:
        """A table with one row per cell, or per token; index = cell number. CSV, JSONL and Parquet have the same columns.

        Columns: prompt, steering; features, sae, strengths, units, methods, positions, skip_special
        (lists, one entry per edit; features are indices, vectors and controls go by their names and
        vectors have no SAE); sample, text, n_tokens, state, finish, error; flags, dose, kl_mean, kl_p95,
        kl_max, perplexity, repetition, distinct_1, distinct_2, activation (mean of the first steered
        feature on the completion), similarity: what they mean, `sw.Measures` says. None: not measured.

        Of tokens: prompt, steering, sample, token (its number in the completion, 0-based), token_id, text; kl,
        surprise (nats), activation (of the first steered feature), see `sw.TokenMeasures`.

        Args:
            tokens: True gives a row for each generated token.

        Raises:
            SteerError: pandas is not installed.
        """
        pandas = optional("pandas", "there is no table")
        from .table_rows import columns_of

        rows = self.rows(tokens=tokens)
        return pandas.DataFrame(rows, columns=columns_of(rows, tokens=tokens)).set_index("cell")

    def rows(self, *, tokens: bool = False) -> list[dict[str, object]]:
        """The rows of `to_pandas` by column, the cell's number first; without pandas."""
        from .table_rows import cell_rows, token_rows

        return token_rows(self) if tokens else cell_rows(self)

    def to_csv(self, path: str | Path, *, tokens: bool = False) -> Path:
        """Writes the columns of `to_pandas` as CSV, as the page does; lists are JSON, what was not measured is empty.

        A text that a spreadsheet would take for a formula has an apostrophe before it.

        Args:
            path: of the file; whole or not at all.
            tokens: True gives a row for each generated token.

        Raises:
            MissingPath: the folder does not exist or cannot be written.
        """
        from .table_files import write_csv

        return write_csv(self, path, tokens=tokens)

    def to_jsonl(self, path: str | Path, *, tokens: bool = False) -> Path:
        """Writes the columns of `to_pandas` as JSON lines; what was not measured is null.

        Args:
            path: of the file; whole or not at all.
            tokens: True gives a row for each generated token.

        Raises:
            MissingPath: the folder does not exist or cannot be written.
        """
        from .table_files import write_jsonl

        return write_jsonl(self, path, tokens=tokens)

    def to_parquet(self, path: str | Path, *, tokens: bool = False) -> Path:
        """Writes the columns of `to_pandas` as Parquet, features as text; what made the run is in the file's metadata.

        Args:
            path: of the file; whole or not at all.
            tokens: True gives a row for each generated token.

        Raises:
            MissingPath: the folder does not exist or cannot be written.
            SteerError: pyarrow is not installed.
        """
        from .table_files import write_parquet

        return write_parquet(self, path, tokens=tokens)

    def plot(
        self, kind: str | None = None, measure: str | None = None, ax: Axes | None = None
    ) -> Axes | np.ndarray:
        """Draws the run in matplotlib, as the summary of the widget does.

        A text counts once it is done, each as much as any other; what was not measured stays a gap. Perplexity is
        averaged in its logarithm. Over how many texts a mean goes: in curves over all prompts and samples of a
        strength (single texts are small dots, more than 12 a band from the 10th to the 90th percentile), in a
        heatmap over the samples of a prompt.

        Args:
            kind: ``curves``: against the strength, a line for each direction; ``heatmap``: prompts down, steerings
                across. None takes curves where some direction has three strengths or more, else the heatmap.
            measure: ``kl`` (nats per token), ``perplexity``, ``activation`` (of the first steered feature, mean per
                token), ``repetition`` (share of 4-token sequences), ``dose`` (share of the hidden state),
                ``similarity`` (cosine), ``n_tokens`` or ``flags`` (number per text). None: curves of the first four
                in a 2×2 figure, or ``kl`` where `ax` is given; a heatmap of ``kl``.
            ax: where to draw; None makes a figure.

        Returns:
            The Axes, or an array `[2, 2]` of them.

        Raises:
            InvalidInput: no such kind or measure, or curves of a run that has no direction at a strength.
            SteerError: matplotlib is not installed.
        """
        from .plotting import plot_result

        return plot_result(self, kind, measure, ax)

    def save_figure(self, path: str | Path, kind: str | None = None, measure: str | None = None) -> Path:
        """Writes what `plot` draws into a file: vectors whose texts stay texts in .svg and .pdf, dots in .png.

        Args:
            path: of the file; whole or not at all.
            kind: as of `plot`.
            measure: as of `plot`.

        Raises:
            InvalidInput: another suffix, or what `plot` refuses.
            MissingPath: the folder does not exist or cannot be written.
            SteerError: matplotlib is not installed.
        """
        from .plotting import save_figure

        return save_figure(self, path, kind, measure)

    def code(self) -> str:
        """Python code that makes the run again: complete, with what is not a default and nothing else.

        It names dtype, model and SAEs as they were loaded; vectors are embedded. In float32, with the same
        versions, it gives the same tokens.
        """
        from .python_code import python_code

        return python_code(self)

    def save(self, path: str | Path) -> Path:
        """Writes everything to a JSON file that `sw.load_result` reads; whole or not at all.

        A path that ends in .html or .htm gets the page of `to_html` instead, which nothing reads back.

        Raises:
            MissingPath: the folder does not exist or cannot be written.
        """
        from .saving import save_result

        return self.to_html(path) if Path(path).suffix.lower() in _PAGES else save_result(self, path)

    def to_html(self, path: str | Path, title: str = "") -> Path:
        """Writes one HTML file that any browser opens without a network: the results as the widget shows them.

        Texts can be sorted, filtered and compared, their tokens coloured, measures charted; without scripts it shows
        a table. 60 texts of 60 tokens with all measures take less than 500 kB.

        Args:
            path: where to; a file that is there is replaced, whole or not at all.
            title: of the page; empty: the run's id.

        Raises:
            MissingPath: the folder does not exist or cannot be written.
        """
        from .html_page import html_page
        from .saving import write_body

        return write_body(path, html_page(self, title).encode())

    def __repr__(self) -> str:
        from .text_table import text_table

        return text_table(self)

    def _repr_html_(self) -> str:
        from .html_table import html_table

        return html_table(self)
