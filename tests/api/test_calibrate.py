"""Bands of strengths over real worker processes: found, kept for the next session, used as a unit."""

from __future__ import annotations

import os
import signal
import threading
from pathlib import Path

import pytest

import steer_widget as sw
from steer_widget.protocol import Calibrate
from tests.tiny import make
from tests.unit.page import wait_until

PATIENCE_S = 90.0
QUIET = sw.Generation(max_new_tokens=12)


def test_a_band_is_found_once_and_known_from_then_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STEER_WIDGET_DATA", str(tmp_path / "data"))
    folders = make.make_model(tmp_path / "model"), make.make_sae(tmp_path / "sae")
    with sw.load(*folders, dtype="float32", history=False) as steerer:
        band = steerer.calibrate(3, prompts=["I went for a walk and", "She"], timeout=PATIENCE_S)
        assert steerer.status.tasks == ()
        strengths = [point.strength for point in band.points]
        assert strengths == sorted(strengths)
        assert min(strengths) > 0
    with sw.load(*folders, dtype="float32", history=False) as steerer:
        f = steerer.feature(3)
        with pytest.raises(sw.InvalidInput, match="auto once it is calibrated"):
            steerer.compare("She", steerer.feature(4).at(1, unit="auto"))
        steerer.ready(PATIENCE_S)
        assert steerer.card(3).band == band
        if band.iso_kl is None:  # a tiny model may not get as far as 1 nat
            with pytest.raises(sw.InvalidInput, match="no iso-KL strength"):
                steerer.compare("She", f.at(1, unit="auto"))
            return
        run = steerer.compare("She", [f.at(2, unit="auto"), f.at(2 * band.iso_kl)], generation=QUIET)
        cells = run.result(PATIENCE_S).cells
        assert cells[1].token_ids == cells[2].token_ids


def test_a_worker_that_dies_in_the_middle_is_said_and_the_next_one_calibrates(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STEER_WIDGET_DATA", str(tmp_path / "data"))
    folders = make.make_model(tmp_path / "model"), make.make_sae(tmp_path / "sae")
    with sw.load(*folders, dtype="float32", history=False) as steerer:
        steerer.ready(PATIENCE_S)
        task = steerer.begin_calibrating(
            Calibrate(0, tuple(steerer.feature(n) for n in range(40)), ("She",) * 8)
        )
        wait_until(lambda: any(view.n_done for view in steerer.status.tasks))
        pid = steerer.status.pid
        assert pid is not None
        os.kill(pid, signal.SIGKILL)
        with pytest.raises(sw.WorkerDied):
            task.result(PATIENCE_S)
        assert steerer.status.tasks == ()
        assert steerer.calibrate(3, timeout=PATIENCE_S).points


def test_ctrl_c_stops_it_and_the_worker_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STEER_WIDGET_DATA", str(tmp_path / "data"))
    folders = make.make_model(tmp_path / "model"), make.make_sae(tmp_path / "sae")
    with sw.load(*folders, dtype="float32", history=False) as steerer:
        steerer.ready(PATIENCE_S)
        pid = steerer.status.pid
        begun = threading.Timer(0.3, lambda: signal.raise_signal(signal.SIGINT))
        begun.start()
        with pytest.raises(KeyboardInterrupt):
            steerer.calibrate([*range(40)], prompts=["She"] * 8, timeout=PATIENCE_S)
        wait_until(lambda: not steerer.status.tasks)
        assert steerer.compare("She", steerer.feature(3).at(2), generation=QUIET).result(PATIENCE_S)
        assert steerer.status.pid == pid
