"""Bands on disk, for all kernels and sessions: one SQLite file in the data folder."""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Final

import msgspec

from ..errors import HistoryError
from ..spec import Band

FILE: Final = "bands.db"
_WAIT_S = 5.0
_SCHEMA = (
    "CREATE TABLE IF NOT EXISTS bands(model TEXT, direction TEXT, body BLOB, PRIMARY KEY(model, direction))"
)

_log = logging.getLogger(__name__)


class BandStore:
    """Bands by model and direction. Safe to use from any thread and any number of processes.

    Args:
        folder: the data folder.
    """

    def __init__(self, folder: Path) -> None:
        self.path = folder / FILE

    def read(self, model: str) -> dict[str, Band]:
        """All bands of a model, by direction. A file that cannot be read, or a damaged band, counts as absent and is logged."""
        if not self.path.exists():
            return {}
        try:
            with self._opened() as db:
                rows = db.execute("SELECT direction, body FROM bands WHERE model = ?", (model,)).fetchall()
        except (sqlite3.Error, OSError) as error:
            _log.warning("bands of strengths could not be read from %s: %s", self.path, error)
            return {}
        return {
            direction: band for direction, body in rows if (band := self._band(direction, body)) is not None
        }

    def keep(self, model: str, direction: str, band: Band) -> None:
        """Writes a band down, in place of what was there.

        Raises:
            HistoryError: it could not be written.
        """
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with self._opened() as db, db:
                db.execute(
                    "INSERT OR REPLACE INTO bands VALUES (?, ?, ?)",
                    (model, direction, msgspec.msgpack.encode(band)),
                )
        except (sqlite3.Error, OSError) as error:
            raise HistoryError(
                f"The band of strengths could not be written to {self.path}: {error}. It holds in this session. "
                "Make room there or remove the damaged file, and calibrate again to keep it."
            ) from error

    @contextmanager
    def _opened(self) -> Iterator[sqlite3.Connection]:
        with closing(sqlite3.connect(self.path, timeout=_WAIT_S)) as db:
            db.execute(_SCHEMA)
            yield db

    def _band(self, direction: str, body: bytes) -> Band | None:
        try:
            return msgspec.msgpack.decode(body, type=Band)
        except (msgspec.DecodeError, ValueError) as error:
            _log.warning("the band of %s in %s is damaged: %s", direction, self.path, error)
            return None
