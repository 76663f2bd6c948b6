"""A steerer on a tiny model with a worker of its own, and what must hold after each fault."""

from __future__ import annotations

import os
import re
import signal
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import steer_widget as sw
from steer_widget.backends.local import LocalBackend
from steer_widget.protocol import CellDone, RunStarted, Tokens
from tests.faults.processes import MARK, PATIENCE_S, is_gone, marked, wait_until, zombies
from tests.faults.tally import Tally

PROMPTS = ("I went for a walk and", "The mountains were white with snow, and nobody spoke. " * 12)
LONG = sw.Generation(max_new_tokens=240, temperature=1.0, repetition_penalty=1.3)
SHORT = sw.Generation(max_new_tokens=6)
STRENGTHS = (2.0, 4.0)
_HOW = re.compile(r"signal SIG[A-Z]+|exit code -?\d+")


@dataclass
class Undisturbed:
    """Texts that runs give when nothing happens to them: those of `Stage.long` and `Stage.short`."""

    long: list[str] = field(default_factory=list)
    short: list[str] = field(default_factory=list)


class Stage:
    """One steerer and its worker processes.

    Args:
        folders: of model and SAE.
        order: the file that tells the model what to do.
        tally: where injections are counted.
        undisturbed: texts to compare with; filled by the first stage that has none.
        options: of `sw.load`.
    """

    def __init__(
        self, folders: tuple[Path, Path], order: Path, tally: Tally, undisturbed: Undisturbed, **options: Any
    ) -> None:
        self.mark = uuid.uuid4().hex
        self._order = order
        self._tally = tally
        self.undisturbed = undisturbed
        self.order("")
        self.backend = LocalBackend(env={**self.environment(order.parent), "FAULTS_ORDER": str(order)})
        self.steerer = sw.load(
            *folders, dtype="float32", backend=self.backend, trust_remote_code=True, **options
        )
        controller = self.steerer.controller
        controller.cancel_grace_s = controller.terminate_grace_s = 0.5

    def environment(self, home: Path) -> dict[str, str]:
        return {
            MARK: self.mark,
            "OMP_NUM_THREADS": "1",
            "HF_HUB_OFFLINE": "1",
            "HF_MODULES_CACHE": str(home / "modules"),
        }

    def order(self, act: str) -> None:
        """What the model does in each forward pass from now on; nothing where it is empty."""
        fresh = self._order.with_suffix(".new")
        fresh.write_text(act)
        fresh.replace(self._order)

    def ready(self) -> None:
        """Waits for the worker; a lost one is started again."""
        self.steerer.ready(PATIENCE_S)

    @property
    def pid(self) -> int:
        pid = self.steerer.status.pid
        assert pid is not None
        return pid

    # ---- runs

    def long(self, **options: Any) -> sw.Run:
        """A run of some hundred steps; where it was not disturbed its texts are kept for comparison."""
        f = self.steerer.feature(3)
        return self.steerer.compare(
            list(PROMPTS), [f.at(s) for s in STRENGTHS], generation=LONG, samples=2, **options
        )

    def short(self) -> sw.Run:
        """A run of a few steps."""
        return self.steerer.compare(PROMPTS[0], [self.steerer.feature(3).at(4)], generation=SHORT)

    def rehearse(self) -> None:
        """Finds out the undisturbed texts, once for all stages."""
        if not self.undisturbed.long:
            self.undisturbed.long = texts(self.long().result(timeout=PATIENCE_S))
            self.undisturbed.short = texts(self.short().result(timeout=PATIENCE_S))
            assert len(set(self.undisturbed.long)) > 6, "texts must differ for a comparison to say something"

    def reach(self, run: sw.Run, moment: str) -> None:
        """Waits until a run of `long` is there: loading, prefill, decode, measuring. Set the order before."""
        if moment == "loading":
            wait_until(lambda: run.state == "loading", "the run does not wait for loading")
            return
        n_ended = 0
        for event in run:
            n_ended += isinstance(event, CellDone)
            if moment == "prefill" and isinstance(event, RunStarted):
                return
            if moment == "decode" and isinstance(event, Tokens):
                return
            if moment == "measuring" and n_ended == len(run.cells):
                return
        raise AssertionError(f"the run ended before {moment}: {run}, {run.partial().failure}")

    # ---- faults

    @contextmanager
    def fault(self, name: str, *runs: sw.Run, retried: bool = True) -> Iterator[None]:
        """Inside, the fault is done; afterwards everything is looked at that must hold after it.

        Args:
            name: as the table has it.
            runs: of `long`, which are on.
            retried: whether the rest of the runs is run again, and compared.
        """
        done_before = [{c.index: c.text for c in run.cells if c.state == "done"} for run in runs]
        pid = self.steerer.status.pid
        with self._tally.injected(name):
            yield
            for run, before in zip(runs, done_before, strict=True):
                wait_until(lambda run=run: run.done, f"the run goes on: {run}")
                self._check_ended(run, before)
            self.order("")
            self.check(retry=runs if retried else (), lost=pid)

    def check(self, *, retry: tuple[sw.Run, ...] = (), lost: int | None = None) -> None:
        """Nothing is left of earlier workers, and the next runs work."""
        current = self.steerer.status.pid
        if lost is not None and lost != current:
            wait_until(lambda: is_gone(lost), f"process {lost} is still there")
        for run in retry:
            if any(cell.state != "done" for cell in run.cells):
                assert texts(run.retry().result(timeout=PATIENCE_S)) == self.undisturbed.long
        assert texts(self.short().result(timeout=PATIENCE_S)) == self.undisturbed.short
        alive = {self.pid}
        wait_until(lambda: marked(self.mark) == alive, f"more than {alive} is there")
        wait_until(lambda: not zombies(), "a zombie is left behind")

    def _check_ended(self, run: sw.Run, done_before: dict[int, str]) -> None:
        assert run.state in ("done", "stopped", "failed")
        full = self.undisturbed.long
        failure = run.partial().failure
        for cell in run.cells:
            if cell.index in done_before:
                assert (cell.state, cell.text) == ("done", done_before[cell.index])
            assert cell.state in ("done", "stopped", "failed")
            assert full[cell.index].startswith(cell.text) or len(run.cells) != len(full)
            if cell.state == "failed":
                check_error(cell.failure)
        if run.state == "failed":
            check_error(failure)

    def close(self) -> None:
        """Ends everything; nothing may be left."""
        self.steerer.close()
        wait_until(lambda: not marked(self.mark), "its worker is left behind")
        wait_until(lambda: not zombies(), "a zombie is left behind")


StageMaker = Callable[..., Stage]
"""Makes a stage with options of `sw.load`; all are closed in the end."""


def check_error(error: Any) -> None:
    """It says how the worker ended, and why probably; and it has the log."""
    assert error is not None
    assert error.kind in ("WorkerDied", "WorkerCrashLoop")
    assert _HOW.search(error.message), error.message
    cause = error.message.split(").", 1)[-1].replace("while it was loading.", "")
    assert len(cause.split(". ")) >= 2, f"no cause is named: {error.message}"
    assert "log" in error.details


def texts(result: sw.RunResult) -> list[str]:
    """Of all cells, which must be done."""
    assert {cell.state for cell in result.cells} == {"done"}, result.failure
    return [cell.text for cell in result.cells]


def kill(pid: int, number: int = signal.SIGKILL) -> None:
    """A signal from outside."""
    os.kill(pid, number)


def pause(seconds: float) -> None:
    """A random moment is one that was waited for."""
    time.sleep(seconds)
