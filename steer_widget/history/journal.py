"""How SQLite makes its writes whole: a write-ahead log where that works, a rollback journal elsewhere."""

from __future__ import annotations

import contextlib
import logging
import sqlite3
from collections.abc import Callable
from pathlib import Path

from .places import is_on_network
from .trouble import is_busy

_log = logging.getLogger(__name__)


def has_log(connection: sqlite3.Connection, folder: Path) -> bool:
    """Gives a new database a write-ahead log; False where that does not work.

    The log needs memory that all who use the file share. Between machines there is none, and SQLite
    would not notice (https://sqlite.org/wal.html, section 1): there it is never tried.

    Raises:
        sqlite3.Error: the disk does not let us write at all.
    """
    if is_on_network(folder):
        return False
    connection.execute("PRAGMA journal_mode = WAL")
    try:
        connection.execute("BEGIN IMMEDIATE")
        connection.execute("ROLLBACK")
    except sqlite3.OperationalError as error:
        if is_busy(error):
            raise
        _log.info("no write-ahead log in %s: %s", folder, error)
        return False
    return True


def leave_log(connect: Callable[[], sqlite3.Connection]) -> None:
    """Gives a new database a rollback journal, also where it has a log that does not work.

    Alone on the file SQLite keeps the log's index in its own memory, if told before it first looks.

    Args:
        connect: makes a connection that has not looked at the file yet.
    """
    with contextlib.closing(connect()) as connection:
        connection.execute("PRAGMA locking_mode = EXCLUSIVE")
        connection.execute("PRAGMA journal_mode = DELETE")
