from __future__ import annotations

from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from steer_widget.cell_states import CELL_END_STEPS, CELL_ENDED, CELL_TABLE, CellStep, next_cell_state
from steer_widget.run_states import RUN_END_STEPS, RUN_ENDED, RUN_TABLE, RunStep, next_run_state
from steer_widget.spec import CellState, RunState

RUN_STATES, RUN_STEPS = get_args(RunState), get_args(RunStep)
CELL_STATES, CELL_STEPS = get_args(CellState), get_args(CellStep)

# Every pair that is allowed, written out by hand: the tables must say exactly this.
RUN_ALLOWED = {
    ("queued", "load", "loading"), ("queued", "start", "running"), ("queued", "withdraw", "stopped"),
    ("queued", "stop", "stopping"), ("queued", "halt", "stopped"), ("queued", "fail", "failed"),
    ("loading", "start", "running"), ("loading", "withdraw", "stopped"), ("loading", "stop", "stopping"),
    ("loading", "halt", "stopped"), ("loading", "fail", "failed"),
    ("running", "stop", "stopping"), ("running", "finish", "done"), ("running", "halt", "stopped"),
    ("running", "fail", "failed"),
    ("stopping", "finish", "done"), ("stopping", "halt", "stopped"), ("stopping", "fail", "failed"),
    ("done", "retry", "queued"), ("stopped", "retry", "queued"), ("failed", "retry", "queued"),
}  # fmt: skip
CELL_ALLOWED = {
    ("queued", "start", "running"), ("queued", "finish", "done"), ("queued", "halt", "stopped"),
    ("queued", "fail", "failed"),
    ("running", "finish", "done"), ("running", "halt", "stopped"), ("running", "fail", "failed"),
    ("stopped", "retry", "queued"), ("failed", "retry", "queued"),
}  # fmt: skip


def test_every_state_times_every_step_of_a_run() -> None:
    found = {(s, e, a) for s in RUN_STATES for e in RUN_STEPS if (a := next_run_state(s, e)) is not None}
    assert found == RUN_ALLOWED
    assert set(RUN_TABLE) == set(RUN_STATES)


def test_every_state_times_every_step_of_a_cell() -> None:
    found = {(s, e, a) for s in CELL_STATES for e in CELL_STEPS if (a := next_cell_state(s, e)) is not None}
    assert found == CELL_ALLOWED
    assert set(CELL_TABLE) == set(CELL_STATES)


@pytest.mark.parametrize(("ended", "steps"), [(RUN_ENDED, RUN_END_STEPS), (CELL_ENDED, CELL_END_STEPS)])
def test_every_end_has_its_step(ended: frozenset[str], steps: dict[str, str]) -> None:
    assert set(steps) == ended


@given(st.lists(st.sampled_from(RUN_STEPS)))
def test_no_sequence_leaves_the_states_or_an_end_but_by_retry(steps: list[RunStep]) -> None:
    state: RunState = "queued"
    for step in steps:
        after = next_run_state(state, step)
        if after is None:
            continue
        assert after in RUN_STATES
        assert state not in RUN_ENDED or step == "retry"
        state = after


@given(st.lists(st.sampled_from(CELL_STEPS)))
def test_a_done_cell_stays_done(steps: list[CellStep]) -> None:
    state: CellState = "queued"
    was_done = False
    for step in steps:
        state = next_cell_state(state, step) or state
        was_done = was_done or state == "done"
        assert not was_done or state == "done"
