"""The database file: opened with care, used in short transactions, set aside when it is damaged."""

from __future__ import annotations

import contextlib
import logging
import os
import sqlite3
from collections.abc import Iterator
from datetime import datetime, timezone
from pathlib import Path

from ..errors import HistoryError
from .journal import has_log, leave_log
from .lock import FileLock
from .places import COMPANIONS, DATABASE, GUARD
from .schema import APPLICATION, VERSION, create
from .trouble import foreign, is_busy, is_damage, newer, told

_log = logging.getLogger(__name__)


class Database:
    """The history's file in one folder. A connection lives as long as a `with` block.

    Any thread may use it; each block has a connection of its own.

    Args:
        folder: the data folder; made when something is first written.
        busy_timeout_s: how long to wait for others who write.

    Attributes:
        notice: what was set aside by this object, in words; '' where nothing was.
    """

    def __init__(self, folder: Path, *, busy_timeout_s: float = 5.0) -> None:
        self.folder = folder
        self.path = folder / DATABASE
        self.busy_timeout_s = busy_timeout_s
        self.notice = ""
        self._guard = FileLock(folder / GUARD)

    @contextlib.contextmanager
    def reading(self) -> Iterator[sqlite3.Connection | None]:
        """A connection for queries; None where there is no history yet. Never makes a file.

        Raises:
            HistoryError: it cannot be read. A damaged file was set aside.
        """
        if not self.path.exists():
            yield None
            return
        with self._use(writes=False) as connection:
            yield connection

    @contextlib.contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """A connection inside one transaction: all of it is on the disk after the block, or nothing.

        Raises:
            HistoryError: it cannot be written. A damaged file was set aside.
        """
        with self._use(writes=True) as connection:
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield connection
                connection.execute("COMMIT")
            except BaseException:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
                raise

    def open(self) -> sqlite3.Connection:
        """A connection for writing that the caller keeps, and closes.

        Raises:
            HistoryError: it is of a newer version, or another program's.
            OSError, sqlite3.Error: the disk does not let us, or the file is damaged (`trouble.is_damage`).
        """
        return self._open(writes=True)

    def put_aside(self, damaged: os.stat_result | None) -> Path | None:
        """Renames a damaged file with all that SQLite keeps beside it.

        Args:
            damaged: which file was found damaged. When another kernel has put that one aside
                already, the new one in its place is left alone.

        Returns:
            Where it lies now; None where there was nothing to do.
        """
        with self._guarded():
            if damaged is None or not self.path.exists() or not os.path.samestat(self.path.stat(), damaged):
                return None
            now = datetime.now(timezone.utc).strftime("%Y%m%dT%H%M%S_%fZ")
            aside = self.path.with_name(f"{DATABASE}.damaged-{now}")
            # The log first: left behind, it would be played into the next database of this name.
            for ending in (*COMPANIONS, ""):
                part = self.path.with_name(f"{DATABASE}{ending}")
                if part.is_file():
                    part.rename(aside.with_name(f"{aside.name}{ending}"))
        self.notice = _aside_text(self.path, aside)
        _log.warning("%s", self.notice)
        return aside

    def identity(self) -> os.stat_result | None:
        """Which file it is at the moment; None where there is none."""
        try:
            return self.path.stat()
        except FileNotFoundError:
            return None

    # ---- inside

    @contextlib.contextmanager
    def _use(self, *, writes: bool) -> Iterator[sqlite3.Connection]:
        identity = None
        try:
            identity = self.identity()
            with contextlib.closing(self._open(writes=writes)) as connection:
                identity = self.identity()
                yield connection
        except sqlite3.Error as error:
            if is_damage(error):
                aside = self.put_aside(identity)
                raise HistoryError(_aside_text(self.path, aside)) from error
            raise told(self.path, error) from error
        except OSError as error:
            raise told(self.path, error) from error

    @contextlib.contextmanager
    def _guarded(self) -> Iterator[None]:
        """Nobody else opens, makes or renames the file inside this block, where the folder has locks."""
        try:
            if not self._guard.acquire(self.busy_timeout_s):
                raise sqlite3.OperationalError(f"{self._guard.path.name} is locked")
        except OSError as error:
            _log.debug("no guard in %s: %s", self.folder, error)
        try:
            yield
        finally:
            self._guard.release()

    def _open(self, *, writes: bool) -> sqlite3.Connection:
        if not self.folder.is_absolute():
            raise HistoryError(
                f"There is no data folder for this user ({self.folder}). Set STEER_WIDGET_DATA, or pass history=… to "
                "sw.load."
            )
        if writes:
            self.folder.mkdir(parents=True, exist_ok=True)
        with self._guarded():
            try:
                return self._connect("rwc" if writes else "rw")
            except sqlite3.OperationalError as error:
                if writes or is_busy(error):
                    raise
                # A folder in which nothing can be written can still be read; its log has no index then.
                _log.debug("%s cannot be written: %s", self.path, error)
                return self._connect("ro&immutable=1")

    def _connect(self, mode: str) -> sqlite3.Connection:
        connection = self._bare(mode)
        try:
            if self._is_empty(connection) and mode == "rwc":
                if not has_log(connection, self.folder):
                    connection.close()
                    leave_log(lambda: self._bare(mode))
                    connection = self._bare(mode)
                create(connection)
            connection.execute("PRAGMA foreign_keys = ON")
            connection.execute("PRAGMA synchronous = FULL")
        except BaseException:
            connection.close()
            raise
        return connection

    def _bare(self, mode: str) -> sqlite3.Connection:
        return sqlite3.connect(
            f"{self.path.as_uri()}?mode={mode}",
            uri=True,
            timeout=self.busy_timeout_s,
            isolation_level=None,
            check_same_thread=False,
        )

    def _is_empty(self, connection: sqlite3.Connection) -> bool:
        """Whether the tables have to be made.

        Raises:
            HistoryError: the file is not for us.
        """
        (version,) = connection.execute("PRAGMA user_version").fetchone()
        (application,) = connection.execute("PRAGMA application_id").fetchone()
        (n_tables,) = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
        if not version and not application and not n_tables:
            return True
        if application != APPLICATION:
            raise foreign(self.path)
        if version > VERSION:
            raise newer(self.path, version, VERSION)
        return False


def _aside_text(path: Path, aside: Path | None) -> str:
    """What the user hears of a damaged file."""
    if aside is None:
        return f"The history {path} was damaged, and another kernel has put it aside. Try again."
    return (
        f"The history {path} is damaged. It was set aside as {aside.name}, and a new one takes its place. If you have "
        f"a copy of {DATABASE}, put it there while no kernel runs."
    )
