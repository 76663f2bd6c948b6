"""A file that one holder at a time has locked; the lock ends with the process, however that ends."""

from __future__ import annotations

import logging
import os
import sys
import time
import weakref
from pathlib import Path

if sys.platform == "win32":
    import msvcrt
else:
    import fcntl

_SLICE_S = 0.005
_OWN = getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_NOINHERIT", 0)
_log = logging.getLogger(__name__)


class FileLock:
    """An exclusive `flock` on a file that is made for it (on Windows a lock of its first byte).

    `flock` belongs to the open file and not to the process, unlike POSIX record locks: the process
    that holds it can look at it through another descriptor and not lose it by that. It is gone with
    the last copy of the descriptor, also after SIGKILL; a forked child closes its copy at once.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._fd: int | None = None
        self._lets_go_in_children = False

    def acquire(self, timeout_s: float) -> bool:
        """Takes the lock; False where another one held it all the time.

        Raises:
            OSError: the file cannot be made, or the file system has no locks.
        """
        deadline_s = time.monotonic() + timeout_s
        while True:
            fd = os.open(self.path, os.O_RDWR | os.O_CREAT | _OWN, 0o600)
            try:
                taken = _try_lock(fd)
                # Who swept old files may have removed this one between open and lock.
                if taken and _is_at(fd, self.path):
                    self._hold(fd)
                    fd = -1
                    return True
            finally:
                if fd >= 0:
                    os.close(fd)
            if time.monotonic() >= deadline_s:
                return False
            if not taken:
                time.sleep(_SLICE_S)

    def release(self, *, remove: bool = False) -> None:
        """Gives the lock back, and the file away if wanted; doing it again does nothing."""
        fd, self._fd = self._fd, None
        if fd is None:
            return
        try:
            if remove and _is_at(fd, self.path):
                self.path.unlink(missing_ok=True)
        finally:
            os.close(fd)

    @property
    def is_in_place(self) -> bool:
        """Whether the lock is held, on the file that others find at this path."""
        return self._fd is not None and _is_at(self._fd, self.path)

    def _hold(self, fd: int) -> None:
        self._fd = fd
        if not self._lets_go_in_children and hasattr(os, "register_at_fork"):
            self._lets_go_in_children = True
            mine = weakref.ref(self)
            os.register_at_fork(after_in_child=lambda: _let_go(mine()))


def _let_go(lock: FileLock | None) -> None:
    if lock is not None:
        lock.release()


def is_locked(path: Path) -> bool:
    """Whether somebody holds the lock of a file; False where there is no file, or no locks at all."""
    try:
        fd = os.open(path, os.O_RDONLY | _OWN)
    except FileNotFoundError:
        return False
    try:
        return not _try_lock(fd, is_shared=True)
    except OSError as error:
        _log.debug("%s cannot be locked: %s", path, error)
        return False
    finally:
        os.close(fd)


if sys.platform == "win32":

    def _try_lock(fd: int, *, is_shared: bool = False) -> bool:  # noqa: ARG001 - only exclusive locks are known here
        try:
            msvcrt.locking(fd, msvcrt.LK_NBLCK, 1)
        except PermissionError:
            return False
        return True

else:

    def _try_lock(fd: int, *, is_shared: bool = False) -> bool:
        try:
            fcntl.flock(fd, (fcntl.LOCK_SH if is_shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True


def _is_at(fd: int, path: Path) -> bool:
    try:
        there = path.stat()
    except FileNotFoundError:
        return False
    return os.path.samestat(os.fstat(fd), there)
