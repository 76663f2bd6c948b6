"""A worker that hangs: ended by a stop's graces, by the hard limit, by closing; the soft limit keeps partial texts."""

from __future__ import annotations

import signal
import time
from random import Random

import pytest

import steer_widget as sw
from tests.faults.processes import PATIENCE_S, is_gone, wait_until
from tests.faults.scale import Scale, asked, only_in_full
from tests.faults.stage import Stage, StageMaker, kill, pause

# What a hang is done by: the file's order, or a signal that the process cannot see.
ACKNOWLEDGED_S = 0.1
HANGS = {"by SIGSTOP": "", "inside C": "hang", "inside C, holding the GIL": "hang_with_gil"}
SOME = asked().some(HANGS)


def hang(stage: Stage, how: str) -> None:
    if HANGS[how]:
        stage.order(HANGS[how])
    else:
        kill(stage.pid, signal.SIGSTOP)


@pytest.mark.parametrize("how", SOME)
def test_a_hang_is_ended_after_a_stop(stage: Stage, scale: Scale, rng: Random, how: str) -> None:
    for _ in range(scale.n_rounds):
        stage.order("slow 0.005")
        run = stage.long()
        stage.reach(run, "decode")
        pause(rng.uniform(0, 0.5))
        with stage.fault(f"hang in a forward pass {how}, then stop", run):
            hang(stage, how)
            pause(rng.uniform(0, 0.1))
            run.cancel()
            wait_until(lambda run=run: run.done, "the stop is not insisted on")
            assert run.state == "stopped"
            assert any(cell.text for cell in run.cells)


@pytest.mark.parametrize("how", SOME)
def test_a_hang_is_ended_by_the_hard_limit(stage: Stage, scale: Scale, how: str) -> None:
    for _ in range(scale.n_rounds):
        stage.order("slow 0.005")
        run = stage.long(limits=sw.Limits(soft_s=0.6, hard_s=1.0))
        stage.reach(run, "decode")
        pid = stage.pid
        with stage.fault(f"hang in a forward pass {how}, then the hard limit", run, retried=False):
            hang(stage, how)
            with pytest.raises(sw.WorkerDied, match=r"signal SIGKILL.*hard limit of 1 s"):
                run.result(timeout=PATIENCE_S)
            failed = [cell for cell in run.cells if cell.state == "failed"]
            assert failed
            assert all("hard limit of 1 s" in str(cell.error) for cell in failed)
            wait_until(lambda pid=pid: is_gone(pid), "the process that held the memory is there")
            assert any(cell.text for cell in run.cells)


@only_in_full
def test_a_stop_after_the_soft_limit_is_insisted_on(stage: Stage) -> None:
    stage.order("slow 0.005")
    run = stage.long(limits=sw.Limits(soft_s=0.5, hard_s=1000))
    stage.reach(run, "decode")
    with stage.fault("hang at the soft limit, then stop", run, retried=False):
        hang(stage, "by SIGSTOP")
        wait_until(lambda: run.state == "stopping", "the soft limit does nothing")
        run.cancel()
        wait_until(lambda: run.done, "the stop is not insisted on")
        assert run.state == "stopped"


def test_the_soft_limit_keeps_partial_texts(stage: Stage, scale: Scale, rng: Random) -> None:
    for _ in range(scale.n_rounds):
        stage.order("slow 0.02")
        run = stage.long(limits=sw.Limits(soft_s=rng.uniform(0.3, 1.5)))
        pid = stage.pid
        with stage.fault("soft limit", run, retried=False):
            result = run.result(timeout=PATIENCE_S)
            assert result.state == "stopped"
            assert isinstance(result.failure.rebuild() if result.failure else None, sw.TimeLimit)
            assert any(cell.text for cell in result.cells)
            assert stage.pid == pid, "the worker lives on"


def test_the_limits_of_an_overtaken_run_stand_still(stage: Stage) -> None:
    stage.order("slow 0.005")
    sweep = stage.long(limits=sw.Limits(soft_s=30, hard_s=31))
    stage.reach(sweep, "decode")
    clock = stage.steerer.controller._dispatcher._clocks[sweep.id]
    stage.order("slow 0.4")  # the short run takes some seconds
    short = stage.short()
    wait_until(lambda: short.state == "running", "the short run does not overtake")
    assert not clock._timers, "no time passes for it"
    assert short.result(timeout=PATIENCE_S).state == "done"
    wait_until(lambda: clock._timers or sweep.done, "time passes again")
    stage.order("")
    assert sweep.result(timeout=PATIENCE_S).state == "done"
    assert [cell.text for cell in sweep.cells] == stage.undisturbed.long


def test_a_death_with_two_runs_on(stage: Stage, scale: Scale, rng: Random) -> None:
    for _ in range(scale.n_rounds):
        stage.order("slow 0.01")
        sweep = stage.long()
        stage.reach(sweep, "decode")
        stage.order("slow 0.2")
        short = stage.short()
        wait_until(lambda short=short: short.state == "running", "the short run does not overtake")
        pause(rng.uniform(0, 0.5))
        with stage.fault("kill -9 of the worker while one run has overtaken another", sweep):
            kill(stage.pid)
            with pytest.raises(sw.WorkerDied):
                short.result(timeout=PATIENCE_S)
        assert short.retry().result(timeout=PATIENCE_S).state == "done"
        assert [cell.text for cell in short.cells] == stage.undisturbed.short


def test_a_worker_that_reads_nothing_holds_nobody_up(stage: Stage) -> None:
    """A megabyte does not fit into the pipe: whoever wrote it himself would wait for the worker."""
    stage.order("slow 0.005")
    run = stage.long()
    stage.reach(run, "decode")
    with stage.fault("a megabyte to a worker that reads nothing", run):
        hang(stage, "by SIGSTOP")
        f = stage.steerer.feature(3)
        large = stage.steerer.compare("a" * 1_000_000, [f.at(4)], generation=sw.Generation(max_new_tokens=2))
        for asked in (large, run):
            started_s = time.perf_counter()
            asked.cancel()
            assert time.perf_counter() - started_s < ACKNOWLEDGED_S
            assert asked.state in ("stopping", "stopped")
        wait_until(lambda: large.done, "the run behind it does not end")
        assert large.state == "stopped"


@only_in_full
def test_close_ends_a_stopped_worker(make_stage: StageMaker) -> None:
    stage = make_stage()
    stage.order("slow 0.01")
    run = stage.long()
    stage.reach(run, "decode")
    with stage._tally.injected("close while the worker hangs"):
        kill(stage.pid, signal.SIGSTOP)
        stage.close()
        assert run.state == "stopped"
