"""A pipe that ends the worker when the kernel's end of it closes, also where the worker hangs or stands still.

Threads of the worker watch its parent, but they cannot where a forward pass holds the interpreter's lock or the
process is stopped. The system can: it sends SIGKILL when the last writer of this pipe is gone (fcntl(2), F_SETSIG),
whatever that writer died of. Linux alone knows this; elsewhere a hung worker is left to its watching threads.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys
from collections.abc import Iterator

from typing_extensions import Self

_VARIABLE = "STEER_WIDGET_LEASH"
_IS_LINUX = sys.platform == "linux"


class Leash:
    """The kernel's end.

    Attributes:
        inherited: descriptors that the worker inherits, by the same numbers.
        environment: tells the worker which.
    """

    def __init__(self, read_fd: int, write_fd: int) -> None:
        self.inherited: tuple[int, ...] = (read_fd,) if _IS_LINUX else ()
        self.environment: dict[str, str] = {_VARIABLE: str(read_fd)} if _IS_LINUX else {}
        self._write_fd: int | None = write_fd

    @classmethod
    @contextlib.contextmanager
    def made(cls) -> Iterator[Self]:
        """The worker is started inside; where that fails nothing stays open."""
        read_fd, write_fd = os.pipe()
        leash = cls(read_fd, write_fd)
        try:
            yield leash
        except BaseException:
            leash.drop()
            raise
        finally:
            os.close(read_fd)

    def drop(self) -> None:
        """The worker is gone, or shall be. Doing it again does nothing."""
        write_fd, self._write_fd = self._write_fd, None
        if write_fd is not None:
            os.close(write_fd)


def wear_leash() -> None:
    """The worker's end: from now on this process ends with its kernel."""
    given = os.environ.pop(_VARIABLE, "")
    if not given or not _IS_LINUX:
        return
    import fcntl  # which Windows does not have

    read_fd = int(given)
    os.set_inheritable(read_fd, False)  # noqa: FBT003 - the function takes it by position alone
    fcntl.fcntl(read_fd, fcntl.F_SETOWN, os.getpid())
    fcntl.fcntl(read_fd, fcntl.F_SETSIG, signal.SIGKILL)
    fcntl.fcntl(read_fd, fcntl.F_SETFL, fcntl.fcntl(read_fd, fcntl.F_GETFL) | os.O_ASYNC)
