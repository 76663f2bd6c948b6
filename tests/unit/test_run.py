from __future__ import annotations

import _thread
import asyncio
import threading
import time
from collections.abc import Callable

import pytest

from steer_widget.controller import Controller
from steer_widget.errors import PromptTooLong, WorkerDied, WorkerTimeout
from steer_widget.protocol import (
    CancelRun,
    CellDone,
    CellMeasured,
    Command,
    ErrorInfo,
    RunDone,
    RunStarted,
    Tokens,
)
from steer_widget.run import Run
from tests.unit.grids import grid
from tests.unit.scripted import MEASURED, READY, TOKENS_MEASURED, ScriptedBackend


@pytest.fixture
def run(ready: Controller) -> Run:
    return Run(ready, ready.submit(grid(3), {}))


def soon(action: Callable[[], object], after_s: float = 0.1) -> threading.Thread:
    """Does it on another thread, as the worker's reader would."""

    def work() -> None:
        time.sleep(after_s)
        action()

    thread = threading.Thread(target=work)
    thread.start()
    return thread


def obey_stops(backend: ScriptedBackend) -> None:
    """A worker that stops when it is told to."""

    def answer(command: Command) -> None:
        if isinstance(command, CancelRun):
            soon(lambda: backend.end("stopped"), after_s=0.0)

    backend.on_send = answer


def test_result_waits_for_the_end(run: Run, backend: ScriptedBackend) -> None:
    soon(backend.finish)
    result = run.result()
    assert (result.state, run.state, run.done) == ("done", "done", True)
    assert [cell.text for cell in result.cells] == ["one two"] * 3
    assert [cell.token_ids for cell in result.cells] == [(3, 4)] * 3
    assert (result.n_tokens, result.seconds, result.tokens_per_s) == (6, 2.0, 3.0)
    assert (result.model, result.saes, result.versions) == (READY.model, READY.saes, READY.versions)
    assert result.error is None


def test_cells_stand_in_the_order_prompt_steering_sample(ready: Controller) -> None:
    run = Run(ready, ready.submit(grid(n_columns=2, n_prompts=2, samples=2), {}))
    seen = [(cell.prompt, cell.steering.is_baseline, cell.sample) for cell in run.cells]
    assert seen == [
        (prompt, baseline, sample)
        for prompt in ("prompt 0", "prompt 1")
        for baseline in (True, False)
        for sample in (0, 1)
    ]
    assert [cell.index for cell in run.cells] == list(range(8))
    assert run.cells[2].steering.edits[0].feature.index == 1


def test_a_timeout_says_that_it_goes_on(run: Run, backend: ScriptedBackend) -> None:
    backend.started()
    with pytest.raises(WorkerTimeout, match="goes on") as caught:
        run.result(timeout=0.15)
    assert isinstance(caught.value, TimeoutError)
    assert run.state == "running"
    backend.finish()
    assert run.result(timeout=0).state == "done"


def test_a_failed_run_raises_its_own_error_in_full(run: Run, backend: ScriptedBackend) -> None:
    backend.started()
    backend.end_cell(0)
    backend.die()
    with pytest.raises(WorkerDied, match="SIGKILL") as caught:
        run.result()
    assert "the last line" in caught.value.details
    assert [cell.state for cell in run.cells] == ["done", "failed", "failed"]
    assert isinstance(run.cells[1].error, WorkerDied)
    assert isinstance(run.partial().error, WorkerDied)


def test_a_refused_run_raises_the_refusal(run: Run, backend: ScriptedBackend) -> None:
    backend.end(
        "failed", ErrorInfo("PromptTooLong", "prompt: got 9 tokens; allowed: 8.", field="prompt", allowed="8")
    )
    with pytest.raises(PromptTooLong) as caught:
        run.result()
    assert (caught.value.field, caught.value.allowed) == ("prompt", "8")


def test_failed_cells_do_not_raise(run: Run, backend: ScriptedBackend) -> None:
    backend.started()
    backend.end_cell(0)
    backend.end_cell(1, "", ErrorInfo("OutOfMemory", "too big"))
    backend.end_cell(2)
    backend.end("done")
    result = run.result()
    assert [cell.state for cell in result.cells] == ["done", "failed", "done"]
    assert str(result.cells[1].error) == "too big"


def test_ctrl_c_stops_the_run_and_gives_what_there_is(run: Run, backend: ScriptedBackend) -> None:
    obey_stops(backend)
    backend.started()
    backend.grow("one")
    soon(_thread.interrupt_main, after_s=0.25)
    result = run.result()
    assert result.state == "stopped"
    assert [cell.text for cell in result.cells] == ["one"] * 3
    assert backend.sent(CancelRun) == [CancelRun(run.id)]


def test_ctrl_c_does_not_wait_for_ever(
    run: Run, ready: Controller, backend: ScriptedBackend, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("steer_widget.run._INTERRUPT_MARGIN_S", 0.1)
    backend.started()
    backend.grow("one")
    soon(_thread.interrupt_main, after_s=0.25)
    result = run.result()
    assert result.state == "stopping", "the worker hangs, and still the prompt is back"
    assert result.cells[0].text == "one"
    backend.die()
    assert run.state == "stopped"


def test_await_gives_the_result(run: Run, backend: ScriptedBackend) -> None:
    async def cell() -> str:
        soon(backend.finish)
        return (await run).state

    assert asyncio.run(cell()) == "done"


def test_await_raises_what_result_raises(run: Run, backend: ScriptedBackend) -> None:
    async def cell() -> None:
        soon(backend.die)
        await run

    with pytest.raises(WorkerDied):
        asyncio.run(cell())


def test_the_loop_is_free_while_it_waits(run: Run, backend: ScriptedBackend) -> None:
    async def cell() -> int:
        ticks = 0

        async def tick() -> None:
            nonlocal ticks
            while True:
                ticks += 1
                await asyncio.sleep(0.01)

        other = asyncio.create_task(tick())
        soon(backend.finish, after_s=0.3)
        await run
        other.cancel()
        return ticks

    assert asyncio.run(cell()) > 5


def test_an_interrupted_async_cell_stops_the_run(run: Run, backend: ScriptedBackend) -> None:
    obey_stops(backend)
    backend.started()

    async def cell() -> None:
        waiting = asyncio.ensure_future(run.wait_async())
        await asyncio.sleep(0.1)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting

    asyncio.run(cell())
    assert run.result().state == "stopped"


def test_iterating_gives_the_events_to_the_end(run: Run, backend: ScriptedBackend) -> None:
    soon(backend.finish)
    events = list(run)
    assert isinstance(events[0], RunStarted)
    assert isinstance(events[-1], RunDone)
    assert sum(isinstance(event, Tokens) for event in events) == 2
    assert sum(isinstance(event, CellDone) for event in events) == 3
    assert [type(event) for event in run] == [RunStarted, Tokens, CellDone, CellDone, CellDone, RunDone]


def test_several_iterators_see_the_same(run: Run, backend: ScriptedBackend) -> None:
    seen: list[list[object]] = [[], []]
    threads = [threading.Thread(target=lambda box=box: box.extend(run)) for box in seen]
    for thread in threads:
        thread.start()
    time.sleep(0.1)
    backend.finish()
    for thread in threads:
        thread.join(10)
    assert seen[0] == seen[1]
    assert isinstance(seen[0][-1], RunDone)


def test_async_iteration(run: Run, backend: ScriptedBackend) -> None:
    async def cell() -> list[type]:
        soon(backend.finish)
        return [type(event) async for event in run]

    assert asyncio.run(cell()) == [RunStarted, Tokens, Tokens, CellDone, CellDone, CellDone, RunDone]


def test_a_stopped_run_ends_its_iterators(run: Run, controller: Controller) -> None:
    soon(controller.close)
    events = list(run)
    assert isinstance(events[-1], RunDone)
    assert events[-1].state == "stopped"


def test_a_loop_that_is_left_is_forgotten(run: Run, backend: ScriptedBackend) -> None:
    backend.started()
    iterator = iter(run)
    assert isinstance(next(iterator), RunStarted)
    assert len(run._job._followers) == 1
    iterator.close()  # type: ignore[attr-defined]
    assert run._job._followers == []


def test_progress_counts_cells_that_end_early_in_full(run: Run, backend: ScriptedBackend) -> None:
    assert (run.progress, run.eta_s, run.tokens_per_s) == (0.0, None, None)
    backend.started()
    backend.grow("a", "b")
    assert run.progress == pytest.approx(6 / 12)
    backend.end_cell(0, "ab")
    assert run.progress == pytest.approx(8 / 12)
    backend.finish()
    assert (run.progress, run.eta_s) == (1.0, 0.0)


def test_a_run_is_whole_with_its_end_not_with_its_last_text(run: Run, backend: ScriptedBackend) -> None:
    backend.started()
    backend.grow("a")
    time.sleep(0.3)
    backend.grow("b")
    for cell in range(3):
        backend.end_cell(cell)
    assert run.tokens_per_s is not None
    for _ in range(2):
        assert 0.9 < run.progress < 1
        assert run.eta_s is None, "nobody knows how long measuring takes"
        backend.measure_cell(0)
    backend.end()
    assert (run.progress, run.eta_s) == (1.0, 0.0)


def test_measures_are_in_the_cells_and_in_the_events(run: Run, backend: ScriptedBackend) -> None:
    backend.started()
    for cell in range(3):
        backend.end_cell(cell)
        backend.measure_cell(cell)
    backend.end()
    result = run.result()
    assert [cell.measures for cell in result.cells] == [MEASURED] * 3
    assert [cell.token_measures for cell in result.cells] == [TOKENS_MEASURED] * 3
    assert [type(event) for event in run] == [RunStarted, Tokens, *[CellDone, CellMeasured] * 3, RunDone]


def test_a_stopped_run_got_as_far_as_it_got(run: Run, backend: ScriptedBackend) -> None:
    backend.started()
    backend.grow("a", "b")
    run.cancel()
    backend.end("stopped")
    assert run.progress == pytest.approx(0.5)
    assert run.eta_s == 0.0


def test_speed_and_time_left_come_from_measured_tokens(run: Run, backend: ScriptedBackend) -> None:
    backend.started()
    backend.grow("a")
    time.sleep(0.3)
    backend.grow("b")
    speed, eta_s = run.tokens_per_s, run.eta_s
    assert speed is not None
    assert eta_s is not None
    assert 3 / 0.9 < speed <= 3 / 0.3
    assert eta_s == pytest.approx(6 / speed)


def test_retry_is_the_same_run(run: Run, backend: ScriptedBackend) -> None:
    backend.started()
    backend.end_cell(0, "kept")
    backend.die()
    assert run.retry() is run
    assert run.state == "loading"
    backend.say(READY)
    backend.finish()
    assert [cell.text for cell in run.result().cells] == ["kept", "one two", "one two"]


def test_reprs_are_short_and_without_addresses(run: Run) -> None:
    assert repr(run) == f"<Run {run.id}: queued, 0% of 1 × 3 × 1 cells>"
    assert repr(run.cells[1]) == "<Cell 1: 1 label 1 +4, queued, ''>"
