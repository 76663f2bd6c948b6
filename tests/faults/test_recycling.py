"""Workers that are replaced between runs, which nobody who waits in the queue notices."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from random import Random

import pytest

import steer_widget as sw
from tests.faults.processes import PATIENCE_S, is_gone, wait_until
from tests.faults.scale import Scale, only_in_full
from tests.faults.stage import Stage, StageMaker, kill, pause, texts
from tests.faults.tally import Tally


@pytest.fixture(scope="module")
def replaced(make_stage: StageMaker) -> Iterator[Stage]:
    """After every run, as no worker is as small as this."""
    stage = make_stage(recycling=sw.Recycling(above_gb=0.001))
    yield stage
    stage.close()


def test_after_so_many_runs_and_none_of_the_queue_notices(make_stage: StageMaker, tally: Tally) -> None:
    stage = make_stage(recycling=sw.Recycling(after_runs=2), rehearsed=False)
    pids = []
    runs = [stage.short() for _ in range(4)]
    with tally.injected("worker replaced after 2 runs", 2):
        for run in runs:
            wait_until(lambda run=run: run.state in ("running", "done"), "it waits for ever")
            pids.append(stage.steerer.status.pid)
            assert run.result(timeout=PATIENCE_S).state == "done"
        assert len({tuple(texts(run.partial())) for run in runs}) == 1
        wait_until(lambda: stage.steerer.status.worker == "ready", "no worker is ready")
        assert is_gone(pids[0])
        assert stage.pid not in pids[:2]
    stage.close()


@only_in_full
def test_above_a_limit_of_memory(replaced: Stage, tally: Tally, scale: Scale) -> None:
    for _ in range(scale.n_rounds):
        with tally.injected("worker replaced for its memory"):
            replaced.ready()
            pid = replaced.pid
            assert texts(replaced.short().result(timeout=PATIENCE_S)) == replaced.undisturbed.short
            replaced.ready()
            wait_until(lambda pid=pid: is_gone(pid), "the old one is there")
            assert replaced.pid != pid


def test_kill_9_while_the_worker_is_replaced(
    replaced: Stage, tally: Tally, scale: Scale, rng: Random
) -> None:
    for _ in range(scale.n_rounds):
        with tally.injected("kill -9 while the worker is being replaced"):
            replaced.ready()
            assert replaced.short().result(timeout=PATIENCE_S).state == "done"
            pause(rng.choice((0.0, 0.001, rng.uniform(0, 1.0))))
            pid = replaced.steerer.status.pid
            if pid is not None and not is_gone(pid):
                kill(pid)
            assert texts(again(replaced).result(timeout=PATIENCE_S)) == replaced.undisturbed.short


def again(stage: Stage) -> sw.Run:
    """A run that the death of a worker which was still loading may take along once."""
    run = stage.short()
    wait_until(lambda: run.done, "it waits for ever")
    return run if run.state == "done" else run.retry()


def test_a_worker_that_cannot_be_replaced_fails_those_who_wait(
    replaced: Stage, tally: Tally, monkeypatch: pytest.MonkeyPatch
) -> None:
    with tally.injected("the fresh worker cannot be started"):
        replaced.ready()
        replaced.order("slow 0.02")
        first, second = replaced.short(), replaced.short()
        monkeypatch.setattr(sys, "executable", "/no/such/python")
        assert first.result(timeout=PATIENCE_S).state == "done"
        with pytest.raises(sw.SteerError, match="could not be started"):
            second.result(timeout=PATIENCE_S)
        monkeypatch.undo()
        assert texts(second.retry().result(timeout=PATIENCE_S)) == replaced.undisturbed.short


def test_retry_while_the_worker_is_replaced(replaced: Stage, tally: Tally, scale: Scale) -> None:
    for _ in range(scale.n_rounds):
        with tally.injected("retry while the worker is being replaced"):
            replaced.ready()
            replaced.order("slow 0.005")
            run = replaced.long()
            replaced.reach(run, "decode")
            run.cancel()
            wait_until(lambda run=run: run.done, "it does not stop")
            replaced.order("")
            assert texts(run.retry().result(timeout=PATIENCE_S)) == replaced.undisturbed.long
