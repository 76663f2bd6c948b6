"""Which run is next: order, overtaking, and that it stays fair."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from steer_widget.errors import QueueFull
from steer_widget.job import Job
from steer_widget.run_queue import MAX_WAITING, SHORTER_BY, RunQueue
from tests.unit.grids import grid


def job(n_tokens: int, name: str = "") -> Job:
    return Job(name or str(n_tokens), grid(1, max_new_tokens=n_tokens), {})


def queue(*jobs: Job) -> RunQueue:
    made = RunQueue()
    for one in jobs:
        made.add(one)
    return made


def test_runs_alike_go_in_their_order() -> None:
    first, second, third = (job(100, name) for name in "abc")
    runs = queue(first, second, third)
    for expected in (first, second, third):
        assert runs.next() is expected
        assert runs.next() is None
        runs.remove(expected)
    assert runs.next() is None


def test_a_short_run_goes_before_a_long_one_that_waits() -> None:
    long, short = job(1000), job(250)
    runs = queue(long, short)
    assert runs.next() is short
    runs.remove(short)
    assert runs.next() is long


def test_a_short_run_overtakes_the_long_one_that_is_on_and_then_it_is_at_work_again() -> None:
    long, short, other = job(1000), job(100, "short"), job(100, "other")
    runs = queue(long)
    runs.next()
    runs.add(short)
    runs.add(other)
    assert runs.next() is short
    assert (runs.running, runs.at_work) == ([long, short], short)
    assert runs.next() is None, "one that overtakes is not overtaken itself"
    runs.remove(short)
    assert runs.at_work is long
    assert runs.next() is other


def test_one_that_is_not_short_enough_waits() -> None:
    runs = queue(job(1000), job(1000 // SHORTER_BY + 1))
    assert runs.next() is runs.running[0]
    assert runs.next() is None


def test_what_a_run_has_left_counts_not_what_it_was() -> None:
    long, short = job(1000), job(200)
    runs = queue(long)
    runs.next()
    long.cells[0].token_ids = [0] * 900
    runs.add(short)
    assert runs.next() is None


def test_many_short_runs_cannot_hold_a_long_one_up_for_ever() -> None:
    long = job(1000)
    runs = queue(long)
    runs.next()
    n_overtaken = 0
    for number in range(50):
        short = job(200, f"short {number}")
        runs.add(short)
        if runs.next() is not short:
            break
        n_overtaken += 200
        runs.remove(short)
    assert n_overtaken == 1000


def test_too_many_are_refused_with_the_next_step() -> None:
    runs = queue(*(job(10, str(n)) for n in range(MAX_WAITING)))
    with pytest.raises(QueueFull, match=r"100 runs wait already.*run\.cancel\(\)"):
        runs.check_room()
    runs.next()
    runs.check_room()


@settings(max_examples=200)
@given(st.lists(st.tuples(st.integers(1, 2000), st.booleans()), max_size=40))
def test_every_run_gets_its_turn_and_waits_for_no_more_than_it_is_itself(
    steps: list[tuple[int, bool]],
) -> None:
    runs = RunQueue()
    order: dict[str, int] = {}
    overtaken: dict[str, int] = {}
    finished: list[str] = []

    def take() -> None:
        waiting_before = [*runs.waiting]
        running_before = [*runs.running]
        taken = runs.next()
        if taken is None:
            return
        assert len(runs.running) <= 2
        ahead = [*running_before, *waiting_before[: waiting_before.index(taken)]]
        for other in ahead:
            overtaken[other.id] = overtaken.get(other.id, 0) + taken.n_tokens_left
            assert overtaken[other.id] <= other.n_tokens_asked
        assert not ahead or order[taken.id] > max(order[other.id] for other in ahead)

    def end() -> None:
        if runs.at_work is not None:
            finished.append(runs.at_work.id)
            runs.remove(runs.at_work)
            take()

    for number, (n_tokens, ends_one) in enumerate(steps):
        made = job(n_tokens, f"{number}")
        order[made.id] = number
        runs.add(made)
        take()
        if ends_one:
            end()
    while runs.at_work is not None:
        end()
    assert sorted(finished) == sorted(order)
    assert not runs.waiting
