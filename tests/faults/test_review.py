"""What the review of the former code asked for by name, and what a user would try first."""

from __future__ import annotations

import pytest

import steer_widget as sw
from tests.faults.processes import PATIENCE_S
from tests.faults.scale import Scale
from tests.faults.stage import PROMPTS, SHORT, Stage, texts
from tests.faults.tally import Tally
from tests.tiny import make


def test_comparison_happy_path(stage: Stage) -> None:
    f, g = stage.steerer.feature(3), stage.steerer.feature(7)
    run = stage.steerer.compare(list(PROMPTS), [f.at(4), [f.at(2), g.at(2)]], generation=SHORT)
    result = run.result(timeout=PATIENCE_S)
    assert result.state == "done"
    assert [(cell.prompt, len(cell.steering.edits)) for cell in result.cells] == [
        (prompt, n_edits) for prompt in PROMPTS for n_edits in (0, 1, 2)
    ]
    assert all(cell.n_tokens == SHORT.max_new_tokens and cell.finish == "length" for cell in result.cells)
    assert result.cells[0].text != result.cells[1].text
    stage.check()


def test_prompts_continue_after_one_fails(stage: Stage, tally: Tally, scale: Scale) -> None:
    """The model itself refuses the long prompt, in the middle of a batch with the other."""
    f = stage.steerer.feature(3)
    prompts = [PROMPTS[0], PROMPTS[1], "The letter came"]
    whole = texts(stage.steerer.compare(prompts, [f.at(4)], generation=SHORT).result(timeout=PATIENCE_S))
    for _ in range(scale.n_rounds):
        with tally.injected("one prompt of a batch fails"):
            stage.order("refuse_longer_than 60")
            run = stage.steerer.compare(prompts, [f.at(4)], generation=SHORT)
            result = run.result(timeout=PATIENCE_S)
            stage.order("")
            for cell, text in zip(result.cells, whole, strict=True):
                if cell.prompt == PROMPTS[1]:
                    assert cell.state == "failed"
                    assert "more than this model likes" in str(cell.error)
                    assert "Traceback" in (cell.error.details if cell.error else "")
                else:
                    assert (cell.state, cell.text) == ("done", text)
            assert texts(run.retry().result(timeout=PATIENCE_S)) == whole
            stage.check()


def test_a_cell_that_takes_too_long_does_not_take_the_others_with_it(stage: Stage, tally: Tally) -> None:
    """Cells that were done at the limit stay done; the others are run again alone."""
    f = stage.steerer.feature(3)
    stage.order("slow 0.02")
    prompts = [PROMPTS[0], "The letter"]
    long = sw.Generation(max_new_tokens=200, temperature=1.0, stop=(" ",))
    with tally.injected("time-out while some cells are done"):
        run = stage.steerer.compare(
            prompts, [f.at(2)], generation=long, samples=8, limits=sw.Limits(soft_s=0.4)
        )
        result = run.result(timeout=PATIENCE_S)
        done = {cell.index: cell.text for cell in result.cells if cell.state == "done"}
        assert done
        stage.order("")
        if result.state == "stopped":
            assert run.retry().result(timeout=PATIENCE_S).state == "done"
        assert {index: run.cells[index].text for index in done} == done
        stage.check()


def test_invalid_feature_index(stage: Stage) -> None:
    n_before = len(stage.steerer.runs)
    with pytest.raises(sw.UnknownFeature) as caught:
        stage.steerer.compare(PROMPTS[0], [sw.Feature(make.D_SAE).at(1)])
    assert caught.value.field
    assert len(stage.steerer.runs) == n_before
    stage.check()
