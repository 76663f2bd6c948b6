"""The speed a worker finds at load is the machine's, or none and a line in the log."""

from __future__ import annotations

import logging
import time
from typing import Any

import pytest
import torch

from steer_widget.spec import Generation, Grid, Steering
from tests.worker.conftest import make_engine, run


def test_the_speed_tells_how_long_a_run_takes(engine) -> None:
    speed = engine.measure_speed()
    assert speed is not None
    assert speed.first_s > 0
    assert speed.step_s + speed.row_s > 0
    assert speed.max_rows == 64
    generation = Generation(max_new_tokens=60, temperature=1.0)
    grid = Grid(("I went for a walk",), (Steering(),), 16, generation, measures=())
    started_s = time.monotonic()
    ran = run(engine, grid)
    took_s = time.monotonic() - started_s
    n_longest = max(map(len, ran.tokens))
    expected_s = speed.first_s + n_longest * (speed.step_s + 16 * speed.row_s)
    assert took_s / 10 < expected_s < took_s * 10


def test_a_slow_model_takes_one_step_of_each_batch(engine, monkeypatch) -> None:
    n_passes, real = [], engine.adapter.next_logits

    def slow(*args: Any) -> torch.Tensor:
        n_passes.append(len(args[0]))
        time.sleep(0.15)
        return real(*args)

    monkeypatch.setattr(engine.adapter, "next_logits", slow)
    speed = engine.measure_speed()
    assert speed is not None
    assert speed.step_s == pytest.approx(0.15, rel=0.5)
    assert len(n_passes) <= 8


def test_the_user_s_bound_on_rows_is_told(tiny_folders) -> None:
    speed = make_engine(*tiny_folders, max_batch_rows=5).measure_speed()
    assert speed is not None
    assert speed.max_rows == 5


def test_what_cannot_be_measured_is_absent_and_said(engine, monkeypatch, caplog) -> None:
    def broken(*_args: Any) -> torch.Tensor:
        raise RuntimeError("no kernel for this")

    monkeypatch.setattr(engine.adapter, "next_logits", broken)
    with caplog.at_level(logging.WARNING):
        assert engine.measure_speed() is None
    assert "no kernel for this" in caplog.text
