"""What a worker wrote to stdout and stderr: the last lines of it, and what they say of its death."""

from __future__ import annotations

import threading
from collections import deque
from typing import IO

_MAX_LINES = 400
_MAX_LINE_CHARS = 2000

_CAUSES: tuple[tuple[str, str], ...] = (
    (
        "CUDA out of memory",
        "The GPU ran out of memory: use a smaller batch (max_batch_rows) or a smaller dtype.",
    ),
    ("device-side assert", "A CUDA kernel failed: run with CUDA_LAUNCH_BLOCKING=1 to see where."),
    ("CUDA error", "The GPU or its driver failed: see the log, then restart the kernel."),
    ("ModuleNotFoundError", "A package is missing in the kernel's environment: install what the log names."),
    ("ImportError", "A package could not be imported: see the log; reinstall the package that it names."),
    (
        "MemoryError",
        "The machine ran out of memory: use a smaller batch (max_batch_rows) or a smaller model.",
    ),
)


class BoundedLog:
    """The last lines of a stream, read as they come."""

    def __init__(self) -> None:
        self._lines: deque[str] = deque(maxlen=_MAX_LINES)
        self._lock = threading.Lock()

    def copy_from(self, stream: IO[bytes]) -> None:
        """Reads `stream` to its end; runs on a thread of its own."""
        with stream:
            for line in stream:
                with self._lock:
                    self._lines.append(line.decode(errors="replace").rstrip("\n")[:_MAX_LINE_CHARS])

    def tail(self, n_lines: int = 60) -> str:
        """The last `n_lines` lines."""
        with self._lock:
            return "\n".join(list(self._lines)[-n_lines:])


def likely_cause(code: int, signal_name: str, log_tail: str) -> str:
    """Why a worker probably ended, and what to do, in words."""
    for text, cause in _CAUSES:
        if text in log_tail:
            return cause
    if signal_name == "SIGKILL":
        return (
            "Killed from outside: usually the system ran out of memory (see dmesg), or somebody used kill -9. "
            "Use a smaller batch (max_batch_rows) or a smaller model."
        )
    if signal_name in ("SIGSEGV", "SIGBUS", "SIGABRT", "SIGILL"):
        return (
            "Native code crashed: see the log for the last thing it did; torch and its libraries may not fit."
        )
    if signal_name:
        return "A signal ended it from outside."
    if code == 0:
        return "It ended by itself, as it does when its channel closes."
    return "It ended with an error: see the log."
