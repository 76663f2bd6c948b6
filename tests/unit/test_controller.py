from __future__ import annotations

import gc
import threading
import time
import weakref
from collections.abc import Callable

import pytest

from steer_widget.backends.base import WorkerExit
from steer_widget.controller import Controller
from steer_widget.errors import InvalidInput, SteererClosed, WorkerDied
from steer_widget.job import Job
from steer_widget.protocol import (
    CancelRun,
    CellDone,
    CheckGrid,
    Command,
    ErrorInfo,
    Fault,
    GridChecked,
    Load,
    Loading,
    RunDone,
    RunStarted,
    StartRun,
    Tokens,
)
from tests.unit.grids import grid
from tests.unit.scripted import KILLED, LOAD_FAILED, READY, ScriptedBackend

PATIENCE_S = 10.0


def wait_until(true: Callable[[], bool]) -> None:
    deadline_s = time.monotonic() + PATIENCE_S
    while not true():
        assert time.monotonic() < deadline_s, "it never came true"
        time.sleep(0.005)


# ---- the worker's life


def test_loading_starts_at_once_and_tells_how_far_it_is(
    controller: Controller, backend: ScriptedBackend
) -> None:
    controller.start()
    assert backend.commands == [Load("model", "sae")]
    assert controller.status.worker == "loading"
    backend.say(Loading("model", 0.5, "reading weights"))
    assert controller.status.loading == Loading("model", 0.5, "reading weights")
    backend.say(READY)
    status = controller.status
    assert (status.worker, status.pid, status.methods, status.model, status.sae) == (
        "ready", READY.pid, READY.methods, READY.model, READY.sae,
    )  # fmt: skip


def test_starting_again_while_there_is_a_worker_does_nothing(
    ready: Controller, backend: ScriptedBackend
) -> None:
    ready.start()
    assert backend.n_loads == 1


def test_a_run_waits_for_loading(controller: Controller, backend: ScriptedBackend) -> None:
    job = controller.submit(grid(), {})
    assert job.state == "loading"
    assert not backend.sent(StartRun)
    backend.say(READY)
    assert backend.last_run().run == job.id
    backend.finish()
    assert job.state == "done"


def test_a_worker_that_cannot_be_started_fails_the_run(
    controller: Controller, backend: ScriptedBackend
) -> None:
    backend.is_broken = True
    job = controller.submit(grid(), {})
    assert job.state == "failed"
    assert job.error is not None
    assert "no such program" in job.error.message
    backend.is_broken = False
    again = controller.submit(grid(), {})
    backend.say(READY)
    backend.finish()
    assert again.state == "done"


def test_a_failed_load_fails_all_that_wait_and_the_next_run_loads_again(
    controller: Controller, backend: ScriptedBackend
) -> None:
    waiting = [controller.submit(grid(), {}) for _ in range(2)]
    backend.say(LOAD_FAILED)
    assert [job.state for job in waiting] == ["failed", "failed"]
    assert all(job.error == LOAD_FAILED.error for job in waiting)
    assert controller.status.worker == "failed"
    again = controller.submit(grid(), {})
    assert backend.calls == ["start"], "the worker lives on and only loads again"
    assert backend.n_loads == 2
    backend.say(READY)
    backend.finish()
    assert again.state == "done"


def test_death_while_loading_fails_the_queue_without_a_loop_of_crashes(
    controller: Controller, backend: ScriptedBackend
) -> None:
    waiting = [controller.submit(grid(), {}) for _ in range(3)]
    backend.die()
    assert [job.state for job in waiting] == ["failed"] * 3
    assert backend.calls == ["start"]
    assert controller.status.worker == "failed"
    controller.submit(grid(), {})
    assert backend.calls == ["start", "start"]


def test_death_of_an_idle_worker_is_told_and_the_next_run_starts_one(
    ready: Controller, backend: ScriptedBackend
) -> None:
    backend.die()
    status = ready.status
    assert (status.worker, status.pid) == ("stopped", None)
    assert status.error is not None
    assert status.error.kind == "WorkerDied"
    job = ready.submit(grid(), {})
    assert job.state == "loading"
    backend.say(READY)
    backend.finish()
    assert job.state == "done"
    assert ready.status.error is None


def test_death_in_a_run_keeps_what_is_finished_and_tells_all(
    ready: Controller, backend: ScriptedBackend
) -> None:
    job, behind = ready.submit(grid(3), {}), ready.submit(grid(), {})
    backend.started()
    backend.grow("one", " two")
    backend.end_cell(0)
    backend.die()
    assert job.state == "failed"
    assert [cell.state for cell in job.cells] == ["done", "failed", "failed"]
    assert job.cells[1].text == "one two", "what came before the death stays"
    error = job.cells[1].error
    assert error is not None
    assert error == job.error
    assert isinstance(error.rebuild(), WorkerDied)
    assert "SIGKILL" in error.message
    assert KILLED.likely_cause in error.message
    assert KILLED.log_tail in error.details
    assert behind.state == "loading", "the next run has a new worker by itself"
    backend.say(READY)
    backend.finish()
    assert behind.state == "done"


@pytest.mark.parametrize("stage", ["sent", "started", "growing", "stopping"])
def test_death_in_every_state_ends_the_run_and_the_next_one_works(
    ready: Controller, backend: ScriptedBackend, stage: str
) -> None:
    job = ready.submit(grid(), {})
    if stage != "sent":
        backend.started()
    if stage in ("growing", "stopping"):
        backend.grow("one")
    if stage == "stopping":
        ready.cancel(job)
    backend.die(WorkerExit(code=1, log_tail="boom"))
    assert job.state == ("stopped" if stage == "stopping" else "failed")
    assert all(cell.ended for cell in job.cells)
    assert job.error is not None
    assert "exit code 1" in job.error.message
    again = ready.submit(grid(), {})
    backend.say(READY)
    backend.finish()
    assert again.state == "done"


def test_a_late_word_of_an_old_worker_changes_nothing(ready: Controller, backend: ScriptedBackend) -> None:
    job = ready.submit(grid(), {})
    old_event, old_exit = backend.callbacks()
    backend.die()
    again = ready.submit(grid(), {})
    old_event(RunDone(again.id, "done", 1.0, 0))
    old_event(READY)
    old_exit(KILLED)
    assert job.state == "failed"
    assert again.state == "loading"
    assert ready.status.worker == "loading"


# ---- runs


def test_runs_are_done_in_the_order_they_came(ready: Controller, backend: ScriptedBackend) -> None:
    jobs = [ready.submit(grid(), {}) for _ in range(3)]
    done = []
    for _ in jobs:
        assert len(backend.sent(StartRun)) == len(done) + 1, "one at a time"
        done.append(backend.last_run().run)
        backend.finish()
    assert done == [job.id for job in jobs]
    assert ready.jobs == tuple(jobs)
    assert ready.status.worker == "ready"


def test_two_submissions_are_two_runs(ready: Controller) -> None:
    one, two = grid(), grid()
    assert ready.submit(one, {}).id != ready.submit(two, {}).id


def test_texts_grow_and_ends_replace_them(ready: Controller, backend: ScriptedBackend) -> None:
    job = ready.submit(grid(2), {"3": 12.5})
    assert backend.last_run().max_act == {"3": 12.5}
    backend.started()
    assert job.state == "running"
    assert [cell.state for cell in job.cells] == ["queued", "queued"]
    backend.grow("a", "b", cells=(1,))
    assert [cell.state for cell in job.cells] == ["queued", "running"]
    assert (job.cells[1].text, job.cells[1].token_ids) == ("ab", [1, 1])
    backend.end_cell(1, "ab!")
    backend.grow("late", cells=(1,))
    assert job.cells[1].text == "ab!", "nothing comes after the end"


def test_identity_is_that_of_the_worker_that_ran_it(ready: Controller, backend: ScriptedBackend) -> None:
    job = ready.submit(grid(), {})
    assert job.model is None
    backend.finish()
    assert (job.model, job.sae, job.versions) == (READY.model, READY.sae, READY.versions)


def test_events_of_another_run_or_cell_change_nothing(ready: Controller, backend: ScriptedBackend) -> None:
    job = ready.submit(grid(2), {})
    backend.started()
    backend.say(RunDone("another", "failed", 0.0, 0), Tokens("another", ()))
    backend.end_cell(7)
    assert job.state == "running"
    backend.say(CellDone(job.id, 0, "running", "x", (), "length"))
    assert job.cells[0].state == "queued"


def test_a_refused_grid_fails_whole_with_its_error(ready: Controller, backend: ScriptedBackend) -> None:
    job = ready.submit(grid(), {})
    error = ErrorInfo("PromptTooLong", "prompt: too long.", field="prompt")
    backend.end("failed", error)
    assert job.state == "failed"
    assert all(cell.state == "failed" and cell.error == error for cell in job.cells)


def test_an_end_that_has_no_place_is_a_failure_not_a_success(
    ready: Controller, backend: ScriptedBackend
) -> None:
    job = ready.submit(grid(), {})
    backend.end("done")
    assert job.state == "failed"
    assert job.error is not None
    assert job.error.kind == "ProtocolError"


def test_a_cell_the_worker_forgot_is_not_done(ready: Controller, backend: ScriptedBackend) -> None:
    job = ready.submit(grid(2), {})
    backend.started()
    backend.end_cell(0)
    backend.end("done")
    assert [cell.state for cell in job.cells] == ["done", "failed"]
    assert job.cells[1].error is not None


def test_a_fault_ends_a_run_that_would_wait_for_ever(ready: Controller, backend: ScriptedBackend) -> None:
    job = ready.submit(grid(), {})
    backend.say(Fault(ErrorInfo("ProtocolError", "A frame could not be read.")))
    assert job.state == "failed"
    assert ready.status.worker == "ready"
    running = ready.submit(grid(), {})
    backend.started()
    backend.say(Fault(ErrorInfo("ProtocolError", "A frame could not be read.")))
    assert running.state == "running", "a run that goes on is not ended by a stray fault"
    assert ready.status.error is not None


# ---- stop


def test_stop_in_the_queue(ready: Controller, backend: ScriptedBackend) -> None:
    first, second, third = (ready.submit(grid(), {}) for _ in range(3))
    ready.cancel(second)
    assert second.state == "stopped"
    assert not backend.sent(CancelRun)
    backend.finish()
    assert first.state == "done"
    assert backend.last_run().run == third.id


def test_stop_while_loading(controller: Controller, backend: ScriptedBackend) -> None:
    job = controller.submit(grid(), {})
    controller.cancel(job)
    assert job.state == "stopped"
    backend.say(READY)
    assert not backend.sent(StartRun)
    assert controller.status.worker == "ready", "loading went on"


@pytest.mark.parametrize("has_started", [False, True])
def test_stop_at_the_worker(ready: Controller, backend: ScriptedBackend, has_started: bool) -> None:
    job, behind = ready.submit(grid(2), {}), ready.submit(grid(), {})
    if has_started:
        backend.started()
        backend.grow("one")
    ready.cancel(job)
    ready.cancel(job)
    assert job.state == "stopping"
    assert backend.sent(CancelRun) == [CancelRun(job.id)]
    backend.started()
    assert job.state == "stopping", "a late start does not undo the stop"
    for cell in range(2):
        backend.say(CellDone(job.id, cell, "stopped", "one", (3,), "stopped"))
    backend.end("stopped")
    assert job.state == "stopped"
    assert [cell.text for cell in job.cells] == ["one", "one"]
    assert backend.last_run().run == behind.id
    time.sleep(0.3)
    assert "terminate" not in backend.calls, "an obeyed stop ends no worker"


def test_a_run_that_ends_before_the_stop_arrives_is_done(ready: Controller, backend: ScriptedBackend) -> None:
    job = ready.submit(grid(1), {})
    backend.started()
    ready.cancel(job)
    backend.end_cell(0)
    backend.end("done")
    assert job.state == "done"
    ready.cancel(job)
    assert job.state == "done"


def test_a_worker_that_ignores_a_stop_is_ended_by_and_by(ready: Controller, backend: ScriptedBackend) -> None:
    job = ready.submit(grid(), {})
    backend.started()
    backend.grow("one")
    ready.cancel(job)
    wait_until(lambda: "kill" in backend.calls)
    assert backend.calls == ["start", "terminate", "kill"]
    assert job.state == "stopping"
    backend.die(WorkerExit(signal="SIGKILL", expected=True))
    assert job.state == "stopped"
    assert job.error is not None
    assert "did not react to a stop" in job.error.message
    assert job.cells[0].text == "one"
    again = ready.submit(grid(), {})
    backend.say(READY)
    backend.finish()
    assert again.state == "done"


# ---- retry


def test_retry_does_the_failed_and_stopped_cells_only(ready: Controller, backend: ScriptedBackend) -> None:
    job = ready.submit(grid(3), {})
    backend.started()
    backend.end_cell(0, "kept")
    backend.end_cell(1, "half", ErrorInfo("OutOfMemory", "too big"))
    backend.say(CellDone(job.id, 2, "stopped", "half", (3,), "stopped"))
    backend.end("stopped", seconds=2.0)
    ready.retry(job)
    assert job.state == "queued"
    assert backend.last_run() == StartRun(job.id, job.grid, (1, 2), {})
    assert [cell.text for cell in job.cells] == ["kept", "", ""]
    backend.finish()
    assert job.state == "done"
    assert [cell.text for cell in job.cells] == ["kept", "one two", "one two"]
    assert job.error is None
    assert job.seconds == 4.0


def test_retry_of_a_run_that_is_on_or_has_nothing_to_repeat_is_refused(
    ready: Controller, backend: ScriptedBackend
) -> None:
    job = ready.submit(grid(), {})
    with pytest.raises(InvalidInput, match="a run that has ended"):
        ready.retry(job)
    backend.finish()
    with pytest.raises(InvalidInput, match="failed or was stopped"):
        ready.retry(job)
    assert job.state == "done"


def test_retry_after_death_starts_a_worker(ready: Controller, backend: ScriptedBackend) -> None:
    job = ready.submit(grid(), {})
    backend.die()
    ready.retry(job)
    assert job.state == "loading"
    backend.say(READY)
    backend.finish()
    assert job.state == "done"


# ---- questions


def test_a_grid_is_checked_while_a_run_is_on(ready: Controller, backend: ScriptedBackend) -> None:
    ready.submit(grid(), {})
    refused = ErrorInfo("PromptTooLong", "too long")

    def answer(command: Command) -> None:
        if isinstance(command, CheckGrid):
            threading.Thread(target=backend.say, args=(GridChecked(command.request, refused),)).start()

    backend.on_send = answer
    found = ready.check(grid(), {}, timeout_s=PATIENCE_S)
    assert found is not None
    assert found.error == refused


def test_an_answer_on_the_very_thread_that_asks_is_heard(ready: Controller, backend: ScriptedBackend) -> None:
    def answer(command: Command) -> None:
        if isinstance(command, CheckGrid):
            backend.say(GridChecked(command.request, None, (3,)))

    backend.on_send = answer
    assert ready.check(grid(), {}, timeout_s=PATIENCE_S) == GridChecked(1, None, (3,))


def test_no_answer_is_none_and_no_wait_without_a_worker(
    controller: Controller, backend: ScriptedBackend
) -> None:
    assert controller.check(grid(), {}, timeout_s=PATIENCE_S) is None
    controller.start()
    assert controller.check(grid(), {}, timeout_s=PATIENCE_S) is None
    backend.say(READY)
    assert controller.check(grid(), {}, timeout_s=0.05) is None
    backend.say(GridChecked(1))
    backend.say(GridChecked(99))


def test_death_ends_the_wait_for_an_answer(ready: Controller, backend: ScriptedBackend) -> None:
    backend.on_send = lambda _command: threading.Thread(target=backend.die).start()
    started_s = time.monotonic()
    assert ready.check(grid(), {}, timeout_s=60.0) is None
    assert time.monotonic() - started_s < PATIENCE_S


# ---- listeners


def test_listeners_hear_of_runs_and_status_outside_the_lock(
    ready: Controller, backend: ScriptedBackend
) -> None:
    heard: list[str] = []

    def listener(job: Job | None) -> None:
        heard.append(job.state if job else ready.status.worker)  # would hang if the lock were held

    unsubscribe = ready.subscribe(listener)
    ready.submit(grid(), {})
    backend.finish()
    assert heard[-1] in ("done", "ready")
    assert {"busy", "done"} <= set(heard)
    unsubscribe()
    n_heard = len(heard)
    ready.submit(grid(), {})
    assert len(heard) == n_heard


def test_a_listener_that_fails_stops_nobody(
    ready: Controller, backend: ScriptedBackend, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(_job: Job | None) -> None:
        raise RuntimeError("broken listener")

    ready.subscribe(broken)
    job = ready.submit(grid(), {})
    backend.finish()
    assert job.state == "done"
    assert "broken listener" in caplog.text


def test_events_from_many_threads_lose_nothing(ready: Controller, backend: ScriptedBackend) -> None:
    job = ready.submit(grid(8, max_new_tokens=50), {})
    backend.started()
    threads = [
        threading.Thread(target=lambda cell=cell: backend.grow(*"x" * 50, cells=(cell,))) for cell in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [cell.text for cell in job.cells] == ["x" * 50] * 8


# ---- the end


def test_close_ends_the_runs_and_the_worker_once(controller: Controller, backend: ScriptedBackend) -> None:
    jobs = [controller.submit(grid(), {}) for _ in range(2)]
    backend.say(READY)
    backend.started()
    backend.grow("one")
    controller.close()
    controller.close()
    assert [job.state for job in jobs] == ["stopped", "stopped"]
    assert jobs[0].cells[0].text == "one"
    assert backend.calls == ["start", "close"]
    for use in (lambda: controller.submit(grid(), {}), controller.start, lambda: controller.retry(jobs[0])):
        with pytest.raises(SteererClosed):
            use()


def test_a_dropped_controller_ends_its_worker() -> None:
    backend = ScriptedBackend()
    controller = Controller(backend, Load("m", "s"))
    controller.start()
    backend.say(READY)
    on_event, on_exit = backend.callbacks()
    gone = weakref.ref(controller)
    del controller
    gc.collect()
    assert gone() is None
    assert backend.calls == ["start", "close"]
    on_event(READY)
    on_exit(KILLED)


def test_what_follows_is_what_happened(ready: Controller, backend: ScriptedBackend) -> None:
    job = ready.submit(grid(2), {})
    early = ready.follow(job)
    backend.started()
    backend.grow("a", "b")
    middle = ready.follow(job)
    backend.grow("c")
    backend.end_cell(0, "abc")
    backend.end_cell(1, "abc")
    backend.end()
    late = ready.follow(job)
    for queue in (early, middle, late):
        events = [queue.get_nowait() for _ in range(queue.qsize())]
        texts = ["", ""]
        for event in events:
            if isinstance(event, Tokens):
                for delta in event.deltas:
                    texts[delta.cell] += delta.text
        assert texts == ["abc", "abc"]
        assert isinstance(events[0], RunStarted)
        assert isinstance(events[-1], RunDone)
        assert sorted(event.cell for event in events if isinstance(event, CellDone)) == [0, 1]
