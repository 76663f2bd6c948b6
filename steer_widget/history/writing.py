"""A run on its way into the database."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping

import msgspec

from ..protocol import ModelInfo, SaeInfo
from ..result import RunResult
from ..saving import SavedCell, pack_cell
from ..spec import Grid
from .body import pack
from .brief import Notes, brief_of, words_of
from .picture import Picture
from .words import fold, fold_all, fold_tags


class Head(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What of a run does not change while it goes on, but at its start."""

    grid: Grid
    max_act: dict[str, float]
    model: ModelInfo | None
    saes: tuple[SaeInfo, ...]
    versions: dict[str, str]


class Row(msgspec.Struct, frozen=True):
    """A run, ready to be written: the slow work is done before the database is locked.

    Attributes:
        values: columns of the table of runs that the run itself determines.
        head: words and body; None where they are written already.
        cells: number of the cell, its folded text, its body.
    """

    id: str
    values: Mapping[str, object]
    head: tuple[str, bytes] | None
    cells: tuple[tuple[int, str, bytes], ...]


def row_of(picture: Picture) -> Row:
    """A picture of a job as it is written."""
    cells = {cell.index: pack_cell(cell) for cell in picture.cells}
    return _row(picture.result, cells, picture.n_ended, picture.n_done, has_new_head=picture.has_new_head)


def row_of_result(result: RunResult) -> Row:
    """A whole result as it is written, also cells that have not ended."""
    cells = {cell.index: pack_cell(cell) for cell in result.cells}
    states = [cell.state for cell in result.cells]
    n_ended = sum(state not in ("queued", "running") for state in states)
    return _row(result, cells, n_ended, states.count("done"), has_new_head=True)


def update(connection: sqlite3.Connection, row: Row, session: str, *, is_whole: bool) -> bool:
    """Writes a run, inside a transaction. Notes that the user made on it stay.

    Args:
        connection: to write with.
        row: the run.
        session: whose run it is from now on.
        is_whole: whether all that is known of the run is in `row`.

    Returns:
        False, and nothing is written, where the run is not there and `row` is not all of it.
    """
    found = connection.execute("SELECT number FROM runs WHERE id = ?", (row.id,)).fetchone()
    values = {"session": session, **row.values}
    if found is None:
        if not is_whole:
            return False
        insert(connection, row, session, Notes(), saved=False)
        return True
    number = int(found[0])
    changes = ", ".join(f"{name} = ?" for name in values)
    connection.execute(f"UPDATE runs SET {changes} WHERE number = ?", (*values.values(), number))  # noqa: S608 - our own names
    _write_parts(connection, row, number)
    return True


def insert(connection: sqlite3.Connection, row: Row, session: str, notes: Notes, *, saved: bool) -> None:
    """Writes a run that is not there yet, inside a transaction."""
    values = {"id": row.id, "session": session, **row.values, **note_values(notes), "saved": int(saved)}
    names, marks = ", ".join(values), ", ".join("?" * len(values))
    done = connection.execute(f"INSERT INTO runs({names}) VALUES ({marks})", tuple(values.values()))  # noqa: S608 - same
    _write_parts(connection, row, int(done.lastrowid or 0))


def note_values(notes: Notes) -> dict[str, object]:
    """Columns that the user's notes determine."""
    return {"notes": pack(notes), "note_words": notes.words, "tags": fold_tags(notes.tags)}


def _row(
    result: RunResult, cells: Mapping[int, SavedCell], n_ended: int, n_done: int, *, has_new_head: bool
) -> Row:
    grid = result.grid
    head = Head(grid, result.max_act, result.model, result.saes, result.versions)
    brief = brief_of(grid, result.model, result.saes)
    values: dict[str, object] = {
        "created_at": result.created_at,
        "state": result.state,
        "n_cells": len(grid),
        "n_ended": n_ended,
        "n_done": n_done,
        "n_tokens": result.n_tokens,
        "seconds": result.seconds,
        "model": fold_all((brief.model, *brief.saes)),
        "brief": pack(brief),
        "error": pack(result.failure) if result.failure is not None else None,
    }
    return Row(
        result.run,
        values,
        (words_of(grid), pack(head)) if has_new_head else None,
        tuple((index, fold(cell.text), pack(cell)) for index, cell in cells.items()),
    )


def _write_parts(connection: sqlite3.Connection, row: Row, number: int) -> None:
    if row.head is not None:
        connection.execute(
            "INSERT OR REPLACE INTO heads(run, words, body) VALUES (?, ?, ?)", (number, *row.head)
        )
    # A run that is taken up again comes with all its cells: those that are there already stay untouched.
    connection.executemany(
        "INSERT INTO cells(run, cell, words, body) VALUES (?, ?, ?, ?) ON CONFLICT(run, cell) DO UPDATE "
        "SET words = excluded.words, body = excluded.body WHERE body IS NOT excluded.body",
        ((number, index, words, body) for index, words, body in row.cells),
    )
