from __future__ import annotations

import threading
from typing import Any

import msgspec
import pytest
import traitlets

import steer_widget as sw
from steer_widget.protocol import CancelRun, RunSnapshot, StartRun, Status
from steer_widget.widget import SteerWidget
from tests.unit.page import PATIENCE_S, Page, wait_until
from tests.unit.scripted import READY, ScriptedBackend

F = sw.Feature(3, "three")
NOTHING_LEFT = {"n_runs": 0, "n_waiting": 0, "n_tokens_left": 0, "eta_s": None}
F_JSON = {
    "feature": {"kind": "feature", "index": 3, "label": "three", "sae": ""},
    "strength": 4,
    "unit": None,
    "method": None,
    "positions": None,
    "skip_special": None,
    "schedule": None,
}


# ---- traits


def test_prompts_coerce(widget: SteerWidget) -> None:
    widget.prompts = "text"
    assert widget.prompts == ("text",)
    widget.prompts = ["one", [{"role": "user", "content": "two"}]]
    assert widget.prompts == ("one", (sw.Message("user", "two"),))
    widget.prompts = [{"role": "user", "content": "two"}]
    assert widget.prompts == ((sw.Message("user", "two"),),)
    widget.prompts = []
    assert widget.prompts == ()


def test_selection_coerces_and_edits_alone_leave_the_rest(widget: SteerWidget) -> None:
    widget.selection = [F.at(4)]
    assert widget.selection == sw.Selection((F.at(4),))
    widget.selection = sw.Selection((F.at(4),), layout="combined", samples=3)
    widget.selection = F.at(5)
    assert widget.selection == sw.Selection((F.at(5),), layout="combined", samples=3)
    widget.selection = [F.at(1), [F.at(2)]]
    assert [edit.strength for edit in widget.selection.edits] == [1.0, 2.0]
    widget.selection = []
    assert widget.selection.edits == ()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("prompts", ""), ("prompts", [""]), ("prompts", 5), ("prompts", None),
        ("selection", 5), ("selection", "x"), ("selection", [5]), ("selection", None),
        ("selection", [sw.Feature(64).at(1)]), ("selection", [F.at(1, method="teleport")]),
        ("selection", [F.at(1, unit="max_act")]), ("selection", [F.at(1, unit="norm", method="scale")]),
        ("selection", [sw.Vector([1.0]).at(1, method="clamp")]), ("selection", [sw.Feature(1, sae="x").at(1)]),
        ("selection", [sw.Steering((F.at(1),), preserve_norm=True)]),
        ("generation", {"seed": 1}), ("generation", None),
    ],
    ids=str,
)  # fmt: skip
def test_invalid_values_are_refused_and_the_old_one_stays(
    widget: SteerWidget, name: str, value: object
) -> None:
    widget.prompts, widget.selection, widget.generation = "old", [F.at(4)], sw.Generation(seed=7)
    before = getattr(widget, name)
    with pytest.raises(sw.InvalidInput):
        setattr(widget, name, value)
    assert getattr(widget, name) == before


@pytest.mark.parametrize(("name", "value"), [("status", Status()), ("snapshot", RunSnapshot(0))])
def test_what_the_widget_alone_sets_is_read_only(widget: SteerWidget, name: str, value: object) -> None:
    with pytest.raises(traitlets.TraitError, match="read-only"):
        setattr(widget, name, value)


def test_traits_are_observed_and_linked(widget: SteerWidget) -> None:
    class Panel(traitlets.HasTraits):
        chosen = traitlets.Any()

    panel, seen = Panel(), []
    widget.observe(seen.append, "selection")
    traitlets.dlink((widget, "selection"), (panel, "chosen"))
    widget.selection = [F.at(4)]
    widget.selection = [F.at(4)]
    assert [change["new"] for change in seen] == [sw.Selection((F.at(4),))]
    assert panel.chosen == widget.selection


def test_the_page_s_state_is_plain_json(widget: SteerWidget) -> None:
    widget.prompts, widget.selection = ["x", [{"role": "user", "content": "y"}]], [F.at(4)]
    names = ["prompts", "selection", "generation", "status", "snapshot"]
    state = msgspec.json.decode(msgspec.json.encode(widget.get_state(names)))
    assert state["prompts"] == ["x", [{"role": "user", "content": "y"}]]
    assert state["selection"]["edits"] == [{**F_JSON, "more_strengths": [], "is_hidden": False}]
    assert state["selection"]["layout"] == "separate"
    assert state["generation"]["max_new_tokens"] == 60
    assert state["snapshot"] == {"type": "RunSnapshot", "seq": 0, "run": None, "backlog": NOTHING_LEFT}


def test_every_kind_of_edit_goes_to_the_page_and_comes_back(page: Page, widget: SteerWidget) -> None:
    vector = sw.Vector([1.0, -2.5], "joy", "blocks.1.hook_resid_post")  # type: ignore[arg-type]
    edits = (
        vector.at(0.5, unit="norm", positions=slice(2, None)),
        F.control(7).at(3, method="clamp", positions=[0, -1], skip_special=True),
        F.at(2, method="scale", schedule=sw.Schedule(3, 12.5)),
    )
    widget.selection = edits
    plain = msgspec.json.decode(msgspec.json.encode(widget.get_state(["selection"])["selection"]))
    widget.selection = []
    assert page.ask("SetSelection", selection=plain)["error"] is None
    assert tuple(row.plain() for row in widget.selection.edits) == edits


def test_each_public_trait_says_what_it_is_for(widget: SteerWidget) -> None:
    for name in ("prompts", "selection", "generation", "status", "snapshot"):
        assert widget.trait_metadata(name, "sync")
        assert len(widget.traits()[name].help) > 20


def test_status_follows_the_worker(widget: SteerWidget, backend: ScriptedBackend) -> None:
    wait_until(lambda: widget.status.worker == "ready")
    assert widget.status.saes == READY.saes
    backend.die()
    wait_until(lambda: widget.status.worker == "stopped")
    assert widget.status.error is not None


# ---- requests of the page


def test_choices_of_the_page_reach_the_traits(page: Page, widget: SteerWidget) -> None:
    assert page.ask("SetPrompts", prompts=["x", [{"role": "user", "content": "y"}]])["error"] is None
    assert page.ask("SetSelection", selection={"edits": [F_JSON], "samples": 2})["error"] is None
    assert page.ask("SetGeneration", generation={"seed": 5, "stop": ["\n"]})["error"] is None
    assert widget.prompts == ("x", (sw.Message("user", "y"),))
    assert widget.selection == sw.Selection((F.at(4),), samples=2)
    assert widget.generation == sw.Generation(seed=5, stop=("\n",))


def test_a_feature_is_found_by_its_index_where_no_table_names_it(page: Page, widget: SteerWidget) -> None:
    wait_until(lambda: widget.status.worker == "ready")
    found = page.ask("Search", text="7")
    assert [card["index"] for card in found["result"]["cards"]] == [7]
    assert not page.ask("Search", text="64")["result"]["cards"]


@pytest.mark.parametrize(
    ("kind", "fields", "field"),
    [
        ("SetPrompts", {"prompts": [""]}, "prompt"),
        ("SetPrompts", {"prompts": [[{"role": "", "content": "x"}]]}, "message role"),
        (
            "SetSelection",
            {"selection": {"edits": [{**F_JSON, "feature": {"kind": "feature", "index": 64}}]}},
            "feature",
        ),
        ("SetSelection", {"selection": {"samples": 0}}, "samples"),
        ("SetGeneration", {"generation": {"top_p": 2}}, "top_p"),
        ("Search", {"text": "war"}, "search"),
        ("Search", {"text": "war", "limit": -1}, "k"),
        ("Stop", {"run": "nobody"}, "run"),
        ("Run", {}, "prompts"),
    ],
)
def test_what_is_refused_is_named_and_changes_nothing(
    page: Page, widget: SteerWidget, kind: str, fields: dict[str, object], field: str
) -> None:
    before = (widget.prompts, widget.selection, widget.generation)
    error = page.ask(kind, **fields)["error"]
    assert error["field"] == field
    assert error["allowed"]
    assert (widget.prompts, widget.selection, widget.generation) == before


@pytest.mark.parametrize(
    "content",
    [
        None,
        3,
        "x",
        [],
        {},
        {"id": "r"},
        {"id": 3, "command": {"type": "Run"}},
        {"id": "r", "command": {"type": "Dance"}},
    ],
)
def test_noise_gets_an_error_and_breaks_nothing(page: Page, content: object) -> None:
    page.post(content)
    assert page.messages[-1]["error"]["kind"] == "ProtocolError"
    assert page.messages[-1]["id"] == (
        content["id"] if isinstance(content, dict) and isinstance(content.get("id"), str) else ""
    )
    assert page.ask("Sync")["error"] is None


def test_a_fault_of_ours_is_told_in_full(
    page: Page, widget: SteerWidget, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken() -> None:
        raise RuntimeError("a bug")

    monkeypatch.setattr(widget._feed, "sync", broken)
    error = page.ask("Sync")["error"]
    assert "RuntimeError: a bug" in error["message"]
    assert "Traceback" in error["details"]


# ---- runs


def choose(widget: SteerWidget) -> None:
    widget.prompts, widget.selection = "I went", [F.at(4)]
    widget.generation = sw.Generation(max_new_tokens=4)


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


# ---- display and end


def test_the_steerer_shows_its_one_widget(steerer: sw.Steerer, widget: SteerWidget) -> None:
    bundle, _ = steerer._repr_mimebundle_(include=None, exclude=None)
    assert bundle["application/vnd.jupyter.widget-view+json"]["model_id"] == widget.model_id  # type: ignore[index]
    assert steerer.widget is widget
    assert "press Run" in str(bundle["text/html"])
    assert bundle["text/plain"] == repr(steerer) == "<Steerer: a/b, c/d, worker ready, 0 runs>"


def test_the_fallback_shows_the_latest_run(widget: SteerWidget, backend: ScriptedBackend) -> None:
    choose(widget)
    widget._start(ask_worker=False)
    backend.finish()
    bundle, _ = widget._repr_mimebundle_()
    assert "one two" in str(bundle["text/html"])


def test_reprs_have_no_address(widget: SteerWidget) -> None:
    assert repr(widget) == "<SteerWidget of <Steerer: a/b, c/d, worker ready, 0 runs>, run none>"


def test_a_closed_widget_is_replaced_and_its_thread_ends(steerer: sw.Steerer, widget: SteerWidget) -> None:
    thread = widget._feed._thread
    widget.close()
    thread.join(PATIENCE_S)
    assert not thread.is_alive()
    assert "text/plain" in widget.mimebundle(plain="x")[0]
    assert steerer.widget is not widget


def test_a_closed_steerer_refuses_the_page(page: Page, widget: SteerWidget, steerer: sw.Steerer) -> None:
    choose(widget)
    steerer.close()
    assert page.ask("Run")["error"]["kind"] == "SteererClosed"
    wait_until(lambda: widget.status.worker == "stopped")


def test_what_the_feed_sets_waits_for_a_hold_of_the_user(widget: SteerWidget) -> None:
    publishing = threading.Thread(target=widget._publish_run, args=(RunSnapshot(7),))
    with widget.hold_sync():
        widget.prompts = "first"
        publishing.start()
        publishing.join(0.2)
        assert publishing.is_alive(), "two threads in one hold would lose each other's changes"
        widget.prompts = "second"
    publishing.join(PATIENCE_S)
    assert (widget.prompts, widget.snapshot) == (("second",), RunSnapshot(7))


def test_a_click_while_a_run_is_being_started_is_answered_at_once(page: Page, widget: SteerWidget) -> None:
    choose(widget)
    with widget._starter._lock:
        error = page.ask("Run")["error"]
    assert error["field"] == "run"
