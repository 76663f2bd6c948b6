"""The next token, firing features and tokens over a real worker process, also while a run is on."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import steer_widget as sw
from steer_widget.protocol import Answer, NextTokenOf, Tokens
from tests.tiny import make

PATIENCE_S = 90.0
PROMPT = "I went for a walk and"
LONG = sw.Generation(max_new_tokens=200, temperature=1.0, repetition_penalty=1.3)


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    root = tmp_path_factory.mktemp("tiny")
    return make.make_model(root / "model"), make.make_sae(root / "sae")


@pytest.fixture(scope="module")
def steerer(folders: tuple[Path, Path]) -> Iterator[sw.Steerer]:
    with sw.load(*folders, dtype="float32") as made:
        made.ready(PATIENCE_S)
        yield made


def distributions(folders: tuple[Path, Path], strength: float) -> tuple[Any, Any]:
    """Unsteered and steered probabilities by plain PyTorch."""
    import torch
    from safetensors.torch import load_file
    from transformers import AutoModelForCausalLM, AutoTokenizer

    model = AutoModelForCausalLM.from_pretrained(folders[0], dtype=torch.float32).eval()
    ids = torch.tensor([AutoTokenizer.from_pretrained(folders[0])(PROMPT)["input_ids"]])
    v = load_file(folders[1] / "sae_weights.safetensors")["W_dec"][3]
    with torch.no_grad():
        unsteered = model(ids).logits[0, -1].softmax(-1)
        with model.model.layers[2].register_forward_hook(lambda _m, _a, out: out + strength * v):
            steered = model(ids).logits[0, -1].softmax(-1)
    return unsteered, steered


def test_the_next_token_is_plain_pytorch_s(steerer: sw.Steerer, folders: tuple[Path, Path]) -> None:
    found = steerer.next_token(PROMPT, steerer.feature(3).at(6), k=5)
    unsteered, steered = distributions(folders, 6)
    assert len(found.tokens) == 5
    for token in found.tokens:
        assert token.unsteered == pytest.approx(float(unsteered[token.token_id]), abs=1e-4)
        assert token.steered == pytest.approx(float(steered[token.token_id]), abs=1e-4)
    assert found.kl == pytest.approx(float((steered * (steered / unsteered).log()).sum()), rel=1e-3)
    assert found.dose > 0


def test_a_run_that_is_on_is_answered_from_and_not_changed(steerer: sw.Steerer) -> None:
    f = steerer.feature(3)
    alone = steerer.compare(PROMPT, [f.at(6)], generation=LONG, samples=8).result(PATIENCE_S)
    quiet = steerer.next_token(PROMPT, f.at(4))
    run = steerer.compare(PROMPT, [f.at(6)], generation=LONG, samples=8)
    for event in run:
        if isinstance(event, Tokens):
            break
    assert not run.done
    asked = [
        steerer.next_token(PROMPT, f.at(4), timeout=PATIENCE_S),
        steerer.next_token("The mountains", f.at(-4, method="clamp"), timeout=PATIENCE_S),
    ]
    tokens = steerer.tokens("I went", f.at(2, positions="generated"), timeout=PATIENCE_S)
    hits = steerer.top_features("The mountains were white", timeout=PATIENCE_S)
    assert not run.done, "they did not wait for its end"
    assert asked[0] == quiet
    assert tokens.steered == (len(tokens.tokens) - 1,)
    assert hits
    result = run.result(PATIENCE_S)
    assert [cell.text for cell in result.cells] == [cell.text for cell in alone.cells]
    assert [cell.token_ids for cell in result.cells] == [cell.token_ids for cell in alone.cells]
    for cell in result.cells:
        assert "".join(cell.token_measures.texts) == cell.text


def test_threads_that_ask_at_once_all_get_their_own_answers(steerer: sw.Steerer) -> None:
    f = steerer.feature(3)
    wanted = {s: steerer.next_token(PROMPT, f.at(s)) for s in (1, 2, 3, 4)}
    found: dict[int, list[sw.NextToken]] = {s: [] for s in wanted}

    def ask(strength: int) -> None:
        for _ in range(5):
            found[strength].append(steerer.next_token(PROMPT, f.at(strength), timeout=PATIENCE_S))

    threads = [threading.Thread(target=ask, args=(strength,)) for strength in wanted]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE_S)
    assert found == {strength: [one] * 5 for strength, one in wanted.items()}


def test_a_flood_does_not_pile_up(steerer: sw.Steerer) -> None:
    answers: list[Answer] = []
    is_last = threading.Event()
    steering = sw.Steering((sw.Feature(3).at(4, unit="raw", method="add", positions="all"),))

    def take(answer: Answer) -> None:
        answers.append(answer)
        if len(answers) == 200:
            is_last.set()

    for n in range(200):
        steerer.controller.ask_later(NextTokenOf(0, f"I went {n}", steering), take)
    assert is_last.wait(PATIENCE_S)
    kinds = [answer.error.kind if answer.error else "" for answer in answers]
    assert set(kinds) == {"", "Superseded"}
    newest = max(answers, key=lambda answer: answer.request)
    assert newest.error is None


def test_the_status_has_the_speed(steerer: sw.Steerer) -> None:
    speed = steerer.status.speed
    assert speed is not None
    assert speed.step_s + speed.row_s > 0
    assert speed.max_rows == 64
