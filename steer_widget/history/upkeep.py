"""What is done for the database now and then: old runs go, and damage is found before it is read."""

from __future__ import annotations

import logging
import sqlite3
import time

from ..run_states import RUN_ENDED
from .database import Database
from .session import is_alive, sweep

_CHECK_S = 2.0
_N_STEPS = 20_000
_AT_ONCE = 100
_log = logging.getLogger(__name__)


def keep_newest(database: Database, keep_runs: int | None) -> int:
    """Deletes the oldest runs that nobody saved. Those of living kernels that go on stay.

    Args:
        database: whose.
        keep_runs: how many that nobody saved stay; None: all.

    Returns:
        How many were deleted.

    Raises:
        HistoryError: the database cannot be written.
    """
    n_deleted = 0
    if keep_runs is None:
        return n_deleted
    with database.reading() as connection:
        if connection is None:
            return n_deleted
        rows = connection.execute(
            "SELECT number, state, session FROM runs WHERE saved = 0 ORDER BY created_at DESC, number DESC "
            "LIMIT -1 OFFSET ?",
            (keep_runs,),
        ).fetchall()
    old = [
        (number, state, session)
        for number, state, session in rows
        if state in RUN_ENDED or not is_alive(database.folder, session)
    ]
    # In short transactions: others want to write too.
    for start in range(0, len(old), _AT_ONCE):
        with database.writing() as connection:
            # Somebody may have saved one meanwhile, or taken it up again.
            done = connection.executemany(
                "DELETE FROM runs WHERE number = ? AND state = ? AND session = ? AND saved = 0",
                old[start : start + _AT_ONCE],
            )
            n_deleted += done.rowcount
    return n_deleted


def check(database: Database) -> None:
    """Looks through the file for damage, for two seconds at most.

    Raises:
        HistoryError: it is damaged, and was set aside.
    """
    with database.reading() as connection:
        if connection is None:
            return
        deadline_s = time.monotonic() + _CHECK_S
        connection.set_progress_handler(lambda: time.monotonic() > deadline_s, _N_STEPS)
        try:
            found = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
        except sqlite3.OperationalError as error:
            if time.monotonic() <= deadline_s:
                raise
            _log.debug("%s is too large to be looked through whole: %s", database.path, error)
            return
        if found != "ok":
            raise sqlite3.DatabaseError(found)


def clean(database: Database, keep_runs: int | None) -> None:
    """All of it, and what dead sessions left.

    Raises:
        HistoryError, OSError: the folder cannot be written, or the database was damaged.
    """
    check(database)
    n_deleted = keep_newest(database, keep_runs)
    if n_deleted:
        _log.info("%d old runs left %s", n_deleted, database.path)
    sweep(database.folder)
