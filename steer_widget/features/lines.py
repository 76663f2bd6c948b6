"""Lines by number, of which large amounts lie on disk and not in memory."""

from __future__ import annotations

import tempfile
import threading
import weakref
from collections.abc import Iterator

from ..errors import LoadError

_MAX_IN_MEMORY_BYTES = 32 << 20


class Lines:
    """Bytes without line breaks, by number. From 32 MB on they lie in a temporary file that goes with this object.

    Safe to use from any thread.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._starts: dict[int, int] = {}
        self._n_bytes = 0
        self._file = tempfile.SpooledTemporaryFile(_MAX_IN_MEMORY_BYTES)  # noqa: SIM115 - it stays open
        weakref.finalize(self, self._file.close)

    def add(self, number: int, line: bytes) -> None:
        """Keeps a line.

        Raises:
            LoadError: the temporary folder has no room for it.
        """
        with self._lock:
            try:
                self._file.write(line + b"\n")
            except OSError as error:
                raise LoadError(
                    f"The feature table could not be kept in the temporary folder {tempfile.gettempdir()}: "
                    f"{error.strerror}. Make room there, or name another folder in the environment: TMPDIR."
                ) from error
            self._starts[number] = self._n_bytes
            self._n_bytes += len(line) + 1

    def get(self, number: int) -> bytes | None:
        """The line of that number; None where there is none."""
        start = self._starts.get(number)
        if start is None:
            return None
        with self._lock:
            self._file.seek(start)
            return self._file.readline()

    def __iter__(self) -> Iterator[int]:
        return iter(self._starts)

    def __len__(self) -> int:
        return len(self._starts)

    def __contains__(self, number: object) -> bool:
        return number in self._starts
