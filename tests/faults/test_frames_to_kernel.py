"""Malformed events, from a real process into the backend and the controller."""

from __future__ import annotations

import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest

import steer_widget as sw
from tests.faults.processes import PATIENCE_S, wait_until
from tests.faults.scale import Scale, asked
from tests.faults.stage import Stage, kill
from tests.faults.tally import Tally

_AT_ONCE = 100
_BABBLER = """
    #!{python}
    import os, struct, sys
    sys.path.insert(0, {root!r})
    from tests.faults.babbler import babble
    {what}
"""


@pytest.fixture
def babbling(stage: Stage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Stage]:
    """The stage, whose next workers will be what `replace_worker` says."""
    python = sys.executable
    root = str(Path(__file__).parents[2])

    def replace_worker(what: str) -> None:
        script = tmp_path / "python"
        script.write_text(textwrap.dedent(_BABBLER.format(python=python, root=root, what=what)).lstrip())
        script.chmod(0o755)
        monkeypatch.setattr(sys, "executable", str(script))
        lose_worker(stage)

    stage.replace_worker = replace_worker  # type: ignore[attr-defined]
    yield stage
    monkeypatch.undo()
    lose_worker(stage)
    stage.check()


def lose_worker(stage: Stage) -> None:
    pid = stage.backend.pid()  # what the status says of it may be garbage
    if pid is not None:
        kill(pid)
    wait_until(lambda: stage.steerer.controller._worker.lifeline is None, "the death is not told")


def test_the_kernel_survives_malformed_events(
    babbling: Stage, tally: Tally, scale: Scale, rng: Random
) -> None:
    babbling.replace_worker(f"babble({rng.randrange(1 << 32)}, {_AT_ONCE})")
    ends = []
    widget = babbling.steerer.widget  # its feed reads what came as well
    for _ in range(scale.n_frames // _AT_ONCE):
        with tally.injected("malformed event to the kernel", _AT_ONCE):
            run = babbling.short()
            wait_until(lambda run=run: run.done, f"the run goes on: {run}")
            ends.append(run.state)
            assert all(cell.state in ("done", "stopped", "failed") for cell in run.cells)
            assert widget.run is not None
            assert widget.run.id == run.id
            wait_until(lambda run=run: shown_state(widget) == run.state, "the page is not told the end")
            assert str(run.partial())
    assert "done" in ends
    widget.close()


def shown_state(widget: sw.SteerWidget) -> str:
    return "" if widget.snapshot.run is None else widget.snapshot.run.state


@pytest.mark.parametrize("n_bytes", asked().some([(1 << 30) + 1, 0xFFFFFFFF]))
def test_an_impossible_length_of_an_event(babbling: Stage, tally: Tally, n_bytes: int) -> None:
    babbling.replace_worker(f"os.write(1, struct.pack('<I', {n_bytes}) + b'x' * 100); babble(0, 0)")
    with tally.injected("impossible length of an event"):
        run = babbling.short()
        with pytest.raises(sw.WorkerDied, match=r"SIGKILL.*A frame claims"):
            run.result(timeout=PATIENCE_S)
