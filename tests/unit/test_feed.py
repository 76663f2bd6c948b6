from __future__ import annotations

import threading
import time

import pytest

from steer_widget.controller import Controller
from steer_widget.feed import Feed
from steer_widget.protocol import RunDelta, RunSnapshot
from tests.unit.grids import grid
from tests.unit.scripted import READY, ScriptedBackend
from tests.unit.streams import Page


class Sink:
    """Where a feed's messages arrive, with their times."""

    def __init__(self) -> None:
        self.page = Page()
        self.times_s: list[float] = []
        self.published: list[RunSnapshot] = []
        self.n_statuses = 0
        self.changed = threading.Condition()

    def send(self, message: RunSnapshot | RunDelta) -> None:
        with self.changed:
            assert self.page.take(message)
            self.times_s.append(time.monotonic())
            self.changed.notify_all()

    def publish(self, snapshot: RunSnapshot) -> None:
        with self.changed:
            self.published.append(snapshot)
            self.changed.notify_all()

    def status(self) -> None:
        with self.changed:
            self.n_statuses += 1
            self.changed.notify_all()


@pytest.fixture
def sink() -> Sink:
    return Sink()


@pytest.fixture
def feed(controller: Controller, sink: Sink):  # type: ignore[no-untyped-def]
    made = Feed(controller, send=sink.send, publish_run=sink.publish, publish_status=sink.status)
    yield made
    made.close()


def test_a_feed_sends_at_most_twenty_a_second_and_all_of_it(
    controller: Controller, backend: ScriptedBackend, feed: Feed, sink: Sink
) -> None:
    controller.start()
    backend.say(READY)
    shown = controller.submit(grid(2, max_new_tokens=500), {})
    assert feed.job is shown
    backend.started()
    for _ in range(300):
        backend.grow("x")
        feed.acknowledge(sink.page.seq)
        time.sleep(0.002)
    for cell in range(2):
        backend.end_cell(cell, "x" * 300)
    backend.end()
    with sink.changed:
        assert sink.changed.wait_for(lambda: sink.page.state == "done", 10)
        assert sink.changed.wait_for(lambda: len(sink.published) == 2, 10)
    assert sink.page.texts == ["x" * 300] * 2
    spent_s = sink.times_s[-1] - sink.times_s[0]
    assert 5 < len(sink.times_s) <= spent_s / 0.05 + 2
    assert [view.run.state for view in sink.published if view.run][-1] == "done"
    assert sink.n_statuses >= 1


def test_a_feed_that_begins_late_shows_the_latest_run(
    ready: Controller, backend: ScriptedBackend, sink: Sink
) -> None:
    ready.submit(grid(), {})
    latest = ready.submit(grid(), {})
    feed = Feed(ready, send=sink.send, publish_run=sink.publish, publish_status=sink.status)
    with sink.changed:
        assert sink.changed.wait_for(lambda: bool(sink.page.run), 10)
    assert sink.page.run == latest.id
    feed.close()
    feed._thread.join(10)
    assert not feed._thread.is_alive()
    n_sent = len(sink.times_s)
    backend.finish()
    assert len(sink.times_s) == n_sent
