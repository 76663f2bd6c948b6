from __future__ import annotations

import threading

import steer_widget as sw
from steer_widget.protocol import RunSnapshot
from steer_widget.widget import SteerWidget
from tests.unit.choices import choose
from tests.unit.page import PATIENCE_S, Page, wait_until
from tests.unit.scripted import ScriptedBackend


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
