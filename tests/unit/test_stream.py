from __future__ import annotations

from steer_widget.protocol import (
    CellDone,
    CellMeasured,
    CellView,
    ErrorInfo,
    Measures,
    RunDelta,
    RunDone,
    RunSnapshot,
    TokenMeasures,
    to_page,
)
from steer_widget.stream import MAX_UNACKNOWLEDGED, Stream
from tests.unit.streams import grow, job, started


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
