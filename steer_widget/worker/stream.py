"""Tokens on their way out: gathered into a few messages a second, the first of each run at once."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from ..protocol import CellDelta, CellDone, ErrorInfo, Event, Tokens
from .failures import diverged
from .text_measures import text_measures

if TYPE_CHECKING:
    from ..spec import CellState, FinishReason, Measure
    from .row import Row

_INTERVAL_S = 0.03
_STATES: dict[FinishReason, CellState] = {
    "length": "done",
    "eos": "done",
    "stop_string": "done",
    "stopped": "stopped",
    "diverged": "failed",
    "failed": "failed",
}


class TokenStream:
    """Sends the tokens and the ends of one run's cells.

    Args:
        run: id of the run.
        emit: takes events to the kernel.
        wanted: names of the measures to take.
    """

    def __init__(self, run: str, emit: Callable[[Event], None], wanted: Iterable[Measure]) -> None:
        self._run = run
        self._wanted = frozenset(wanted)
        self._emit = emit
        self._pieces: dict[int, list[str]] = {}
        self._token_ids: dict[int, list[int]] = {}
        self._last_flush_s = 0.0

    def token(self, row: Row, token_id: int, piece: str) -> None:
        """Takes a token of a cell, and the text it adds."""
        self._pieces.setdefault(row.cell, []).append(piece)
        self._token_ids.setdefault(row.cell, []).append(token_id)

    def piece(self, row: Row, piece: str) -> None:
        """Takes text that comes without a token."""
        self._pieces.setdefault(row.cell, []).append(piece)

    def step(self) -> None:
        """All cells have their token of this step: sends what has gathered, if it is time."""
        if time.monotonic() - self._last_flush_s >= _INTERVAL_S:
            self.flush()

    def end(self, row: Row, error: ErrorInfo | None = None) -> None:
        """A cell ended: sends what it still has, then its end."""
        if row.finish is None:
            raise ValueError(f"cell {row.cell} has not ended")
        if row.finish in ("stopped", "failed"):
            rest = row.completion.finish()
            if rest:
                self.piece(row, rest)
        if row.finish == "diverged":
            error = diverged(row)
        row.measures = text_measures(row, self._wanted)
        self.flush()
        self._emit(
            CellDone(
                run=self._run,
                cell=row.cell,
                state=_STATES[row.finish],
                text=row.completion.text,
                token_ids=tuple(row.completion.token_ids),
                finish=row.finish,
                measures=row.measures,
                error=error,
            )
        )

    def flush(self) -> None:
        """Sends what has gathered."""
        if not self._pieces:
            return
        deltas = tuple(
            CellDelta(cell, "".join(pieces), tuple(self._token_ids.get(cell, ())))
            for cell, pieces in self._pieces.items()
        )
        self._pieces.clear()
        self._token_ids.clear()
        self._last_flush_s = time.monotonic()
        self._emit(Tokens(self._run, deltas))
