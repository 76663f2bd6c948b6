"""Runs as files of their own: out with everything that is known of them, in with distrust."""

from __future__ import annotations

import re
import sqlite3
import uuid
from datetime import datetime
from pathlib import Path
from typing import Final, Literal

import msgspec

from ..cell_states import CELL_ENDED
from ..errors import ResultFormatError, SteerError
from ..result import RunResult
from ..saving import FORMAT as RESULT_FORMAT
from ..saving import (
    SavedResult,
    load_result,
    pack_result,
    read_body,
    unpack_result,
    write_body,
)
from .body import parse_json, plain_json
from .brief import Notes
from .database import Database
from .row import COLUMNS, read_result, read_row
from .writing import insert, row_of_result

FORMAT: Final = "steer_widget.run"
VERSION: Final = 1
_ID = re.compile(r"[0-9A-Za-z_-]{1,64}")


class _Head(msgspec.Struct, frozen=True):
    """Enough of a file to know what it is."""

    format: str = ""
    version: int = 0


class _Exported(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    format: Literal["steer_widget.run"]
    version: Literal[1]
    notes: Notes
    result: SavedResult


def export_run(result: RunResult, notes: Notes, path: str | Path) -> Path:
    """Writes a run; the file is there whole or not at all.

    Raises:
        MissingPath: the folder does not exist or cannot be written.
    """
    return write_body(path, plain_json(_Exported(FORMAT, VERSION, notes, pack_result(result))))


def import_run(database: Database, path: str | Path) -> str:
    """Writes the run of a file into the history, as a saved one; its id there.

    Raises:
        MissingPath: there is no such file.
        ResultFormatError: it holds no run, or one that is damaged.
        HistoryError: the history cannot be written.
    """
    result, notes = read_run(path)
    with database.writing() as connection:
        there = _read_existing(connection, result.run, database.folder)
        if there is not None:
            if _is_same(there, result):
                return result.run
            result = msgspec.structs.replace(result, run=_new_id(connection))
        insert(connection, row_of_result(result), "", notes, saved=True)
    return result.run


def read_run(path: str | Path) -> tuple[RunResult, Notes]:
    """A run and its notes from a file of `export_run` or of `RunResult.save`.

    Raises:
        MissingPath: there is no such file, or it cannot be read.
        ResultFormatError: it is neither, damaged, or of a newer version.
    """
    source, body = read_body(path, "a file that entry.export or result.save wrote")
    try:
        head = parse_json(body, _Head)
    except ResultFormatError as error:
        raise _refused(source, str(error)) from error
    if head.format == RESULT_FORMAT:
        return _checked(source, load_result(source)), Notes()
    if head.format != FORMAT:
        raise ResultFormatError(
            f"{source} is no run of steer_widget: its format is {head.format!r}, not {FORMAT!r} or {RESULT_FORMAT!r}."
        )
    if head.version != VERSION:
        raise ResultFormatError(
            f"{source} has version {head.version} of the run format; this steer_widget reads {VERSION}. It was probably "
            "written by a newer one: pip install --upgrade steer-widget"
        )
    try:
        exported = parse_json(body, _Exported)
        return _checked(source, unpack_result(exported.result)), exported.notes
    except SteerError as error:
        raise _refused(source, str(error)) from error


def _checked(source: Path, result: RunResult) -> RunResult:
    if not _ID.fullmatch(result.run):
        raise _refused(source, f"run: {result.run[:80]!r} is no id of a run")
    try:
        datetime.fromisoformat(result.created_at)
    except ValueError as error:
        raise _refused(source, f"created_at: {error}") from error
    return result


def _refused(source: Path, why: str) -> ResultFormatError:
    return ResultFormatError(
        f"{source} could not be imported: {why}. It was probably cut off or edited: take the original or a copy."
    )


def _read_existing(connection: sqlite3.Connection, run: str, folder: Path) -> RunResult | None:
    found = connection.execute(f"SELECT {COLUMNS} FROM runs WHERE id = ?", (run,)).fetchone()  # noqa: S608 - our own names
    return None if found is None else read_result(connection, read_row(found, folder), folder)


def _is_same(there: RunResult, result: RunResult) -> bool:
    # What had not ended in a file is stopped in the history: nobody goes on with it.
    return there.grid == result.grid and all(
        mine == cell if cell.state in CELL_ENDED else mine.text == cell.text
        for mine, cell in zip(there.cells, result.cells, strict=True)
    )


def _new_id(connection: sqlite3.Connection) -> str:
    while True:
        run = uuid.uuid4().hex[:12]
        if connection.execute("SELECT 1 FROM runs WHERE id = ?", (run,)).fetchone() is None:
            return run
