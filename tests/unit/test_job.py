"""A job under any order of events: measures come when they like, and every reader sees the same."""

from __future__ import annotations

from queue import SimpleQueue
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from steer_widget.job import Job, StreamEvent
from steer_widget.protocol import (
    CellDelta,
    CellDone,
    CellMeasured,
    Measures,
    RunDone,
    RunStarted,
    TokenMeasures,
    Tokens,
)
from tests.unit.grids import grid

N_CELLS = 2
cells = st.integers(-1, N_CELLS)
events = st.one_of(
    st.just(RunStarted("run", (3,))),
    st.builds(lambda cell, text: Tokens("run", (CellDelta(cell, text, (1,)),)), cells, st.text(max_size=2)),
    st.builds(
        lambda cell, end, text: CellDone("run", cell, end[0], text, (1, 2), end[1], Measures(0.5)),
        cells,
        st.sampled_from(
            (("done", "eos"), ("stopped", "stopped"), ("failed", "diverged"), ("running", "eos"))
        ),
        st.text(max_size=2),
    ),
    st.builds(
        lambda cell, kl: CellMeasured("run", cell, Measures(kl_mean=kl), TokenMeasures((kl,))),
        cells,
        st.floats(0, 9),
    ),
    st.builds(lambda state: RunDone("run", state, 1.0, 0), st.sampled_from(("done", "stopped", "failed"))),
)

STORY: list[StreamEvent] = [
    RunStarted("run", (3,)),
    *[CellDone("run", cell, "done", "text", (1, 2), "eos", Measures(0.5)) for cell in range(N_CELLS)],
    *[
        CellMeasured("run", cell, Measures(kl_mean=kl), TokenMeasures((kl,)))
        for cell in (0, 1)
        for kl in (1.0, 2.0)
    ],
    RunDone("run", "done", 1.0, 0),
]
orders = st.lists(events, max_size=12) | st.permutations(STORY)


def drained(queue: SimpleQueue[StreamEvent]) -> list[StreamEvent]:
    return [queue.get_nowait() for _ in range(queue.qsize())]


def told(seen: list[StreamEvent]) -> list[tuple[Any, ...]]:
    """What somebody knows of each cell who has nothing but the events."""
    known: list[tuple[Any, ...]] = [("open",)] * N_CELLS
    for event in seen:
        if isinstance(event, CellDone):
            known[event.cell] = (event.state, event.text, event.measures, TokenMeasures())
        elif isinstance(event, CellMeasured):
            known[event.cell] = (*known[event.cell][:2], event.measures, event.tokens)
    return known


@given(orders, st.integers(0, 12))
def test_every_reader_knows_what_the_job_knows(order: list[StreamEvent], joined: int) -> None:
    job = Job("run", grid(N_CELLS), {})
    queues = [job.follow()]
    for number, event in enumerate(order):
        if number == joined:
            queues.append(job.follow())
        job.take(event)
    queues.append(job.follow())
    expected = [
        (cell.state, cell.text, cell.measures, cell.token_measures)
        if cell.state in ("done", "stopped", "failed")
        else ("open",)
        for cell in map(job.cell, range(N_CELLS))
    ]
    for queue in queues:
        assert told(drained(queue)) == expected


@given(orders)
def test_a_cell_has_the_first_measures_after_its_end_and_before_the_run_s(order: list[StreamEvent]) -> None:
    job = Job("run", grid(N_CELLS), {})
    for event in order:
        job.take(event)
    for index in range(N_CELLS):
        expected, tokens, is_ended = Measures(), TokenMeasures(), False
        for event in order:
            if isinstance(event, RunDone):
                break
            if (
                isinstance(event, CellDone)
                and event.cell == index
                and event.state != "running"
                and not is_ended
            ):
                expected, is_ended = event.measures, True
            elif (
                isinstance(event, CellMeasured)
                and event.cell == index
                and is_ended
                and tokens == TokenMeasures()
            ):
                expected, tokens = event.measures, event.tokens
        cell = job.cell(index)
        assert (cell.measures, cell.token_measures) == (expected, tokens)
