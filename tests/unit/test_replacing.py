"""A run that takes the place of the one that is on, as in live mode, and a worker that is started afresh."""

from __future__ import annotations

import threading

import pytest

import steer_widget as sw
from steer_widget.backends.base import WorkerExit
from steer_widget.protocol import CancelRun, CheckGrid, Loading, Shutdown, StartRun
from steer_widget.widget import SteerWidget
from tests.unit.grids import grid
from tests.unit.page import Page, wait_until
from tests.unit.scripted import LOAD_FAILED, READY, ScriptedBackend

F = sw.Feature(3, "three")
GONE = WorkerExit(code=0, expected=True)


def choose(widget: SteerWidget, strength: float = 4.0) -> None:
    widget.prompts, widget.selection = "I went", [F.at(strength)]
    widget.generation = sw.Generation(max_new_tokens=4)


def press(page: Page, widget: SteerWidget, strength: float, replaces: str = "") -> str:
    choose(widget, strength)
    reply = page.ask("Run", replaces=replaces)
    assert reply["error"] is None
    return reply["result"]["run"]


def states(steerer: sw.Steerer) -> list[str]:
    return [run.state for run in steerer.runs]


# ---- runs


def test_the_replaced_run_is_stopped_with_its_texts_and_the_new_one_follows(
    page: Page, widget: SteerWidget, steerer: sw.Steerer, backend: ScriptedBackend
) -> None:
    first = press(page, widget, 1)
    backend.started()
    backend.grow("one", " two")
    second = press(page, widget, 2, first)
    assert backend.sent(CancelRun) == [CancelRun(first)]
    assert widget.run is not None
    assert widget.run.id == second
    backend.end("stopped")
    assert states(steerer) == ["stopped", "queued"]
    assert [cell.text for cell in steerer.runs[0].cells] == ["one two"] * 2
    assert backend.last_run().run == second
    assert backend.last_run().grid.steerings[1].edits[0].strength == 2.0
    backend.finish()
    assert states(steerer) == ["stopped", "done"]


def test_a_third_one_works_whether_or_not_the_page_has_heard_of_the_second(
    page: Page, widget: SteerWidget, steerer: sw.Steerer, backend: ScriptedBackend
) -> None:
    first = press(page, widget, 1)
    backend.started()
    second = press(page, widget, 2, first)
    press(page, widget, 3, first)
    third = steerer.runs[2].id
    assert steerer.runs[1].state == "stopped"
    fourth = press(page, widget, 4, third)
    assert second not in [command.run for command in backend.sent(StartRun)]
    backend.end("stopped")
    assert backend.last_run().run == fourth
    backend.finish()
    assert states(steerer) == ["stopped", "stopped", "stopped", "done"]


def test_hundreds_of_replacements_leave_nothing_waiting(
    page: Page, widget: SteerWidget, steerer: sw.Steerer, backend: ScriptedBackend
) -> None:
    run = press(page, widget, 0)
    backend.started()
    for step in range(1, 300):
        run = press(page, widget, step, run)
    assert steerer.backlog.n_waiting == 1
    backend.end("stopped")
    assert backend.last_run().run == run


def test_one_that_was_stopped_already_and_has_not_ended_gives_way(
    page: Page, widget: SteerWidget, backend: ScriptedBackend
) -> None:
    first = press(page, widget, 1)
    backend.started()
    page.ask("Stop", run=first)
    press(page, widget, 2, first)
    assert backend.sent(CancelRun) == [CancelRun(first)]


@pytest.mark.parametrize("replaces", ["ended", "nobody"])
def test_one_that_has_gone_needs_no_replacing(
    page: Page, widget: SteerWidget, backend: ScriptedBackend, replaces: str
) -> None:
    first = press(page, widget, 1)
    backend.finish()
    press(page, widget, 2, first if replaces == "ended" else "nobody")
    assert len(backend.sent(StartRun)) == 2
    assert not backend.sent(CancelRun)


@pytest.mark.parametrize("replaces", ["ended", "nobody"])
def test_a_run_that_was_not_meant_goes_on(
    page: Page, widget: SteerWidget, steerer: sw.Steerer, backend: ScriptedBackend, replaces: str
) -> None:
    first = press(page, widget, 1)
    backend.finish()
    steerer.compare("of code", F.at(1))
    error = page.ask("Run", replaces=first if replaces == "ended" else "nobody")["error"]
    assert error["field"] == "run"
    assert not backend.sent(CancelRun)


def test_a_run_that_replaced_none_does_not_give_way_to_what_is_to_replace_an_earlier_one(
    page: Page, widget: SteerWidget, backend: ScriptedBackend
) -> None:
    first = press(page, widget, 1)
    backend.finish()
    press(page, widget, 2)
    assert page.ask("Run", replaces=first)["error"]["field"] == "run"
    assert not backend.sent(CancelRun)


def test_what_is_refused_stops_nothing(page: Page, widget: SteerWidget, backend: ScriptedBackend) -> None:
    first = press(page, widget, 1)
    backend.started()
    widget.prompts = ()
    assert page.ask("Run", replaces=first)["error"]["field"] == "prompts"
    assert not backend.sent(CancelRun)


def test_a_replacement_waits_for_a_start_that_is_under_way(
    page: Page, widget: SteerWidget, backend: ScriptedBackend
) -> None:
    first = press(page, widget, 1)
    backend.started()
    with widget._starter._lock:
        clicked = threading.Thread(target=page.ask, args=("Run",), kwargs={"replaces": first})
        clicked.start()
        clicked.join(0.1)
        assert clicked.is_alive()
    clicked.join()
    assert backend.sent(CancelRun) == [CancelRun(first)]


def test_the_page_shows_the_new_run_at_once(
    page: Page, widget: SteerWidget, backend: ScriptedBackend
) -> None:
    first = press(page, widget, 1)
    backend.started()
    second = press(page, widget, 2, first)
    wait_until(lambda: any(m["run"] and m["run"]["id"] == second for m in page.of("RunSnapshot")))


# ---- a fresh worker


def test_restart_ends_the_worker_and_starts_a_fresh_one(
    page: Page, steerer: sw.Steerer, backend: ScriptedBackend
) -> None:
    assert page.ask("Restart")["error"] is None
    assert len(backend.sent(Shutdown)) == 1
    assert steerer.status.worker == "loading"
    assert steerer.status.loading is not None
    assert "asked for" in steerer.status.loading.message
    backend.die(GONE)
    assert steerer.status.worker == "loading"
    assert backend.n_loads == 2
    backend.say(READY)
    assert steerer.status.worker == "ready"
    assert steerer.status.error is None


def test_runs_started_meanwhile_go_to_the_fresh_worker(steerer: sw.Steerer, backend: ScriptedBackend) -> None:
    steerer.restart()
    run = steerer.compare("p", F.at(1))
    assert not backend.sent(StartRun)
    backend.die(GONE)
    backend.say(READY)
    backend.finish()
    assert run.state == "done"


def test_restart_is_refused_while_a_run_is_on(
    page: Page, steerer: sw.Steerer, widget: SteerWidget, backend: ScriptedBackend
) -> None:
    press(page, widget, 1)
    error = page.ask("Restart")["error"]
    assert error["field"] == "restart"
    assert not backend.sent(Shutdown)
    backend.finish()
    steerer.restart()
    assert len(backend.sent(Shutdown)) == 1


def test_restarting_twice_is_once(steerer: sw.Steerer, backend: ScriptedBackend) -> None:
    steerer.restart()
    steerer.restart()
    assert len(backend.sent(Shutdown)) == 1
    backend.die(GONE)
    assert backend.n_loads == 2


def test_what_a_leaving_worker_still_says_does_not_count(
    steerer: sw.Steerer, backend: ScriptedBackend
) -> None:
    steerer.restart()
    steerer.compare("p", F.at(1))
    backend.say(Loading("model", 0.5), READY, LOAD_FAILED)
    assert steerer.status.worker == "loading"
    assert not backend.sent(StartRun)


def test_restart_starts_a_worker_where_one_has_died(steerer: sw.Steerer, backend: ScriptedBackend) -> None:
    backend.die()
    steerer.restart()
    assert backend.n_loads == 2
    backend.say(READY)
    assert steerer.status.worker == "ready"


def test_restart_replaces_a_worker_that_could_not_load(steerer: sw.Steerer, backend: ScriptedBackend) -> None:
    backend.say(LOAD_FAILED)
    steerer.restart()
    assert steerer.status.error is None
    backend.die(GONE)
    backend.say(READY)
    assert steerer.status.worker == "ready"


def test_restart_helps_after_a_crash_loop(steerer: sw.Steerer, backend: ScriptedBackend) -> None:
    for _ in range(3):
        run = steerer.compare("p", F.at(1))
        if steerer.status.worker == "loading":
            backend.say(READY)
        backend.die()
        assert run.state == "failed"
    assert steerer.status.worker == "failed"
    steerer.restart()
    backend.say(READY)
    backend.on_send = lambda _command: None
    run = steerer.compare("p", F.at(1), measures=[])
    backend.finish()
    assert run.state == "done"


def test_a_question_that_waits_is_answered_by_an_error(steerer: sw.Steerer, backend: ScriptedBackend) -> None:
    answers = []
    asked = CheckGrid(0, grid(), {})
    waiting = threading.Thread(target=lambda: answers.append(steerer.controller.ask(asked, 10.0)))
    waiting.start()
    wait_until(lambda: backend.sent(type(asked)))
    steerer.restart()
    waiting.join(5)
    assert answers[0].error.kind == "WorkerDied"
    assert "restarted" in answers[0].error.message


def test_a_closed_steerer_does_not_restart(steerer: sw.Steerer) -> None:
    steerer.close()
    with pytest.raises(sw.SteererClosed):
        steerer.restart()
