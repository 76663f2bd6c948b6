"""The life of one recorder, as other processes can see it."""

from __future__ import annotations

import logging
import uuid
from pathlib import Path

from .lock import FileLock, is_locked
from .places import SESSIONS

_TIMEOUT_S = 1.0
_log = logging.getLogger(__name__)


class Session:
    """A locked file ``sessions/<id>`` in the data folder: while the lock is held, the kernel lives.

    Why a lock and not process id, start time and host: the operating system itself ends a lock with
    its process (SIGKILL, crash, power cut), so nothing has to be guessed. Process ids are used
    again, containers that share a folder count them each for itself, and of a process on another
    machine nobody here can tell whether it lives, whereas network file systems hand locks on (NFS by
    its lease). SQLite needs locks that work in this folder anyway. Where the file system has none,
    no session counts as alive: a run that goes on there shows as interrupted to others.

    Args:
        folder: the data folder.
    """

    def __init__(self, folder: Path) -> None:
        self.id = uuid.uuid4().hex
        self._lock = FileLock(folder / SESSIONS / self.id)
        self._has_no_lock = False

    def ensure(self) -> None:
        """Shows that this process lives, also after somebody removed the folder.

        Raises:
            OSError: the file cannot be written.
        """
        if self._lock.is_in_place or (self._has_no_lock and self._lock.path.exists()):
            return
        self._lock.release()
        self._lock.path.parent.mkdir(parents=True, exist_ok=True)
        try:
            if not self._lock.acquire(_TIMEOUT_S):
                raise TimeoutError(f"{self._lock.path} is locked by another process.")
        except OSError as error:
            if not self._lock.path.exists():
                raise
            self._has_no_lock = True
            _log.warning(
                "%s cannot be locked, so other kernels cannot see this one: %s", self._lock.path, error
            )

    def end(self) -> None:
        """The process lives on, but writes no runs any more."""
        self._lock.release(remove=True)


def is_alive(folder: Path, session: str) -> bool:
    """Whether the kernel of a session lives; False for '', which no kernel has."""
    return bool(session) and is_locked(folder / SESSIONS / session)


def sweep(folder: Path) -> None:
    """Removes what dead sessions left.

    Raises:
        OSError: the folder cannot be read or written.
    """
    for path in (folder / SESSIONS).iterdir():
        lock = FileLock(path)
        if lock.acquire(0.0):
            lock.release(remove=True)
