"""The recorder's hold on the database: one connection, one session, and what of each job is written."""

from __future__ import annotations

import logging
import os
import sqlite3
import weakref
from pathlib import Path
from typing import NoReturn

from ..job import Job
from .database import Database
from .picture import Picture, Written, take_picture
from .session import Session
from .trouble import is_busy, is_damage, told
from .writing import row_of, update

_log = logging.getLogger(__name__)


class Shelf:
    """Writes pictures of jobs. Used by one thread.

    Args:
        database: where to.
        session: whose runs they are.
    """

    def __init__(self, database: Database, session: Session) -> None:
        self._database = database
        self._session = session
        self._connection: sqlite3.Connection | None = None
        self._file: os.stat_result | None = None
        self._written: weakref.WeakKeyDictionary[Job, Written] = weakref.WeakKeyDictionary()

    @property
    def path(self) -> Path:
        """Where the database lies."""
        return self._database.path

    def is_lost(self) -> bool:
        """Whether the file that was written to is no longer the one at its path."""
        if self._file is None:
            return False
        there = self._database.identity()
        return there is None or not os.path.samestat(there, self._file)

    def forget(self) -> None:
        """Nothing is written: the next file gets all."""
        self._drop()
        self._file = None
        self._written.clear()

    def picture(self, job: Job) -> Picture | None:
        """What of a job is not written; None where all is. Nothing may change in it meanwhile."""
        return take_picture(job, self._written.setdefault(job, Written()))

    def write(self, job: Job, picture: Picture) -> bool:
        """Writes a picture in one transaction.

        Returns:
            False, and nothing is written, where the run is no longer there: the next picture is whole.

        Raises:
            HistoryError: it could not be written, and nothing of it was.
            sqlite3.DatabaseError: the file was damaged and set aside: nothing is written any more.
        """
        row = row_of(picture)
        try:
            connection = self._connect()
            self._session.ensure()
            connection.execute("BEGIN IMMEDIATE")
            try:
                is_there = update(connection, row, self._session.id, is_whole=picture.is_whole)
                connection.execute("COMMIT")
            finally:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
        except (sqlite3.Error, OSError) as error:
            self._take_trouble(error)
        if is_there:
            picture.wrote(self._written[job])
        else:
            self._written[job] = Written()
        return is_there

    def close(self) -> None:
        """Writes no more."""
        self._drop()
        self._session.end()

    # ---- inside

    def _connect(self) -> sqlite3.Connection:
        if self._connection is None:
            self._connection = self._database.open()
            self._file = self._database.identity()
        return self._connection

    def _take_trouble(self, error: sqlite3.Error | OSError) -> NoReturn:
        if isinstance(error, sqlite3.Error) and is_busy(error):
            raise told(self.path, error) from error
        damaged = self._file or self._database.identity()
        self._drop()
        if isinstance(error, sqlite3.Error) and is_damage(error):
            self._database.put_aside(damaged)
            self.forget()
            raise error
        raise told(self.path, error) from error

    def _drop(self) -> None:
        connection, self._connection = self._connection, None
        if connection is None:
            return
        try:
            connection.close()
        except sqlite3.Error as error:
            _log.debug("%s did not close well: %s", self.path, error)
