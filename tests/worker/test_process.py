"""The worker as a process: how it starts, what it says, how it dies."""

from __future__ import annotations

import os
import queue
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TypeVar

import psutil
import pytest

from steer_widget.backends.base import WorkerExit
from steer_widget.backends.local import LocalBackend
from steer_widget.errors import SaeMismatch, WorkerDied
from steer_widget.protocol import (
    Answer,
    CancelRun,
    CellDone,
    CheckGrid,
    Event,
    Fault,
    Load,
    LoadFailed,
    Ready,
    RunDone,
    SaeSource,
    StartRun,
    Tokens,
)
from steer_widget.spec import Feature, Generation, Grid, columns
from tests.tiny import make

PATIENCE_S = 90.0
LONG = Grid(
    ("I went for a walk and",),
    columns([Feature(3).at(6.0, unit="raw", method="add", positions="all")], combine=False, baseline=True),
    40,
    Generation(max_new_tokens=240, temperature=1.0),
)
T = TypeVar("T", bound=Event)


class Worker:
    """A local worker with its events in a queue."""

    def __init__(self) -> None:
        self.backend = LocalBackend(env={"OMP_NUM_THREADS": "1"})
        self.events: queue.Queue[Event | WorkerExit] = queue.Queue()
        self.backend.start(self.events.put, self.events.put)

    def load(self, model: Path | str, sae: Path | str) -> Ready | LoadFailed:
        self.backend.send(Load(str(model), (SaeSource(str(sae)),)))
        return self.wait_for(Ready, LoadFailed)

    def wait_for(self, *kinds: type[T]) -> T:
        """The next event of these kinds; an end of the worker that nobody waits for fails the test."""
        deadline_s = time.monotonic() + PATIENCE_S
        while True:
            event = self.events.get(timeout=max(0.0, deadline_s - time.monotonic()))
            if isinstance(event, kinds):
                return event
            assert not isinstance(event, WorkerExit), event


@pytest.fixture
def worker() -> Iterator[Worker]:
    """A worker of the test's own, which it may kill."""
    started = Worker()
    yield started
    started.backend.close()
    assert not started.backend.is_alive()


@pytest.fixture(scope="module")
def survivor() -> Iterator[Worker]:
    """One worker for all tests after which it must live on."""
    started = Worker()
    yield started
    assert started.backend.is_alive()
    started.backend.close()
    assert not started.backend.is_alive()


def gone(pid: int) -> bool:
    return not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE


def wait_until_gone(pid: int, within_s: float) -> float:
    started_s = time.monotonic()
    while not gone(pid):
        assert time.monotonic() - started_s < within_s, f"process {pid} is still there"
        time.sleep(0.02)
    return time.monotonic() - started_s


def test_loads_runs_cancels_and_stays(survivor, tiny_folders) -> None:
    ready = survivor.load(*tiny_folders)
    assert isinstance(ready, Ready)
    assert ready.pid == survivor.backend.pid()
    assert (ready.saes[0].d_sae, ready.saes[0].layer, ready.model.n_layers) == (make.D_SAE, 2, make.N_LAYERS)
    assert set(ready.methods) == {"add", "scale", "clamp", "ablate", "orthogonal", "cap"}
    survivor.backend.send(StartRun("a", LONG, (0, 40)))
    assert survivor.wait_for(RunDone).state == "done"
    survivor.backend.send(StartRun("b", LONG, tuple(range(len(LONG)))))
    survivor.wait_for(Tokens)
    survivor.backend.send(CheckGrid(7, LONG))
    assert survivor.wait_for(Answer).request == 7  # answered in mid-run
    survivor.backend.send(CancelRun("b"))
    assert survivor.wait_for(RunDone).state == "stopped"
    assert survivor.backend.is_alive()


def test_a_frame_that_cannot_be_read_is_reported_and_survived(survivor, tiny_folders) -> None:
    survivor.backend._worker.channel.send(b"\xc1 no message of ours")
    fault = survivor.wait_for(Fault)
    assert fault.error.kind == "ProtocolError"
    assert isinstance(survivor.load(*tiny_folders), Ready)


def test_what_is_printed_goes_to_the_log_not_to_the_channel(worker, tiny_folders, tmp_path) -> None:
    noisy = make.make_model(tmp_path / "noisy")
    config = noisy / "tokenizer_config.json"
    config.write_text(config.read_text().replace("{", '{"unknown_option": 1,', 1))
    assert isinstance(worker.load(noisy, tiny_folders[1]), Ready)
    os.kill(worker.backend.pid(), signal.SIGABRT)  # faulthandler writes to stderr
    exit_ = worker.wait_for(WorkerExit)
    assert exit_.signal == "SIGABRT"
    assert "Fatal Python error" in exit_.log_tail
    assert not exit_.expected


@pytest.mark.parametrize(
    ("sae", "kind", "words"),
    [
        ({"d_in": 16}, "SaeMismatch", "d_in=16"),
        ({"hook_name": "blocks.9.hook_resid_post"}, "SaeMismatch", "0 to 3"),
        ({"hook_name": "blocks.1.hook_nothing"}, "SaeMismatch", "hook_resid_pre"),
        ({"architecture": "transcoder"}, "SaeMismatch", "transcoder"),
        ({"normalize_activations": "covariance_whitening"}, "SaeMismatch", "covariance_whitening"),
    ],
)
def test_an_sae_that_does_not_fit_is_refused(tiny_folders, tmp_path, engine, sae, kind, words) -> None:
    from tests.worker.conftest import make_engine

    with pytest.raises(SaeMismatch, match=words) as caught:
        make_engine(tiny_folders[0], make.make_sae(tmp_path / "sae", **sae))
    assert type(caught.value).__name__ == kind


def test_a_failed_load_says_why_and_the_next_one_works(survivor, tiny_folders, tmp_path) -> None:
    model, sae = tiny_folders
    failed = survivor.load(model, tmp_path)
    assert isinstance(failed, LoadFailed)
    assert failed.error.kind == "MissingPath"
    assert "cfg.json" in failed.error.message

    damaged = make.make_model(tmp_path / "damaged")
    weights = damaged / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:1000])
    failed = survivor.load(damaged, sae)
    assert isinstance(failed, LoadFailed)
    assert failed.error.kind == "LoadError"
    assert str(damaged) in failed.error.message
    assert "Traceback" in failed.error.details

    pickled = make.make_model(tmp_path / "pickled")
    (pickled / "model.safetensors").rename(pickled / "pytorch_model.bin")
    failed = survivor.load(pickled, sae)
    assert isinstance(failed, LoadFailed)
    assert isinstance(survivor.load(model, sae), Ready)


def test_kill_9_of_the_worker_is_reported_at_once(worker, tiny_folders) -> None:
    worker.load(*tiny_folders)
    worker.backend.send(StartRun("a", LONG, tuple(range(len(LONG)))))
    worker.wait_for(Tokens)
    os.kill(worker.backend.pid(), signal.SIGKILL)
    killed_s = time.monotonic()
    exit_ = worker.wait_for(WorkerExit)
    assert time.monotonic() - killed_s < 2
    assert (exit_.signal, exit_.code, exit_.expected) == ("SIGKILL", None, False)
    assert "memory" in exit_.likely_cause
    assert not worker.backend.is_alive()
    with pytest.raises(WorkerDied):
        worker.backend.send(CancelRun("a"))


@pytest.mark.parametrize("fork", [False, True], ids=["alone", "while a forked child holds the channel"])
def test_kill_9_of_the_kernel_ends_the_worker_within_2_s(tiny_folders, fork) -> None:
    script = textwrap.dedent("""
        import os, sys, threading, time
        from tests.worker.test_process import LONG, Worker
        from steer_widget.protocol import StartRun, Tokens
        worker = Worker()
        worker.load(sys.argv[1], sys.argv[2])
        worker.backend.send(StartRun("a", LONG, tuple(range(len(LONG)))))
        worker.wait_for(Tokens)
        child = os.fork() if sys.argv[3] == "True" else -1
        if child == 0:
            time.sleep(30)
            os._exit(0)
        print(worker.backend.pid(), child, flush=True)
        time.sleep(60)
    """)
    root = Path(__file__).resolve().parents[2]
    kernel = subprocess.Popen(
        [sys.executable, "-W", "ignore", "-c", script, *map(str, tiny_folders), str(fork)],
        stdout=subprocess.PIPE, text=True, cwd=root, env={**os.environ, "PYTHONPATH": str(root)},
    )  # fmt: skip
    assert kernel.stdout is not None
    with kernel.stdout:
        worker_pid, child_pid = map(int, kernel.stdout.readline().split())
    assert not gone(worker_pid)
    kernel.kill()
    kernel.wait()
    wait_until_gone(worker_pid, within_s=2.0)
    if child_pid > 0:
        os.kill(child_pid, signal.SIGKILL)


def test_close_ends_a_busy_worker(tiny_folders) -> None:
    started = Worker()
    started.load(*tiny_folders)
    pid = started.backend.pid()
    started.backend.send(StartRun("a", LONG, tuple(range(len(LONG)))))
    started.wait_for(Tokens)
    started.backend.close(grace_s=1.0)
    assert gone(pid)
    exit_ = started.wait_for(WorkerExit)
    assert exit_.expected


def test_results_in_the_process_are_those_of_the_engine(survivor, tiny_folders, engine) -> None:
    from tests.worker.conftest import run

    grid = Grid(LONG.prompts, LONG.steerings, 2, Generation(max_new_tokens=20, temperature=1.0))
    model, sae = map(str, tiny_folders)
    survivor.backend.send(Load(model, (SaeSource(sae),), dtype="float32"))
    survivor.wait_for(Ready)
    survivor.backend.send(StartRun("a", grid, tuple(range(len(grid)))))
    got = {}
    while len(got) < len(grid):
        end = survivor.wait_for(CellDone)
        got[end.cell] = end.token_ids
    assert [got[cell] for cell in sorted(got)] == run(engine, grid).tokens
