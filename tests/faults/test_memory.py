"""Memory that runs out in the worker, by a limit that the system sets on the process."""

from __future__ import annotations

import resource
from collections.abc import Iterator
from contextlib import contextmanager

import psutil
import pytest

import steer_widget as sw
from tests.faults.processes import PATIENCE_S
from tests.faults.scale import Scale, asked, only_in_full
from tests.faults.stage import PROMPTS, Stage, texts
from tests.faults.tally import Tally

_ROOM_MB = 260


@contextmanager
def little_room(stage: Stage) -> Iterator[None]:
    """The worker may take so much more than it has now, and no more."""
    pid = stage.pid
    now = psutil.Process(pid).memory_info().vms
    before = resource.prlimit(pid, resource.RLIMIT_AS)
    resource.prlimit(pid, resource.RLIMIT_AS, (now + _ROOM_MB * 1_000_000, before[1]))
    try:
        yield
    finally:
        assert stage.pid == pid, "the worker lives on"
        resource.prlimit(pid, resource.RLIMIT_AS, before)


def both_prompts(stage: Stage) -> sw.Run:
    f = stage.steerer.feature(3)
    return stage.steerer.compare(
        list(PROMPTS), [f.at(4)], generation=sw.Generation(max_new_tokens=2), samples=3
    )


@pytest.mark.parametrize("balloon", asked().some(["balloon", "python_balloon"]))
def test_a_batch_that_does_not_fit_is_split_and_goes_on(
    stage: Stage, tally: Tally, scale: Scale, balloon: str
) -> None:
    whole = texts(both_prompts(stage).result(timeout=PATIENCE_S))
    for _ in range(scale.n_rounds):
        with tally.injected("memory: the batch does not fit"):
            with little_room(stage):
                stage.order(f"{balloon} 100")  # each row, in each pass: two at once fit, twelve do not
                result = both_prompts(stage).result(timeout=PATIENCE_S)
                stage.order("")
            assert texts(result) == whole
            stage.check()


def test_a_row_that_does_not_fit_fails_alone_with_the_numbers(
    stage: Stage, tally: Tally, scale: Scale
) -> None:
    whole = texts(both_prompts(stage).result(timeout=PATIENCE_S))
    for _ in range(scale.n_rounds):
        with tally.injected("memory: one row does not fit"):
            with little_room(stage):
                stage.order("balloon_of_long_texts 900")
                run = both_prompts(stage)
                result = run.result(timeout=PATIENCE_S)
                stage.order("")
            for cell, text in zip(result.cells, whole, strict=True):
                if cell.prompt == PROMPTS[0]:
                    assert (cell.state, cell.text) == ("done", text)
                else:
                    assert cell.state == "failed"
                    assert isinstance(cell.error, sw.OutOfMemory)
                    assert "tokens" in str(cell.error)
                    assert "900000000 bytes" in str(cell.error)
            assert texts(run.retry().result(timeout=PATIENCE_S)) == whole, "with room it works"
            stage.check()


@only_in_full
def test_measures_that_do_not_fit_leave_the_texts(stage: Stage, tally: Tally) -> None:
    whole = texts(both_prompts(stage).result(timeout=PATIENCE_S))
    with tally.injected("memory: measures do not fit"):
        with little_room(stage):
            stage.order("measuring balloon 900")
            result = both_prompts(stage).result(timeout=PATIENCE_S)
            stage.order("")
        assert texts(result) == whole
        assert all(cell.measures.perplexity is None for cell in result.cells)
        assert stage.steerer.status.error is not None
        assert "could not be taken" in stage.steerer.status.error.message
        stage.check()
