"""Starts `tests.history.kernel`, reads what it says, and ends it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).parents[2]


class Child:
    """A kernel in a process of its own."""

    def __init__(self, folder: Path, mode: str, number: int = 0) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.history.kernel", str(folder), mode, str(number)],
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def line(self) -> list[str]:
        """The next line it says, as words."""
        assert self.process.stdout is not None
        return self.process.stdout.readline().split()

    def kill(self) -> list[list[str]]:
        """SIGKILL; all it had said until then."""
        self.process.send_signal(signal.SIGKILL)
        told, _ = self.process.communicate(timeout=30)
        lines = told.splitlines(keepends=True)
        return [line.split() for line in lines if line.endswith("\n")]

    def end(self, timeout_s: float = 30) -> tuple[list[list[str]], str]:
        """Lets it end by itself; all it said, and its stderr."""
        told, errors = self.process.communicate("", timeout=timeout_s)
        assert self.process.returncode == 0, errors
        return [line.split() for line in told.splitlines()], errors


@contextmanager
def kernel(folder: Path, mode: str, number: int = 0) -> Iterator[Child]:
    """A kernel that is gone after the block."""
    child = Child(folder, mode, number)
    try:
        yield child
    finally:
        if child.process.poll() is None:
            child.process.kill()
        for pipe in (child.process.stdin, child.process.stdout, child.process.stderr):
            if pipe is not None and not pipe.closed:
                pipe.close()
        child.process.wait()
