"""Suggestions from end to end, with the tiny model in this process."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from sae_lens import SAE
from transformers import AutoModelForCausalLM, AutoTokenizer

import steer_widget as sw
from steer_widget.suggesting import Asked
from tests.unit.page import Page, asking, wait_until

SHORT = sw.Generation(max_new_tokens=6, temperature=1.0)
EXAMPLES = ["The sea was white.", "We saw the sea and the mountains."]
AGAINST = ["She said no.", "He walked."]
# The tiny model is moved by little.
KL = 0.02


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("data")


@pytest.fixture(scope="module")
def steerer(tiny_folders: tuple[Path, Path], folder: Path) -> Iterator[sw.Steerer]:
    table = folder / "table.jsonl"
    lines = [{"index": n, "label": f"label {n}", "density": 0.05, "output_score": n / 100} for n in range(60)]
    lines[7]["label"] = "the sea"
    table.write_text("\n".join(map(json.dumps, lines)))
    patched = pytest.MonkeyPatch()
    patched.setenv("STEER_WIDGET_DATA", str(folder))
    model = AutoModelForCausalLM.from_pretrained(tiny_folders[0], dtype=torch.float32).eval()
    tokenizer = AutoTokenizer.from_pretrained(tiny_folders[0])
    with sw.from_model(model, tokenizer, SAE.load_from_disk(tiny_folders[1]), features=table) as made:
        made.ready()
        yield made
    patched.undo()


def test_a_wish_is_tried_in_one_run_and_ranked(steerer: sw.Steerer) -> None:
    found = steerer.suggest("more about the sea", k=3, n_candidates=5, kl=KL, generation=SHORT)
    assert 0 < len(found) <= 3
    assert found.topic == "the sea"
    assert not found.is_stopped
    grid = found.run.grid
    assert grid.steerings[0].is_baseline
    assert grid.samples == 2
    assert found.n_tried == len(grid.steerings) - 3, "a baseline and two random directions beside them"
    assert all(isinstance(one.edits[0].feature, sw.Control) for one in grid.steerings[-2:])
    assert 7 in {one.edits[0].feature.index for one in grid.steerings[1:-2]}  # type: ignore[union-attr]
    assert steerer.history()[found.run.id].state == "done"
    kinds = [(not one.fluency.is_fluent, -(one.effect or 0.0)) for one in found]
    assert kinds == sorted(kinds)
    for one in found:
        assert len(one.cells) == len(one.baseline) == len(one.effects) == 8
        assert one.effect == pytest.approx(sum(one.effects) / 8)
        assert (one.feature, one.strength) in [
            (edit.feature, edit.strength) for steering in grid.steerings for edit in steering.edits
        ]
        assert all(mine.prompt == other.prompt for mine, other in zip(one.cells, one.baseline, strict=True))
    again = steerer.suggest("more about the sea", k=3, n_candidates=5, kl=KL, generation=SHORT)
    assert [(one.feature, one.effect) for one in again] == [(one.feature, one.effect) for one in found]


def test_the_effect_is_the_difference_of_plain_log_likelihoods(steerer: sw.Steerer, engine) -> None:
    from tests.worker.test_wishing import plain_log_likelihood

    (one,) = steerer.suggest(
        "the sea", k=1, n_candidates=2, kl=KL, generation=SHORT, prompts=["She", "We", "I"]
    )
    wanted = []
    for pair in zip(one.cells, one.baseline, strict=True):
        frames = [f'"{cell.prompt}{cell.text}"\n\nThe text above contains words about' for cell in pair]
        steered, unsteered = (plain_log_likelihood(engine, frame, " the sea") for frame in frames)
        wanted.append(steered - unsteered)
    assert one.effects == pytest.approx(wanted, abs=1e-3)


def test_examples_are_gone_towards(steerer: sw.Steerer) -> None:
    found = steerer.suggest(examples=EXAMPLES, against=AGAINST, k=2, n_candidates=3, kl=KL, generation=SHORT)
    assert found.examples == tuple(EXAMPLES)
    assert found.against == tuple(AGAINST)
    way = steerer.contrast_vector(EXAMPLES, AGAINST)
    for one in found:
        effects = [
            (mine, other, effect)
            for mine, other, effect in zip(one.cells, one.baseline, one.effects, strict=True)
            if mine.text != other.text
        ]
        cell, other, effect = effects[0]
        between = steerer.contrast_vector([f"{cell.prompt}{cell.text}"], [f"{other.prompt}{other.text}"])
        dot = sum(a * b for a, b in zip(between.numbers(), way.numbers(), strict=True))
        assert effect == pytest.approx(dot / way.norm**2, abs=1e-4)


def test_they_are_shown_with_their_texts_as_text(steerer: sw.Steerer) -> None:
    found = steerer.suggest("the <b>sea</b>", k=2, n_candidates=3, kl=KL, generation=SHORT)
    assert "<b>" not in found._repr_html_()
    for shown in (repr(found), found._repr_html_()):
        assert found.note.split(".")[0] in shown
        assert str(found[0].feature.index) in shown
    assert found[0].cells[0].prompt in "".join(one.prompt for one in found[0].baseline)  # type: ignore[operator]
    assert [edit.strength for edit in found.edits] == [one.strength for one in found]


def test_a_stop_keeps_the_texts_so_far_and_measures_them(steerer: sw.Steerer) -> None:
    n_before = len(steerer.runs)
    long = sw.Generation(max_new_tokens=150, temperature=1.0)
    begun = steerer.begin_suggesting(Asked.of("the sea", n_candidates=5, kl=KL, generation=long, samples=30))
    wait_until(
        lambda: len(steerer.runs) > n_before and any(c.state == "done" for c in steerer.runs[-1].cells)
    )
    assert 0 < begun.progress < 1
    begun.cancel()
    try:
        found = begun.result(timeout=60)
    except sw.TaskStopped:
        pytest.fail("there were texts")
    assert found.is_stopped
    assert "stopped" in found.note
    assert found.run.state in ("stopped", "done")


def test_a_stop_before_there_is_a_text_says_so(steerer: sw.Steerer) -> None:
    begun = steerer.begin_suggesting(Asked.of("the sea", kl=KL))
    begun.cancel()
    with pytest.raises(sw.TaskStopped):
        begun.result(timeout=60)
    assert begun.done
    wait_until(lambda: not steerer.status.tasks)


def test_ctrl_c_gives_what_there_is(steerer: sw.Steerer) -> None:
    n_before = len(steerer.runs)
    long = sw.Generation(max_new_tokens=150, temperature=1.0)
    begun = steerer.begin_suggesting(Asked.of("the sea", n_candidates=5, kl=KL, generation=long, samples=30))
    n_told = 0

    def tell(_progress: float, _message: str) -> None:
        nonlocal n_told
        n_told += 1
        is_far = len(steerer.runs) > n_before and any(c.state == "done" for c in steerer.runs[-1].cells)
        if is_far and not begun._is_stopped:
            raise KeyboardInterrupt

    found = begun.result(timeout=120, tell=tell)
    assert n_told > 0
    assert found.is_stopped or found.run.state == "done"


def test_a_kl_that_nothing_reaches_says_so(steerer: sw.Steerer) -> None:
    with pytest.raises(sw.GenerationError, match="lower one"):
        steerer.suggest("the sea", kl=20, n_candidates=2, generation=SHORT)


def test_it_ends_in_time_or_says_where_it_was(steerer: sw.Steerer) -> None:
    with pytest.raises(sw.WorkerTimeout, match="fewer candidates"):
        steerer.suggest("the sea", samples=20, kl=KL, timeout=0.15)
    wait_until(lambda: not steerer.status.tasks and all(run.done for run in steerer.runs))


def test_the_page_asks_stops_and_is_answered(steerer: sw.Steerer) -> None:
    widget = steerer.widget
    page = Page(widget)
    ask = asking(page)
    widget.prompts = ["She"]
    refused = ask("Suggest", wish="less sea")
    assert refused["error"]["field"] == "wish"
    assert ask("StopSuggesting")["error"] is None
    answers: list[dict] = []
    asked = threading.Thread(target=lambda: answers.append(ask("Suggest", wish="more about the sea")))
    asked.start()
    time.sleep(0.05)
    page.post({"id": "stop", "command": {"type": "StopSuggesting"}})
    asked.join(60)
    (answer,) = answers
    # The tiny model is moved less than the page asks for, or was stopped before.
    assert answer["error"]["kind"] in {"TaskStopped", "GenerationError"}
