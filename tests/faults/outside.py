"""Kernels as processes: started, watched, killed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.faults.processes import MARK, marked, wait_until, zombies

ROOT = Path(__file__).parents[2]


class Outside:
    """What a process needs to be a kernel, and what it tells.

    Args:
        folders: of model and SAE.
        home: a folder for its files.
    """

    def __init__(self, folders: tuple[Path, Path], home: Path) -> None:
        self.mark = uuid.uuid4().hex
        self._order = home / f"order-{self.mark}"
        self._order.write_text("")
        self._told = home / f"told-{self.mark}"
        self.arguments = [*map(str, folders), str(self._told)]
        self.environment = {
            **os.environ,
            MARK: self.mark,
            "FAULTS_ORDER": str(self._order),
            "OMP_NUM_THREADS": "1",
            "HF_HUB_OFFLINE": "1",
            "HF_MODULES_CACHE": str(home / "modules"),
            "PYTHONPATH": str(ROOT),
        }

    def order(self, act: str) -> None:
        """What the model does in each forward pass from now on."""
        self._order.write_text(act)

    def told(self) -> str:
        """The last word it told."""
        return self._told.read_text().split()[0] if self._told.exists() else ""

    def go(self, act: str) -> None:
        """Lets the run begin, once the model is loaded; what it does in each forward pass from then on."""
        self.reach("ready")
        self.order(act)
        self._told.with_suffix(".go").touch()

    def worker_pid(self) -> int:
        """The worker's process, as told."""
        return int(self._told.read_text().split()[1])

    def reach(self, word: str) -> None:
        """Waits for a word."""
        wait_until(lambda: self.told() == word, f"{word} is not reached, but {self.told()!r}")

    @contextmanager
    def start(self, *what: str) -> Iterator[subprocess.Popen[bytes]]:
        """A plain Python process that does it; it does not outlive the block."""
        command = [sys.executable, "-W", "ignore", "-m", "tests.faults.kernel", *self.arguments, *what]
        process = subprocess.Popen(command, cwd=ROOT, env=self.environment)
        try:
            yield process
        finally:
            process.kill()
            process.wait()

    def check_gone(self, within_s: float) -> None:
        """Nothing is left of it and its worker."""
        try:
            wait_until(lambda: not marked(self.mark), "something is left behind", within_s)
        finally:
            for pid in marked(self.mark):  # also where the test fails
                os.kill(pid, signal.SIGKILL)
        wait_until(lambda: not zombies(), "a zombie is left behind")
