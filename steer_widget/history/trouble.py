"""What SQLite and the operating system refuse, as errors that say what to do."""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path

from ..errors import HistoryError

_BUSY = ("locked", "busy", "locking protocol")
_LIKELY = (
    (_BUSY, "Another program, or another kernel, keeps it locked."),
    (("full", "no space", "quota"), "The disk is full: make room."),
    (("readonly", "read-only"), "The folder or file is read-only."),
    (("permission",), "This user may not write there."),
    (("unable to open", "not a directory", "no such file"), "The folder cannot be made or opened."),
    (("i/o error", "too large"), "The disk is full, or gives errors."),
)


def is_damage(error: sqlite3.Error) -> bool:
    """Whether the file itself is broken.

    SQLITE_CORRUPT and SQLITE_NOTADB are the two that Python raises as plain `DatabaseError`;
    Python 3.10 does not give their numbers.
    """
    return type(error) is sqlite3.DatabaseError


def is_busy(error: sqlite3.Error) -> bool:
    """Whether others only hold it at the moment."""
    return isinstance(error, sqlite3.OperationalError) and any(word in str(error).lower() for word in _BUSY)


def told(path: Path, error: BaseException) -> HistoryError:
    """The error for the user: what happened, likely cause, next step."""
    # Without the path: a folder's name is no cause.
    text = (error.strerror if isinstance(error, OSError) else None) or str(error)
    found = (likely for words, likely in _LIKELY if any(word in text.lower() for word in words))
    likely = next(found, "")
    if path.parent.is_dir() and not os.access(path.parent, os.W_OK):
        likely = "The folder is read-only for this user."
    cause = f" {likely}" if likely else ""
    return HistoryError(
        f"The history {path} could not be used: {text}.{cause} Another folder: set STEER_WIDGET_DATA, or pass "
        "history=… to sw.load."
    )


def newer(path: Path, version: int, known: int) -> HistoryError:
    """The error for a database of a newer version."""
    return HistoryError(
        f"The history {path} has version {version}, this steer_widget knows {known}: a newer one wrote it. It stays as "
        "it is. Upgrade: pip install --upgrade steer-widget, or take another folder: history=… in sw.load."
    )


def foreign(path: Path) -> HistoryError:
    """The error for a database of another program."""
    return HistoryError(
        f"{path} is the database of another program. It stays as it is. Take another folder: history=… in sw.load."
    )
