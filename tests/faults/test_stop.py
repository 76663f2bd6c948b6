"""Stop at every moment of a run: acknowledged at once, texts so far kept, the rest can be run again."""

from __future__ import annotations

import time
from random import Random

import pytest

import steer_widget as sw
from tests.faults.processes import wait_until
from tests.faults.scale import Scale
from tests.faults.stage import Stage, kill, pause

ACKNOWLEDGED_S = 0.1
MOMENTS = {
    "queued": ("slow 0.02", 0.0),
    "loading": ("", 1.0),
    "prefill": ("slow 0.2", 0.2),
    "decode": ("slow 0.005", 0.8),
    "measuring": ("measuring slow 0.3", 0.2),
    "overtaken": ("slow 0.01", 0.3),
}


@pytest.mark.parametrize("moment", MOMENTS)
def test_stop_at_every_moment(stage: Stage, scale: Scale, rng: Random, moment: str) -> None:
    order, lasts_s = MOMENTS[moment]
    for _ in range(scale.n_rounds):
        stage.ready()
        stage.order(order)
        ahead = stage.long() if moment == "queued" else None
        if moment == "loading":
            kill(stage.pid)
            wait_until(lambda: stage.steerer.status.worker == "stopped", "the death is not told")
        run = stage.long()
        if moment == "queued":
            assert run.state == "queued"
        else:
            stage.reach(run, "decode" if moment == "overtaken" else moment)
        short = overtake(stage) if moment == "overtaken" else None
        pause(rng.uniform(0, lasts_s))
        with stage.fault(f"stop, {moment}", run):
            before = run.cells
            started_s = time.perf_counter()
            run.cancel()
            acknowledged_s = time.perf_counter() - started_s
            assert run.state in ("stopping", "stopped", "done")
            assert acknowledged_s < ACKNOWLEDGED_S
            wait_until(lambda run=run: run.done, "it does not stop")
            assert run.state == ("done" if moment == "measuring" else "stopped")
            for cell, was in zip(run.cells, before, strict=True):
                assert cell.text.startswith(was.text)
                # What was on its way, and the forward pass that was on.
                assert cell.n_tokens <= was.n_tokens + (
                    20 if moment == "decode" else 2 if was.n_tokens else 0
                ) or (moment == "measuring")
            if ahead is not None:
                ahead.cancel()
            if short is not None:
                assert short.result(timeout=60).state == "done", "the one that overtook goes on"


def overtake(stage: Stage) -> sw.Run:
    stage.order("slow 0.1")
    short = stage.short()
    wait_until(lambda: short.state == "running", "the short run does not overtake")
    return short


def test_a_stop_lets_one_more_forward_pass_end(stage: Stage, scale: Scale) -> None:
    """In slow motion: no token comes but of the pass that was on."""
    for _ in range(scale.n_rounds):
        stage.order("slow 0.2")
        run = stage.long()
        stage.reach(run, "decode")
        with stage.fault("stop in slow motion", run):
            n_before = [cell.n_tokens for cell in run.cells]
            run.cancel()
            wait_until(lambda run=run: run.done, "it does not stop")
            # One for the pass that was on, one for tokens that had not arrived.
            assert all(cell.n_tokens <= n + 2 for cell, n in zip(run.cells, n_before, strict=True))
