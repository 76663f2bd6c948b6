"""What a trait holds of a run, which notebooks may save: within bounds, and what is not there is told."""

from __future__ import annotations

import json

import msgspec
import pytest

from steer_widget.protocol import RunSnapshot
from steer_widget.reopened import reopened
from steer_widget.result import RunResult
from steer_widget.views import MAX_SAVED_CHARS, brief, run_view
from tests.history.results import a_result
from tests.unit.measured_run import measured_run


def saved(result: RunResult) -> RunSnapshot:
    return brief(RunSnapshot(1, run_view(reopened(result))))


def test_a_run_of_usual_size_is_held_whole() -> None:
    result = measured_run()
    snapshot = saved(result)
    assert snapshot.n_left_out == 0
    assert snapshot.run is not None
    assert [cell.text for cell in snapshot.run.cells] == [cell.text for cell in result.cells]
    assert [cell.measures for cell in snapshot.run.cells] == [cell.measures for cell in result.cells]


@pytest.mark.parametrize("n_prompts", [60, 120])
def test_of_a_large_run_the_last_texts_are_left_out_and_counted(n_prompts: int) -> None:
    result = measured_run(n_prompts)
    snapshot = saved(result)
    assert snapshot.run is not None
    n_kept = len(result.cells) - snapshot.n_left_out
    assert 300 < n_kept < len(result.cells)
    texts = [cell.text for cell in snapshot.run.cells]
    assert texts[:n_kept] == [cell.text for cell in result.cells[:n_kept]]
    assert set(texts[n_kept:]) == {""}
    assert {cell.state for cell in snapshot.run.cells} == {"done"}
    size = len(json.dumps(msgspec.to_builtins(snapshot)))
    assert size < 2 * MAX_SAVED_CHARS + 400 * snapshot.n_left_out


def test_one_text_beyond_all_bounds_is_left_out() -> None:
    snapshot = saved(a_result(text="a" * MAX_SAVED_CHARS))
    assert snapshot.n_left_out == 2
