"""A worker that crashes by itself: in native code, by leaving, at its start, again and again."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

import steer_widget as sw
from tests.faults.processes import PATIENCE_S, marked, wait_until
from tests.faults.scale import Scale, asked, only_in_full
from tests.faults.stage import Stage, check_error, kill

CRASHES = {
    "segfault": ("segfault", "signal SIGSEGV.*Native code crashed", "Segmentation fault"),
    "os._exit(7)": ("os_exit 7", r"exit code 7\).*ended with an error", ""),
    "sys.exit(3)": ("sys_exit 3", r"exit code 3\).*ended with an error", ""),
}


@pytest.mark.parametrize("crash", asked().some(CRASHES))
def test_a_crash_in_a_forward_pass(stage: Stage, scale: Scale, crash: str) -> None:
    order, told, logged = CRASHES[crash]
    for _ in range(scale.n_rounds):
        stage.order("slow 0.005")
        run = stage.long()
        stage.reach(run, "decode")
        with stage.fault(f"{crash} in a forward pass", run):
            stage.order(order)
            with pytest.raises(sw.WorkerDied, match=told) as caught:
                run.result(timeout=PATIENCE_S)
            assert logged in caught.value.details


@only_in_full
@pytest.mark.parametrize("number", [signal.SIGSEGV, signal.SIGABRT, signal.SIGTERM])
def test_a_signal_from_outside(stage: Stage, number: signal.Signals) -> None:
    stage.order("slow 0.005")
    run = stage.long()
    stage.reach(run, "decode")
    with stage.fault(f"{number.name} to the worker", run):
        kill(stage.pid, number)
        with pytest.raises(sw.WorkerDied, match=number.name):
            run.result(timeout=PATIENCE_S)


@pytest.fixture
def broken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder whose modules workers import before any other."""
    python_path = os.pathsep.join(p for p in (str(tmp_path), os.environ.get("PYTHONPATH", "")) if p)
    monkeypatch.setenv("PYTHONPATH", python_path)
    return tmp_path


def lose(stage: Stage) -> None:
    kill(stage.pid)
    wait_until(lambda: stage.steerer.status.worker == "stopped", "the death is not told")


@pytest.mark.parametrize(
    ("code", "told"),
    asked().some(
        [
            (
                "raise ImportError('half installed')",
                r"exit code 1\) while it was loading.*could not be imported",
            ),
            ("import no_such_package", r"exit code 1\) while it was loading.*A package is missing"),
            ("import sys; sys.exit(3)", r"exit code 3\) while it was loading.*ended with an error"),
        ]
    ),
)
def test_a_worker_that_cannot_start(stage: Stage, broken: Path, code: str, told: str) -> None:
    lose(stage)
    with stage.fault(f"at start: {code}", retried=False):
        (broken / "msgspec.py").write_text(code)
        with pytest.raises(sw.WorkerDied, match=told) as caught:
            stage.short().result(timeout=PATIENCE_S)
        assert "msgspec" in caught.value.details or "sys.exit" in code
        (broken / "msgspec.py").unlink()


def test_a_package_that_cannot_be_imported_when_it_is_needed(stage: Stage, broken: Path) -> None:
    lose(stage)
    with stage.fault("import error while loading", retried=False):
        (broken / "sae_lens.py").write_text("")
        (broken / "transformers.py").write_text("raise ImportError('half installed')")
        with pytest.raises(sw.LoadError, match="half installed") as caught:
            stage.short().result(timeout=PATIENCE_S)
        assert "Traceback" in caught.value.details
        for name in ("sae_lens.py", "transformers.py"):
            (broken / name).unlink()


def test_a_crash_loop_stops_after_three_and_reload_brings_it_back(stage: Stage, broken: Path) -> None:
    lose(stage)
    stage.ready()
    assert stage.short().result(timeout=PATIENCE_S).state == "done", "deaths before do not count"
    lose(stage)  # the first
    with stage.fault("crash loop", retried=False):
        (broken / "msgspec.py").write_text("import os; os._exit(9)")
        with pytest.raises(sw.WorkerDied, match="exit code 9"):
            stage.short().result(timeout=PATIENCE_S)
        third = stage.short()
        waits = stage.short()
        for run in (third, waits):
            with pytest.raises(sw.WorkerCrashLoop, match="exit code 9") as caught:
                run.result(timeout=PATIENCE_S)
            assert "reload" in str(caught.value)
            check_error(run.cells[0].failure)
        refused = stage.short()
        with pytest.raises(sw.WorkerCrashLoop):
            refused.result(timeout=PATIENCE_S)
        assert not marked(stage.mark), "no further worker was started"
        (broken / "msgspec.py").unlink()
        stage.steerer.reload()
        stage.ready()
        assert refused.retry().result(timeout=PATIENCE_S).state == "done"
