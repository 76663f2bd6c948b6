"""A run as it is read from the database: the part that a list shows, and all of it."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any, Final, Literal

import msgspec

from ..cell_states import CELL_ENDED
from ..errors import ResultFormatError, SteerError
from ..protocol import ErrorInfo, Measures, TokenMeasures
from ..result import RunResult
from ..run_states import RUN_ENDED
from ..saving import FORMAT, VERSION, SavedCell, SavedResult, unpack_result
from ..spec import CellState, FinishReason, RunState
from .body import unpack, unreadable
from .brief import Brief, Notes
from .session import is_alive
from .writing import Head

HistoryState = RunState | Literal["interrupted"]
"""As a run's; interrupted: its kernel died, or forgot it, before it ended."""

COLUMNS: Final = (
    "number, id, session, created_at, state, saved, n_cells, n_ended, n_done, n_tokens, seconds, notes, brief"
)


class Row(msgspec.Struct, frozen=True):
    """What a list shows of a run."""

    number: int
    id: str
    session: str
    created_at: str
    state: HistoryState
    saved: bool
    n_cells: int
    n_ended: int
    n_done: int
    n_tokens: int
    seconds: float
    notes: Notes
    brief: Brief


def read_row(values: tuple[Any, ...], folder: Path) -> Row:
    """A row of the columns `COLUMNS`.

    Raises:
        ResultFormatError: it is damaged.
    """
    (
        number,
        run,
        session,
        created_at,
        state,
        saved,
        n_cells,
        n_ended,
        n_done,
        n_tokens,
        seconds,
        notes,
        brief,
    ) = values
    if state not in RUN_ENDED and not is_alive(folder, session):
        state = "interrupted"
    try:
        return Row(
            number,
            run,
            session,
            created_at,
            state,
            bool(saved),
            n_cells,
            n_ended,
            n_done,
            n_tokens,
            seconds,
            unpack(notes, Notes),
            unpack(brief, Brief),
        )
    except ResultFormatError as error:
        raise unreadable(folder, f"The run {run}", error) from error


def read_result(connection: sqlite3.Connection, row: Row, folder: Path) -> RunResult | None:
    """A run with all its cells; None where it was deleted.

    Raises:
        ResultFormatError: it is damaged.
    """
    found = connection.execute(
        "SELECT state, seconds, n_tokens, error, body FROM runs JOIN heads ON run = number WHERE number = ?",
        (row.number,),
    ).fetchone()
    if found is None:
        return None
    state, seconds, n_tokens, error, head_body = found
    is_cut_off = state not in RUN_ENDED and not is_alive(folder, row.session)
    bodies = dict(connection.execute("SELECT cell, body FROM cells WHERE run = ?", (row.number,)))
    try:
        head = unpack(head_body, Head)
        cells = [_cell(bodies.get(index), is_cut_off=is_cut_off) for index in range(len(head.grid))]
        return unpack_result(
            SavedResult(
                format=FORMAT,
                version=VERSION,
                run=row.id,
                state="stopped" if is_cut_off else state,
                created_at=row.created_at,
                seconds=seconds,
                n_tokens=n_tokens if not is_cut_off else sum(len(cell.token_ids) for cell in cells),
                model=head.model,
                saes=head.saes,
                versions=head.versions,
                grid=head.grid,
                max_act=head.max_act,
                cells=tuple(cells),
                error=None if error is None else unpack(error, ErrorInfo),
            )
        )
    except SteerError as damage:
        raise unreadable(folder, f"The run {row.id}", damage) from damage


def _cell(body: bytes | None, *, is_cut_off: bool) -> SavedCell:
    """A cell as it was written; one that had not ended when its kernel died was stopped by that."""
    state: CellState = "stopped" if is_cut_off else "queued"
    finish: FinishReason | None = "stopped" if is_cut_off else None
    if body is None:
        return SavedCell(state, "", (), finish, Measures(), TokenMeasures(), None)
    cell = unpack(body, SavedCell)
    if is_cut_off and cell.state not in CELL_ENDED:
        return msgspec.structs.replace(cell, state=state, finish=finish)
    return cell
