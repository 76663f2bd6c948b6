from __future__ import annotations

import gc
import threading
import time
import weakref
from collections.abc import Callable

import msgspec
import pytest

from steer_widget.backends.base import WorkerExit
from steer_widget.controller import Controller
from steer_widget.errors import Diverged, InvalidInput, SteererClosed, WorkerDied
from steer_widget.job import Job
from steer_widget.protocol import (
    Activations,
    Answer,
    CancelRun,
    CellDone,
    CellMeasured,
    CheckGrid,
    Command,
    ErrorInfo,
    Fault,
    Load,
    Loading,
    Measures,
    Question,
    ReadMeans,
    RunDone,
    RunStarted,
    SaeSource,
    StartRun,
    TokenCounts,
    TokenMeasures,
    Tokens,
)
from steer_widget.spec import Limits
from tests.unit.grids import grid
from tests.unit.scripted import (
    KILLED,
    LOAD_FAILED,
    MEASURED,
    READY,
    TOKENS_MEASURED,
    ScriptedBackend,
)

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
    assert backend.commands == [Load("model", (SaeSource("sae"),))]
    assert controller.status.worker == "loading"
    backend.say(Loading("model", 0.5, "reading weights"))
    assert controller.status.loading == Loading("model", 0.5, "reading weights")
    backend.say(READY)
    status = controller.status
    assert (status.worker, status.pid, status.methods, status.measures, status.model, status.saes) == (
        "ready", READY.pid, READY.methods, READY.measures, READY.model, READY.saes,
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
    job = ready.submit(grid(2), {"/3": 12.5})
    assert backend.last_run().max_act == {"/3": 12.5}
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
    assert (job.model, job.saes, job.versions) == (READY.model, READY.saes, READY.versions)


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


FAULT = Fault(ErrorInfo("ProtocolError", "A frame could not be read."))


def test_a_fault_ends_a_run_that_would_wait_for_ever(ready: Controller, backend: ScriptedBackend) -> None:
    job, behind = ready.submit(grid(), {}), ready.submit(grid(), {})
    backend.say(FAULT)
    assert job.state == "failed"
    assert job.error == FAULT.error
    assert backend.last_run().run == behind.id
    backend.finish()
    assert behind.state == "done"


@pytest.mark.parametrize("stage", ["started", "growing", "measuring", "stopping"])
def test_a_fault_does_not_end_a_run_that_goes_on(
    ready: Controller, backend: ScriptedBackend, stage: str
) -> None:
    job = ready.submit(grid(1), {})
    backend.started()
    if stage in ("growing", "stopping"):
        backend.grow("one")
    if stage == "measuring":
        backend.end_cell(0)
    if stage == "stopping":
        ready.cancel(job)
    before = job.state
    backend.say(FAULT)
    assert job.state == before
    assert job.error is None
    assert (ready.status.worker, ready.status.error) == ("busy", FAULT.error)
    if stage != "measuring":
        backend.end_cell(0)
    backend.measure_cell(0)
    backend.end()
    assert job.state == "done"
    assert job.cell(0).measures == MEASURED


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


def test_a_stop_is_insisted_on_also_after_the_soft_limit(ready: Controller, backend: ScriptedBackend) -> None:
    job = ready.submit(grid(), {}, Limits(soft_s=0.05, hard_s=1000))
    backend.started()
    wait_until(lambda: job.state == "stopping")
    assert "terminate" not in backend.calls, "the soft limit asks, no more"
    ready.cancel(job)
    wait_until(lambda: "kill" in backend.calls)
    assert backend.calls == ["start", "terminate", "kill"]
    backend.die(WorkerExit(signal="SIGKILL", expected=True))
    assert job.state == "stopped"


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


# ---- measures


def test_measures_replace_what_the_end_brought_and_keep_the_tokens(
    ready: Controller, backend: ScriptedBackend
) -> None:
    job = ready.submit(grid(2), {})
    backend.started()
    backend.end_cell(0, "text")
    backend.say(CellDone(job.id, 1, "stopped", "half", (3,), "stopped"))
    assert job.cells[0].measures == Measures(0.25)
    backend.measure_cell(0)
    backend.measure_cell(1)
    for index, (state, text) in enumerate((("done", "text"), ("stopped", "half"))):
        cell = job.cell(index)
        assert (cell.state, cell.text) == (state, text)
        assert (cell.measures, cell.token_measures) == (MEASURED, TOKENS_MEASURED)
    assert job.state == "running", "measures end nothing"
    backend.end("stopped")
    assert job.state == "stopped"


def test_measures_that_come_early_late_twice_or_from_elsewhere_change_nothing(
    ready: Controller, backend: ScriptedBackend
) -> None:
    job = ready.submit(grid(3), {})
    other = CellMeasured(job.id, 0, Measures(9.0), TokenMeasures(kl=(9.0,)))
    backend.started()
    backend.say(other)
    backend.grow("one")
    backend.say(other)
    assert job.cell(0).measures == Measures(), "it has not ended"
    backend.end_cell(0)
    backend.say(CellMeasured("another", 0, Measures(9.0)), CellMeasured(job.id, 7, Measures(9.0)))
    backend.say(CellMeasured(job.id, -1, Measures(9.0)))
    assert job.cell(0).measures == Measures(0.25)
    backend.measure_cell(0)
    backend.say(other)
    assert (job.cell(0).measures, job.cell(0).token_measures) == (MEASURED, TOKENS_MEASURED)
    backend.end_cell(1)
    backend.end_cell(2)
    backend.end()
    backend.say(CellMeasured(job.id, 1, Measures(9.0)))
    assert job.cell(1).measures == Measures(0.25), "the run has ended"


def test_death_while_measuring_ends_the_run_well_and_tells_what_is_missing(
    ready: Controller, backend: ScriptedBackend
) -> None:
    job = ready.submit(grid(3), {})
    backend.started()
    for cell in range(3):
        backend.end_cell(cell, f"text {cell}")
    backend.measure_cell(0)
    assert job.state == "running"
    backend.die()
    assert job.state == "done"
    assert [(cell.state, cell.text) for cell in job.cells] == [("done", f"text {n}") for n in range(3)]
    assert [cell.measures for cell in job.cells] == [MEASURED, Measures(0.25), Measures(0.25)]
    assert job.error is not None
    assert job.error.kind == "WorkerDied"


def test_a_retry_forgets_measures_of_the_cells_it_repeats_alone(
    ready: Controller, backend: ScriptedBackend
) -> None:
    job = ready.submit(grid(2), {})
    backend.started()
    backend.end_cell(0)
    backend.say(CellDone(job.id, 1, "stopped", "half", (3,), "stopped"))
    backend.measure_cell(0)
    backend.measure_cell(1)
    backend.end("stopped")
    ready.retry(job)
    assert [cell.measures for cell in job.cells] == [MEASURED, Measures()]
    backend.started()
    backend.end_cell(1)
    backend.measure_cell(1)
    backend.end()
    assert job.cell(1).token_measures == TOKENS_MEASURED


def test_a_diverged_cell_fails_alone_and_keeps_its_text(ready: Controller, backend: ScriptedBackend) -> None:
    job = ready.submit(grid(2), {})
    error = ErrorInfo("Diverged", "The logits were no longer finite.")
    backend.started()
    backend.grow("one")
    backend.say(CellDone(job.id, 1, "failed", "one", (3,), "diverged", Measures(flags=("diverged",)), error))
    backend.end_cell(0)
    backend.end()
    assert job.state == "done"
    cell = job.cell(1)
    assert (cell.state, cell.finish, cell.text, cell.failure) == ("failed", "diverged", "one", error)
    assert isinstance(cell.error, Diverged)
    assert cell.measures.flags == ("diverged",)


# ---- questions


MEANS = ReadMeans(0, ("one", "two"))
QUESTIONS = [CheckGrid(0, grid(), {"/3": 2.0}), MEANS]
each_question = pytest.mark.parametrize("question", QUESTIONS, ids=lambda q: type(q).__name__)


def answer_with(
    backend: ScriptedBackend,
    error: ErrorInfo | None = None,
    result: TokenCounts | Activations | None = None,
    in_thread: bool = True,
) -> None:
    def answer(command: Command) -> None:
        if not isinstance(command, Question):
            return
        said = Answer(command.request, error, result)
        if in_thread:
            threading.Thread(target=backend.say, args=(said,)).start()
        else:
            backend.say(said)

    backend.on_send = answer


@each_question
def test_a_question_is_asked_as_it_is_but_for_its_number(
    ready: Controller, backend: ScriptedBackend, question: Question
) -> None:
    answer_with(backend)
    for number in (1, 2):
        assert ready.ask(question, timeout_s=PATIENCE_S) == Answer(number)
        assert backend.commands[-1] == msgspec.structs.replace(question, request=number)


@each_question
def test_a_question_is_answered_while_a_run_is_on(
    ready: Controller, backend: ScriptedBackend, question: Question
) -> None:
    job = ready.submit(grid(), {})
    refused = ErrorInfo("PromptTooLong", "too long")
    answer_with(backend, refused)
    found = ready.ask(question, timeout_s=PATIENCE_S)
    assert found is not None
    assert found.error == refused
    backend.finish()
    assert job.state == "done"


def test_an_answer_on_the_very_thread_that_asks_is_heard(ready: Controller, backend: ScriptedBackend) -> None:
    answer_with(backend, result=TokenCounts((3,)), in_thread=False)
    found = ready.ask(CheckGrid(0, grid()), timeout_s=PATIENCE_S)
    assert found == Answer(1, None, TokenCounts((3,)))


def test_answers_find_their_questions_in_any_order(ready: Controller, backend: ScriptedBackend) -> None:
    found: dict[str, Answer | None] = {}

    def ask(text: str) -> None:
        found[text] = ready.ask(ReadMeans(0, (text,)), timeout_s=PATIENCE_S)

    threads = [threading.Thread(target=ask, args=(f"text {n}",)) for n in range(8)]
    for thread in threads:
        thread.start()
    wait_until(lambda: len(backend.sent(ReadMeans)) == 8)
    for asked in reversed(backend.sent(ReadMeans)):
        backend.say(Answer(asked.request, result=Activations(asked.texts[0], ())))  # type: ignore[arg-type]
    for thread in threads:
        thread.join(PATIENCE_S)
    assert {text: answer.result.hook_name for text, answer in found.items()} == {t: t for t in found}  # type: ignore[union-attr]
    assert len(found) == 8


@each_question
def test_no_answer_is_none_and_no_wait_without_a_worker(
    controller: Controller, backend: ScriptedBackend, question: Question
) -> None:
    assert controller.ask(question, timeout_s=60.0) is None
    controller.start()
    assert controller.ask(question, timeout_s=60.0) is None
    backend.say(READY)
    assert controller.ask(question, timeout_s=0.05) is None
    backend.say(Answer(1), Answer(99))
    answer_with(backend)
    found = controller.ask(question, timeout_s=float("inf"))
    assert found == Answer(2), "a late answer is not the next one's"
    assert controller._questions._open == {}, "nothing is kept for nobody"


@each_question
def test_death_answers_what_is_open_with_its_error(
    ready: Controller, backend: ScriptedBackend, question: Question
) -> None:
    backend.on_send = lambda _command: threading.Thread(target=backend.die).start()
    started_s = time.monotonic()
    found = ready.ask(question, timeout_s=60.0)
    assert time.monotonic() - started_s < PATIENCE_S
    assert found is not None
    assert found.error is not None
    error = found.error.rebuild()
    assert isinstance(error, WorkerDied)
    assert "SIGKILL" in error.message
    assert KILLED.log_tail in error.details


@each_question
def test_close_answers_what_is_open(ready: Controller, backend: ScriptedBackend, question: Question) -> None:
    backend.on_send = lambda _command: threading.Thread(target=ready.close).start()
    found = ready.ask(question, timeout_s=60.0)
    assert found is not None
    assert found.error is not None
    assert isinstance(found.error.rebuild(), SteererClosed)


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
    controller = Controller(backend, Load("m", (SaeSource("s"),)))
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
    measuring = ready.follow(job)
    backend.measure_cell(0)
    backend.end_cell(1, "abc")
    backend.end()
    late = ready.follow(job)
    for queue in (early, middle, measuring, late):
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
        ends = [type(event) for event in events if getattr(event, "cell", None) == 0]
        assert ends == [CellDone, CellMeasured]
        (measured,) = (event for event in events if isinstance(event, CellMeasured))
        assert (measured.measures, measured.tokens) == (MEASURED, TOKENS_MEASURED)
