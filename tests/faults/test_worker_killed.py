"""kill -9 of the worker at random moments."""

from __future__ import annotations

from random import Random

import pytest

from tests.faults.processes import wait_until
from tests.faults.scale import Scale
from tests.faults.stage import Stage, kill, pause

MOMENTS = ("decode", "prefill", "measuring", "loading")
# So that the moment lasts: each forward pass takes this long.
ORDERS = {"loading": "", "prefill": "slow 0.3", "decode": "slow 0.005", "measuring": "measuring slow 0.3"}
LASTS_S = {"loading": 2.5, "prefill": 0.25, "decode": 0.8, "measuring": 0.25}


@pytest.mark.parametrize("moment", MOMENTS)
def test_kill_9_of_the_worker(stage: Stage, scale: Scale, rng: Random, moment: str) -> None:
    for _ in range(scale.shares(len(MOMENTS))[MOMENTS.index(moment)]):
        stage.ready()
        stage.order(ORDERS[moment])
        if moment == "loading":
            lose_idle_worker(stage)
        run = stage.long()
        stage.reach(run, moment)
        delay_s = rng.uniform(0, LASTS_S[moment])
        pause(delay_s)
        with stage.fault(f"kill -9 of the worker, {moment}", run):
            kill(stage.pid)


def lose_idle_worker(stage: Stage) -> None:
    """The next run has to load first."""
    kill(stage.pid)
    wait_until(lambda: stage.steerer.status.worker == "stopped", "the death is not told")
