"""A kernel for tests to kill: runs of a scripted worker, recorded into a folder. Tells what is on the disk.

python -m tests.history.kernel FOLDER MODE [NUMBER]
"""

from __future__ import annotations

import gc
import multiprocessing
import resource
import sys
import time
from pathlib import Path

from steer_widget.controller import Controller
from steer_widget.history import Recorder
from steer_widget.protocol import Load, SaeSource
from tests.unit.grids import grid
from tests.unit.scripted import READY, ScriptedBackend

N_COLUMNS = 4


def say(*words: object) -> None:
    sys.stdout.write(" ".join(map(str, words)) + "\n")
    sys.stdout.flush()


class Kernel:
    """A controller over a scripted worker that has loaded, and its recorder. Each method is a mode."""

    def __init__(self, folder: Path) -> None:
        self.backend = ScriptedBackend()
        self.controller = Controller(self.backend, Load("model", (SaeSource("sae"),)))
        self.controller.start()
        self.backend.say(READY)
        self.recorder = Recorder.attach(self.controller, folder)

    def many(self, n_runs: int) -> None:
        """Whole runs, each written before the next."""
        is_written = True
        for _ in range(n_runs):
            self.controller.submit(grid(N_COLUMNS), {})
            self.backend.finish()
            is_written = self.recorder.flush(60)
        say("written", is_written)
        self.controller.close()
        self.recorder.close()

    def endless(self, _: int) -> None:
        """Tells of each cell once it is on the disk."""
        while True:
            run = self.controller.submit(grid(N_COLUMNS), {}).id
            self.backend.started()
            for cell in range(N_COLUMNS):
                self.backend.grow("one")
                self.backend.end_cell(cell, f"text {cell}")
                self.backend.measure_cell(cell)
                if self.recorder.flush(60):
                    say("cell", run, cell)
            self.backend.end()

    def hasty(self, _: int) -> None:
        """Tells of each cell when it ended, without waiting for the disk."""
        while True:
            run = self.controller.submit(grid(N_COLUMNS), {}).id
            self.backend.started()
            for cell in range(N_COLUMNS):
                self.backend.end_cell(cell, f"text {cell}")
                say("cell", run, cell, time.time())
                time.sleep(0.005)
            self.backend.end()

    def exits(self, _: int) -> None:
        """The interpreter ends in mid-run, without close or flush."""
        say("run", self._half())

    def dropped(self, _: int) -> None:
        """Nobody holds the controller any more, the process lives on."""
        run = self._half()
        del self.controller
        gc.collect()
        say("run", run)
        sys.stdin.read()

    def waits(self, _: int) -> None:
        """In mid-run until it is killed."""
        run = self._half()
        say("run", run, self.recorder.flush(60))
        sys.stdin.read()

    def forks(self, _: int) -> None:
        """The same, with a child that inherits all descriptors and outlives it."""
        run = self._half()
        say("run", run, self.recorder.flush(60))
        child = multiprocessing.get_context("fork").Process(target=time.sleep, args=(60,))
        child.start()
        say("child", child.pid)
        sys.stdin.read()

    def full(self, n_bytes: int) -> None:
        """No file may grow beyond `n_bytes`, until a line comes in."""
        run = self._half()
        say("run", run, self.recorder.flush(60))
        hard = resource.getrlimit(resource.RLIMIT_FSIZE)[1]
        resource.setrlimit(resource.RLIMIT_FSIZE, (n_bytes, hard))
        self.backend.end_cell(1, "x" * 2_000_000)
        self.backend.end_cell(2, "after the large one")
        is_written, problem = self.recorder.flush(10), self.recorder.problem
        say("full", is_written, problem.message if problem else "no problem")
        self.backend.end_cell(3, "the last one")
        self.backend.end()
        sys.stdin.readline()
        resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))
        say("room", self.recorder.flush(10), self.recorder.problem)

    def _half(self) -> str:
        run = self.controller.submit(grid(N_COLUMNS), {}).id
        self.backend.started()
        self.backend.end_cell(0, "whole text")
        self.backend.grow("half a text", cells=(1,))
        return run


if __name__ == "__main__":
    getattr(Kernel(Path(sys.argv[1])), sys.argv[2])(int(sys.argv[3]))
