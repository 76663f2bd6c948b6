from __future__ import annotations

import threading
import time

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule

from steer_widget.controller import Controller
from steer_widget.feed import Feed
from steer_widget.job import Job
from steer_widget.protocol import (
    CellDelta,
    CellDone,
    CellMeasured,
    CellView,
    ErrorInfo,
    Measures,
    RunDelta,
    RunDone,
    RunSnapshot,
    RunStarted,
    TokenMeasures,
    Tokens,
    to_page,
)
from steer_widget.run_states import RUN_ENDED
from steer_widget.stream import MAX_UNACKNOWLEDGED, Stream
from tests.unit.grids import grid
from tests.unit.scripted import READY, ScriptedBackend


class Page:
    """What a page makes of the messages, by the rules of the protocol."""

    def __init__(self) -> None:
        self.seq = -1
        self.run = ""
        self.state = ""
        self.cells: list[CellView] = []
        self.texts: list[str] = []
        self.n_snapshots = 0

    def take(self, message: RunSnapshot | RunDelta | None) -> bool:
        """False for a gap, after which a page syncs."""
        if message is None:
            return True
        if isinstance(message, RunSnapshot):
            self.n_snapshots += 1
            self.seq = message.seq
            if message.run is not None:
                self.run, self.state = message.run.id, message.run.state
                self.texts = [cell.text for cell in message.run.cells]
                self.cells = list(message.run.cells)
            return True
        if message.run != self.run or message.seq != self.seq + 1:
            return False
        self.seq, self.state = message.seq, message.state
        for patch in message.cells:
            self.texts[patch.index] += patch.append
            if patch.done is not None:
                self.texts[patch.index] = patch.done.text
                self.cells[patch.index] = patch.done
        return True


def job(turn: int = 1, n_columns: int = 2) -> Job:
    made = Job(f"run{turn}", grid(n_columns, max_new_tokens=10), {})
    made.turn = turn
    return made


def grow(shown: Job, text: str, cell: int = 0) -> None:
    shown.take(Tokens(shown.id, (CellDelta(cell, text, (1,)),)))


def started(turn: int = 1) -> tuple[Stream, Job, Page]:
    stream, shown, page = Stream(), job(turn), Page()
    stream.show(shown)
    shown.take(RunStarted(shown.id, (3,)))
    assert page.take(stream.next())
    return stream, shown, page


def test_the_first_message_is_whole_and_deltas_follow() -> None:
    stream, shown, page = started()
    assert page.n_snapshots == 1
    grow(shown, "one")
    delta = stream.next()
    assert isinstance(delta, RunDelta)
    assert (delta.seq, [patch.append for patch in delta.cells]) == (2, ["one"])
    assert stream.next() is None, "nothing new, nothing sent"


def test_growth_between_two_messages_is_one_patch() -> None:
    stream, shown, page = started()
    for word in ("one", " two", " three"):
        grow(shown, word)
    grow(shown, "x", cell=1)
    delta = stream.next()
    assert isinstance(delta, RunDelta)
    assert [(patch.index, patch.append, patch.n_tokens) for patch in delta.cells] == [
        (0, "one two three", 3),
        (1, "x", 1),
    ]
    assert page.take(delta)


def test_an_end_replaces_the_cell_and_carries_its_error() -> None:
    stream, shown, page = started()
    grow(shown, "one")
    error = ErrorInfo("OutOfMemory", "too big", "the log")
    shown.take(CellDone(shown.id, 0, "failed", "one", (1,), "failed", error=error))
    assert page.take(stream.next())
    assert (page.cells[0].state, page.cells[0].error, page.texts[0]) == ("failed", error, "one")


def test_measures_send_the_ended_cell_again_and_no_other() -> None:
    stream, shown, page = started()
    measures = Measures(0.25, ("looping",), kl_mean=0.5)
    for cell in (0, 1):
        shown.take(CellDone(shown.id, cell, "done", "one", (1,), "eos"))
    assert page.take(stream.next())
    assert stream.next() is None
    shown.take(CellMeasured(shown.id, 1, measures, TokenMeasures(kl=(0.5,))))
    delta = stream.next()
    assert isinstance(delta, RunDelta)
    (patch,) = delta.cells
    assert patch.done == CellView(1, "done", "one", 1, "eos", measures)
    assert "kl" not in to_page(delta)["cells"][0]["done"]  # type: ignore[index]
    assert page.take(delta)
    assert (page.cells[1].measures, page.texts) == (measures, ["one", "one"])
    assert stream.next() is None, "nothing new, nothing sent"


def test_an_end_and_its_measures_between_two_messages_are_one_patch() -> None:
    stream, shown, page = started()
    shown.take(CellDone(shown.id, 0, "stopped", "one", (1,), "stopped"))
    shown.take(CellMeasured(shown.id, 0, Measures(perplexity=3.0)))
    delta = stream.next()
    assert isinstance(delta, RunDelta)
    assert len(delta.cells) == 1
    assert page.take(delta)
    assert (page.cells[0].state, page.cells[0].measures.perplexity) == ("stopped", 3.0)


def test_a_snapshot_holds_steerings_and_measures() -> None:
    stream, shown, _ = started()
    shown.take(CellDone(shown.id, 0, "done", "one", (1,), "eos"))
    shown.take(CellMeasured(shown.id, 0, Measures(perplexity=3.0)))
    run = stream.snapshot().run
    assert run is not None
    assert run.steerings == shown.grid.steerings
    assert run.cells[0].measures.perplexity == 3.0


def test_a_change_of_state_alone_is_told() -> None:
    stream, shown, page = started()
    shown.move("stop")
    assert page.take(stream.next())
    assert page.state == "stopping"
    shown.take(RunDone(shown.id, "stopped", 1.0, 0))
    assert page.take(stream.next())
    assert page.state == "stopped"
    assert [cell.state for cell in page.cells] == ["stopped", "stopped"]


def test_a_new_run_comes_whole_and_an_older_one_never_takes_its_place() -> None:
    stream, old, page = started(turn=1)
    new = job(turn=2)
    assert stream.show(new)
    assert not stream.show(old)
    grow(old, "unseen")
    message = stream.next()
    assert isinstance(message, RunSnapshot)
    assert page.take(message)
    assert page.run == new.id


def test_a_retry_comes_whole_since_its_texts_shrank() -> None:
    stream, shown, page = started()
    grow(shown, "one")
    shown.end("stopped")
    page.take(stream.next())
    shown.restart()
    shown.turn = 2
    assert stream.show(shown)
    message = stream.next()
    assert isinstance(message, RunSnapshot)
    page.take(message)
    assert page.texts == ["", ""]


def test_a_lost_whole_run_is_noticed_at_the_next_number() -> None:
    stream, shown, page = started()
    grow(shown, "one")
    shown.end("stopped")
    assert page.take(stream.next())
    shown.restart()
    shown.turn = 2
    stream.show(shown)
    assert isinstance(stream.next(), RunSnapshot), "and this one is lost on its way"
    grow(shown, "two")
    assert not page.take(stream.next())
    stream.sync()
    assert page.take(stream.next())
    assert (page.texts, page.cells[0].state) == (["two", ""], "running")


def test_without_acknowledgement_the_stream_stops_and_goes_on_whole() -> None:
    stream, shown, page = started()
    for _ in range(3 * MAX_UNACKNOWLEDGED):
        grow(shown, "x")
        page.take(stream.next())
    assert page.seq == MAX_UNACKNOWLEDGED + 1
    stream.acknowledge(page.seq)
    message = stream.next()
    assert isinstance(message, RunSnapshot)
    assert page.take(message)
    assert page.texts[0] == "x" * (3 * MAX_UNACKNOWLEDGED)
    grow(shown, "y")
    assert page.take(stream.next()), "numbers go on without a gap"
    assert page.texts[0].endswith("xy")


def test_a_sync_ends_the_silence_too() -> None:
    stream, shown, _ = started()
    for _ in range(2 * MAX_UNACKNOWLEDGED):
        grow(shown, "x")
        stream.next()
    assert stream.next() is None
    stream.sync()
    assert isinstance(stream.next(), RunSnapshot)


def test_an_acknowledgement_of_what_was_never_sent_counts_for_nothing() -> None:
    stream, shown, _ = started()
    stream.acknowledge(10**9)
    for _ in range(2 * MAX_UNACKNOWLEDGED):
        grow(shown, "x")
        stream.next()
    grow(shown, "x")
    assert stream.next() is None


def test_an_old_acknowledgement_does_not_undo_a_newer_one() -> None:
    stream, shown, _ = started()
    for _ in range(30):
        grow(shown, "x")
        stream.next()
    stream.acknowledge(30)
    stream.acknowledge(1)
    for _ in range(30):
        grow(shown, "x")
        assert isinstance(stream.next(), RunDelta)


def test_a_page_without_a_run_is_told_so() -> None:
    stream = Stream()
    assert stream.next() is None
    stream.sync()
    assert stream.next() == RunSnapshot(1, None)


class Conversation(RuleBasedStateMachine):
    """A run that grows, ends, is retried and replaced, while messages get lost and pages come back."""

    def __init__(self) -> None:
        super().__init__()
        self.stream, self.shown, self.page = started()
        self.turn = 1

    def _next_turn(self) -> None:
        self.turn += 1
        self.shown.turn = self.turn
        self.stream.show(self.shown)
        self.shown.take(RunStarted(self.shown.id, (3,)))

    @rule(cell=st.integers(0, 1), text=st.text(max_size=3))
    def grow(self, cell: int, text: str) -> None:
        grow(self.shown, text, cell)

    @rule(cell=st.integers(0, 1))
    def end_cell(self, cell: int) -> None:
        text = self.shown.cells[cell].text
        self.shown.take(CellDone(self.shown.id, cell, "done", text, (1,), "eos"))

    @rule(cell=st.integers(0, 1), kl=st.floats(0, 9))
    def measure(self, cell: int, kl: float) -> None:
        self.shown.take(CellMeasured(self.shown.id, cell, Measures(kl_mean=kl), TokenMeasures(kl=(kl,))))

    @rule()
    def stop(self) -> None:
        self.shown.take(RunDone(self.shown.id, "stopped", 1.0, 0))

    @rule()
    def retry(self) -> None:
        if self.shown.ended and self.shown.restart():
            self._next_turn()

    @rule()
    def replace(self) -> None:
        self.shown = job(self.turn + 1)
        self.shown.turn = 0
        self._next_turn()

    @rule()
    def lose(self) -> None:
        self.stream.next()

    @rule()
    def acknowledge(self) -> None:
        self.stream.acknowledge(self.page.seq)

    @rule()
    def sync(self) -> None:
        self.stream.sync()

    @rule()
    def send(self) -> None:
        message = self.stream.next()
        if not self.page.take(message):
            self.stream.sync()
        elif message is not None:
            self.agree()

    def agree(self) -> None:
        """What the page has taken without a gap is what the kernel has."""
        assert self.page.run == self.shown.id
        assert self.page.texts == [cell.text for cell in self.shown.cells]
        assert self.page.state == self.shown.state
        ended = [(cell.state, cell.measures) for cell in self.shown.cells if cell.ended]
        assert [(cell.state, cell.measures) for cell in self.page.cells if cell.state in RUN_ENDED] == ended

    def teardown(self) -> None:
        """A page that keeps acknowledging and syncs after gaps is never left behind."""
        for _ in range(2):
            self.send()
            self.acknowledge()
        self.replace()
        for _ in range(2):
            self.send()
            self.acknowledge()
        self.agree()


TestConversation = Conversation.TestCase


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
