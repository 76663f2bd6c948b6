"""Malformed commands, sent into a real worker's stdin."""

from __future__ import annotations

import os
import queue
import struct
import time
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import TypeVar

import pytest

from steer_widget.backends.base import WorkerExit
from steer_widget.backends.local import LocalBackend
from steer_widget.errors import ProtocolError
from steer_widget.protocol import (
    Answer,
    CancelRun,
    CellDone,
    CheckGrid,
    Event,
    Fault,
    Load,
    Passage,
    ReadMeans,
    Ready,
    RunDone,
    SaeSource,
    Shutdown,
    StartRun,
    decode_command,
    encode,
)
from steer_widget.spec import Feature, Generation, Grid, columns
from tests.faults.garbage import frame
from tests.faults.processes import PATIENCE_S
from tests.faults.scale import Scale, asked
from tests.faults.tally import Tally

GRID = Grid(
    ("I went for a walk and",),
    columns([Feature(3).at(4.0, unit="raw", method="add", positions="all")], combine=False, baseline=True),
    2,
    Generation(max_new_tokens=3),
)
CELLS = tuple(range(len(GRID)))
_AT_ONCE = 100
T = TypeVar("T", bound=Event)


class Wire:
    """A worker and everything that it says."""

    def __init__(self, folders: tuple[Path, Path], order: Path) -> None:
        order.write_text("")
        env = {
            "FAULTS_ORDER": str(order),
            "OMP_NUM_THREADS": "1",
            "HF_HUB_OFFLINE": "1",
            "HF_MODULES_CACHE": str(order.with_name("modules")),
        }
        self.load = Load(str(folders[0]), (SaeSource(str(folders[1])),), trust_remote_code=True)
        self.backend = LocalBackend(env)
        self.events: queue.Queue[Event | WorkerExit] = queue.Queue()
        self.backend.start(self.events.put, self.events.put)
        self.n_faults = 0

    def send_raw(self, body: bytes) -> None:
        worker = self.backend._worker
        assert worker is not None
        worker.send(body)

    def wait_for(self, *kinds: type[T], run: str = "", request: int | None = None) -> T:
        deadline_s = time.monotonic() + PATIENCE_S
        while True:
            event = self.events.get(timeout=max(0.0, deadline_s - time.monotonic()))
            self.n_faults += isinstance(event, Fault)
            is_meant = run in ("", getattr(event, "run", "")) and request in (
                None,
                getattr(event, "request", 0),
            )
            if isinstance(event, kinds) and is_meant:
                return event
            assert not isinstance(event, WorkerExit) or WorkerExit in kinds, event

    def texts(self, run: str) -> list[str]:
        self.backend.send(StartRun(run, GRID, CELLS))
        found = {}
        while True:
            event = self.wait_for(CellDone, RunDone, run=run)
            if isinstance(event, RunDone):
                assert event.state == "done", event.error
                return [found[cell] for cell in CELLS]
            found[event.cell] = event.text


@pytest.fixture
def wire(folders: tuple[Path, Path], tmp_path: Path) -> Iterator[Wire]:
    opened = Wire(folders, tmp_path / "order")
    opened.backend.send(opened.load)
    opened.wait_for(Ready)
    yield opened
    opened.backend.close()


def is_an_order_to_leave(body: bytes) -> bool:
    """A mutated message may be a good one that ends the worker, or loads another model: that is no fault."""
    try:
        return isinstance(decode_command(body), (Shutdown, Load))
    except ProtocolError:
        return False


def test_a_worker_survives_malformed_commands(wire: Wire, tally: Tally, scale: Scale, rng: Random) -> None:
    before = wire.texts("before")
    valid = [
        encode(message)
        for message in (
            StartRun("fuzzed", GRID, CELLS, {"3": 1.0}),
            CheckGrid(7, GRID),
            ReadMeans(8, (Passage("I went"),)),
            CancelRun("fuzzed"),
            wire.load,
        )
    ]
    n_sent = 0
    while n_sent < scale.n_frames:
        with tally.injected("malformed command to the worker", _AT_ONCE):
            bodies = [frame(rng, valid) for _ in range(_AT_ONCE)]
            for body in bodies:
                if not is_an_order_to_leave(body):
                    wire.send_raw(body)
            n_sent += _AT_ONCE
            wire.backend.send(CheckGrid(10**9 + n_sent, GRID))
            answer = wire.wait_for(Answer, request=10**9 + n_sent)
            assert answer.error is None
            if n_sent % (10 * _AT_ONCE) == 0:
                assert wire.texts(f"after {n_sent}") == before
    assert wire.n_faults > 0.5 * n_sent, "most of them are reported"


@pytest.mark.parametrize("n_bytes", asked().some([(1 << 30) + 1, 0xFFFFFFFF]))
def test_a_length_that_cannot_be_ends_the_worker_with_a_word(wire: Wire, tally: Tally, n_bytes: int) -> None:
    with tally.injected("impossible length of a command"):
        worker = wire.backend._worker
        assert worker is not None
        os.write(worker.channel._write_fd, struct.pack("<I", n_bytes) + b"what follows is lost")
        assert wire.wait_for(Fault).error.kind == "ProtocolError"
        end = wire.wait_for(WorkerExit)
        assert (end.code, end.signal) == (1, "")
        assert "claims" in end.log_tail
        assert end.likely_cause
