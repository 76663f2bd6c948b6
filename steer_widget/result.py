"""What came out of a run: texts, and everything needed to know how they were made."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from .cell import Cell, prompt_text
from .errors import SteerError
from .protocol import ErrorInfo, ModelInfo, SaeInfo
from .spec import Grid, RunState

if TYPE_CHECKING:
    import pandas as pd


class RunResult(msgspec.Struct, frozen=True, kw_only=True):
    """All cells of a run with its exact parameters and the identity of what produced them.

    Attributes:
        run: id of the run.
        state: done, stopped (texts as far as they came) or failed.
        grid: prompts, steerings, samples, generation with its seed.
        cells: in the order prompt, steering (baseline first), sample.
        model, sae: what was loaded; None where the run never reached the worker.
        versions: of the packages that took part, by name.
        created_at: when it was submitted; UTC, ISO 8601.
        seconds: of work, all attempts together.
        n_tokens: generated, over all cells.
        max_act: maximum activation by feature index (as text), where a unit needed it.
        failure: what ended the run early, in full; None for a run that ended well.
    """

    run: str
    state: RunState
    grid: Grid
    cells: tuple[Cell, ...]
    model: ModelInfo | None = None
    sae: SaeInfo | None = None
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

    def to_pandas(self) -> pd.DataFrame:
        """A table with one row per cell, index = cell number.

        Columns: prompt, steering, features, strengths, units, methods, positions (lists, one entry
        per edit), sample, text, n_tokens, state, finish, dose, error.

        Raises:
            SteerError: pandas is not installed.
        """
        try:
            import pandas as pd
        except ImportError as error:
            raise SteerError(
                "pandas is not installed, so there is no table. Install it: pip install pandas"
            ) from error
        rows = [_row(cell) for cell in self.cells]
        return pd.DataFrame(rows, index=pd.Index([cell.index for cell in self.cells], name="cell"))

    def save(self, path: str | Path) -> Path:
        """Writes everything to a JSON file that `sw.load_result` reads; whole or not at all.

        Raises:
            MissingPath: the folder does not exist or cannot be written.
        """
        from .saving import save_result

        return save_result(self, path)

    def __repr__(self) -> str:
        from .text_table import text_table

        return text_table(self)

    def _repr_html_(self) -> str:
        from .html_table import html_table

        return html_table(self)


def _row(cell: Cell) -> dict[str, object]:
    edits = cell.steering.edits
    return {
        "prompt": prompt_text(cell.prompt),
        "steering": str(cell.steering),
        "features": [edit.feature.index for edit in edits],
        "strengths": [edit.strength for edit in edits],
        "units": [edit.unit for edit in edits],
        "methods": [edit.method for edit in edits],
        "positions": [edit.positions for edit in edits],
        "sample": cell.sample,
        "text": cell.text,
        "n_tokens": cell.n_tokens,
        "state": cell.state,
        "finish": cell.finish,
        "dose": cell.measures.dose,
        "error": cell.failure.message if cell.failure else None,
    }
