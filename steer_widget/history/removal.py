"""Runs taken out of the database whole, so that they can be put back as they were, byte for byte."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec

from ..errors import InvalidInput
from ..run_states import RUN_ENDED
from .session import is_alive


class Removed(msgspec.Struct, frozen=True):
    """A run that was taken out: its rows of every table.

    Attributes:
        run: its id.
        values: of the table `runs`, by column.
        head: words and body.
        cells: number, words and body of each.
        n_bytes: about what all of it holds in memory.
    """

    run: str
    values: dict[str, Any]
    head: tuple[str, bytes] | None
    cells: tuple[tuple[int, str, bytes], ...]

    @property
    def n_bytes(self) -> int:
        """Texts by characters, which is less than they hold where they are not plain ASCII."""
        parts = (*self.values.values(), *(self.head or ()), *(part for cell in self.cells for part in cell))
        return sum(len(part) for part in parts if isinstance(part, (str, bytes)))


def take_out(connection: sqlite3.Connection, folder: Path, runs: Sequence[str]) -> tuple[Removed, ...]:
    """Deletes runs inside a transaction, and gives what they were; ids that are not there are passed over.

    Raises:
        InvalidInput: a living kernel is at one of them.
    """
    return tuple(removed for run in runs if (removed := _take_out(connection, folder, run)) is not None)


def put_back(connection: sqlite3.Connection, removed: Removed) -> bool:
    """Writes a run as it was, inside a transaction; False where its kernel has written it anew meanwhile."""
    values = removed.values
    if connection.execute("SELECT 1 FROM runs WHERE id = ?", (removed.run,)).fetchone() is not None:
        return False
    # Another file may have taken the place of the one it came from, and given the number to another run.
    if connection.execute("SELECT 1 FROM runs WHERE number = ?", (values["number"],)).fetchone() is not None:
        values = {name: value for name, value in values.items() if name != "number"}
    names, marks = ", ".join(values), ", ".join("?" * len(values))
    done = connection.execute(f"INSERT INTO runs({names}) VALUES ({marks})", tuple(values.values()))  # noqa: S608 - our own names
    number = done.lastrowid
    if removed.head is not None:
        connection.execute("INSERT INTO heads(run, words, body) VALUES (?, ?, ?)", (number, *removed.head))
    connection.executemany(
        "INSERT INTO cells(run, cell, words, body) VALUES (?, ?, ?, ?)",
        ((number, *cell) for cell in removed.cells),
    )
    return True


def refuse_going_on(run: str, state: str, session: str, folder: Path) -> None:
    """Refuses a run that a living kernel is at.

    Raises:
        InvalidInput: it is.
    """
    if state not in RUN_ENDED and is_alive(folder, session):
        raise InvalidInput("entries", run, "runs that have ended", hint="Stop it first: run.cancel().")


def _take_out(connection: sqlite3.Connection, folder: Path, run: str) -> Removed | None:
    cursor = connection.execute("SELECT * FROM runs WHERE id = ?", (run,))
    found = cursor.fetchone()
    if found is None:
        return None
    values = dict(zip((column[0] for column in cursor.description), found, strict=True))
    refuse_going_on(run, values["state"], values["session"], folder)
    key = (values["number"],)
    head = connection.execute("SELECT words, body FROM heads WHERE run = ?", key).fetchone()
    cells = connection.execute(
        "SELECT cell, words, body FROM cells WHERE run = ? ORDER BY cell", key
    ).fetchall()
    connection.execute("DELETE FROM runs WHERE number = ?", key)
    return Removed(run, values, head, tuple(cells))
