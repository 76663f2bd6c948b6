"""Many runs at once: bounded, none lost, short ones before long ones."""

from __future__ import annotations

import threading

import steer_widget as sw
from tests.faults.processes import PATIENCE_S, wait_until
from tests.faults.scale import Scale, only_in_full
from tests.faults.stage import Stage, kill, texts
from tests.faults.tally import Tally

_N_THREADS = 8
_MOST = 100


def test_submissions_from_many_threads_are_bounded_and_none_is_lost(
    stage: Stage, tally: Tally, scale: Scale
) -> None:
    n_before = len(stage.steerer.runs)
    accepted: list[sw.Run] = []
    refused: list[sw.QueueFull] = []
    stage.order("slow 0.5")  # none ends while they come
    first = stage.short()
    wait_until(lambda: first.state == "running", "it does not start")

    def submit() -> None:
        for _ in range(scale.n_submissions // _N_THREADS):
            try:
                accepted.append(stage.short())
            except sw.QueueFull as error:
                refused.append(error)

    with tally.injected("submissions at once", scale.n_submissions):
        threads = [threading.Thread(target=submit) for _ in range(_N_THREADS)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(accepted) + len(refused) == scale.n_submissions
        assert _MOST <= len(accepted) < scale.n_submissions
        assert all(f"{_MOST} runs wait already" in str(error) for error in refused)
        assert len(stage.steerer.runs) == n_before + 1 + len(accepted)
        stage.order("")
        for run in (first, *accepted):
            assert texts(run.result(timeout=PATIENCE_S)) == stage.undisturbed.short
        assert stage.steerer.backlog.n_runs == 0
        stage.check()


@only_in_full
def test_a_full_queue_survives_the_death_of_its_worker(stage: Stage, tally: Tally) -> None:
    stage.order("slow 0.5")
    runs = [stage.short() for _ in range(20)]
    wait_until(lambda: runs[0].state == "running", "it does not start")
    with tally.injected("kill -9 of the worker, 19 runs waiting"):
        kill(stage.pid)
        wait_until(lambda: runs[0].done, "the death is not told")
        stage.order("")
        for run in runs[1:]:
            assert texts(run.result(timeout=PATIENCE_S)) == stage.undisturbed.short
        assert runs[0].state == "failed"
        stage.check()


def test_short_runs_overtake_a_sweep_that_loses_no_token(stage: Stage, tally: Tally, scale: Scale) -> None:
    for _ in range(scale.n_rounds):
        stage.order("slow 0.005")
        sweep = stage.long()
        stage.reach(sweep, "decode")
        for _ in range(4):
            with tally.injected("a short run overtakes a sweep"):
                assert texts(stage.short().result(timeout=PATIENCE_S)) == stage.undisturbed.short
                assert not sweep.done, "it did not wait for the sweep"
        stage.order("")
        assert texts(sweep.result(timeout=PATIENCE_S)) == stage.undisturbed.long
    stage.check()


def test_a_frame_that_cannot_be_read_does_not_disturb_the_run_that_is_on(
    stage: Stage, tally: Tally, scale: Scale
) -> None:
    for _ in range(scale.n_rounds):
        stage.order("slow 0.005")
        run = stage.long()
        stage.reach(run, "decode")
        with tally.injected("fault while a run is on"):
            worker = stage.backend._worker
            assert worker is not None
            worker.send(b"\xc1 no message of ours")
            wait_until(lambda: stage.steerer.status.error is not None, "it is not told")
            stage.order("")
            assert texts(run.result(timeout=PATIENCE_S)) == stage.undisturbed.long
    stage.check()
