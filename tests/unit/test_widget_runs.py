from __future__ import annotations

import threading
from typing import Any

import msgspec
import pytest

import steer_widget as sw
from steer_widget.protocol import CancelRun, StartRun
from steer_widget.widget import SteerWidget
from tests.unit.choices import choose
from tests.unit.page import Page, wait_until
from tests.unit.scripted import ScriptedBackend


def test_a_run_of_the_page_is_widget_run_in_code(
    page: Page, widget: SteerWidget, backend: ScriptedBackend
) -> None:
    assert widget.run is None
    choose(widget)
    started = page.ask("Run")["result"]
    run = widget.run
    assert run is not None
    assert started == {"type": "Started", "run": run.id}
    edit = run.grid.steerings[1].edits[0]
    assert (edit.unit, edit.method, edit.positions) == ("raw", "add", "all")
    backend.finish()
    assert [cell.text for cell in run.result().cells] == ["one two"] * 2
    wait_until(lambda: widget.snapshot.run and widget.snapshot.run.state == "done")
    assert page.of("RunSnapshot")[0]["run"]["id"] == run.id


def test_the_button_in_code(widget: SteerWidget, page: Page, backend: ScriptedBackend) -> None:
    with pytest.raises(sw.InvalidInput, match="prompts"):
        widget.start()
    choose(widget)
    run = widget.start()
    assert widget.run is not None
    assert widget.run.id == run.id
    backend.started()
    widget.stop()
    assert backend.sent(CancelRun) == [CancelRun(run.id)]


def test_a_double_click_is_one_run(page: Page, widget: SteerWidget, backend: ScriptedBackend) -> None:
    choose(widget)
    replies = [page.ask("Run") for _ in range(20)]
    assert len(backend.sent(StartRun)) == 1
    assert [reply["error"] is None for reply in replies] == [True] + [False] * 19
    assert replies[1]["error"]["field"] == "run"
    backend.finish()
    assert page.ask("Run")["error"] is None, "and the next click is the next run"


def test_clicks_from_many_threads_are_one_run(
    page: Page, widget: SteerWidget, backend: ScriptedBackend
) -> None:
    choose(widget)
    together = threading.Barrier(8)

    def click(number: int) -> None:
        together.wait()
        page.post({"id": f"click{number}", "command": {"type": "Run"}})

    threads = [threading.Thread(target=click, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(backend.sent(StartRun)) == 1
    assert sum(reply["error"] is None for reply in page.of("Reply")) == 1


def test_a_refused_run_lets_go_of_the_guard(
    page: Page, widget: SteerWidget, backend: ScriptedBackend
) -> None:
    assert page.ask("Run")["error"]["field"] == "prompts"
    choose(widget)
    assert page.ask("Run")["error"] is None


def test_a_refusal_of_the_worker_is_the_run_s_error(
    page: Page, widget: SteerWidget, backend: ScriptedBackend
) -> None:
    choose(widget)
    page.ask("Run")
    error = sw.PromptTooLong("prompt", "9 tokens", "at most 8")
    backend.end(
        "failed", msgspec.convert({"kind": "PromptTooLong", "message": str(error)}, type=_error_info())
    )
    wait_until(lambda: widget.snapshot.run and widget.snapshot.run.error)
    assert widget.prompts == ("I went",), "what was typed stays"


def _error_info() -> type:
    from steer_widget.protocol import ErrorInfo

    return ErrorInfo


def test_stop_of_the_page(page: Page, widget: SteerWidget, backend: ScriptedBackend) -> None:
    choose(widget)
    run_id = page.ask("Run")["result"]["run"]
    assert page.ask("Stop", run=run_id)["error"] is None
    assert backend.sent(CancelRun) == [CancelRun(run_id)]


def test_runs_of_code_appear_in_the_page(
    page: Page, widget: SteerWidget, steerer: sw.Steerer, backend: ScriptedBackend
) -> None:
    backend.on_send = lambda _command: None
    run = steerer.start(steerer_grid(), ask_worker=False)
    assert widget.run is not None
    assert widget.run.id == run.id
    backend.started()
    backend.grow("one")
    wait_until(lambda: any(m["run"] and m["run"]["id"] == run.id for m in page.of("RunSnapshot")))
    backend.grow(" two")
    wait_until(lambda: page.of("RunDelta"))
    assert page.of("RunDelta")[-1]["run"] == run.id


def steerer_grid() -> sw.Grid:
    from tests.unit.grids import grid

    return grid(2)


def test_a_page_that_comes_back_gets_it_whole(
    page: Page, widget: SteerWidget, backend: ScriptedBackend
) -> None:
    choose(widget)
    page.ask("Run")
    backend.started()
    backend.grow("one")
    wait_until(lambda: widget.snapshot.run)
    page.messages.clear()
    backend.grow(" two")
    page.ask("Sync")
    wait_until(lambda: page.of("RunSnapshot"))
    assert [cell["text"] for cell in page.of("RunSnapshot")[0]["run"]["cells"]] == ["one two"] * 2


def test_a_page_that_asks_for_everything_hears_the_traits_again(
    page: Page, widget: SteerWidget, monkeypatch: pytest.MonkeyPatch
) -> None:
    choose(widget)
    told: list[dict[str, Any]] = []
    monkeypatch.setattr(widget, "_send", lambda message, buffers=None: told.append(message))
    page.ask("Sync")
    state = next(message["state"] for message in told if "prompts" in message["state"])
    assert set(state) == {"prompts", "selection", "generation", "status"}
    assert state["prompts"] == ("I went",)


def test_acknowledgements_get_no_reply(page: Page) -> None:
    page.post({"id": "a", "command": {"type": "Ack", "seq": 3}})
    assert page.of("Reply") == []


def test_retry_shows_the_run_again(
    widget: SteerWidget, steerer: sw.Steerer, backend: ScriptedBackend
) -> None:
    choose(widget)
    first = widget._start(ask_worker=False)
    backend.started()
    backend.end("stopped")
    widget._start(ask_worker=False)
    backend.finish()
    first.retry()
    assert widget.run is not None
    assert widget.run.id == first.id
