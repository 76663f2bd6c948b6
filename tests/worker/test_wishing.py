"""What suggestions ask of the model, against plain PyTorch: likelihoods, equal strengths, features of a topic."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from steer_widget.errors import GenerationError, InvalidInput, PromptTooLong, TaskStopped
from steer_widget.protocol import FindByWish, FindEqualStrengths, ReadLikelihoods
from steer_widget.spec import Control, Feature, Vector
from steer_widget.worker import likelihood
from steer_widget.worker.engine import Engine
from steer_widget.worker.kl_curves import met
from steer_widget.worker.likelihood import log_likelihoods
from steer_widget.worker.tasks import do_task
from tests.tiny import make
from tests.worker import reference
from tests.worker.conftest import point_of

PAIRS = (
    ("I went for a walk and", " saw the sea"),
    ("She", " said no"),
    ("I went for a walk and saw the mountains, which were white with snow, and", " the sea"),
    ("The sea", " the sea"),
)


def told(_n_done: int, _n_total: int | None, _message: str) -> None:
    """Nobody listens."""


def do(engine: Engine, task: Any) -> Any:
    return do_task(engine, task, told, lambda: False)


def plain_log_likelihood(engine: Engine, context: str, text: str) -> float:
    tokenizer, model = engine.adapter.tokenizer, engine.adapter.model
    before = tokenizer(context)["input_ids"]
    behind = tokenizer(text, add_special_tokens=False)["input_ids"]
    with torch.no_grad():
        logits = model(torch.tensor([before + behind])).logits[0].double()
    log_p = logits.log_softmax(-1)
    return sum(float(log_p[len(before) - 1 + at, token]) for at, token in enumerate(behind))


def test_likelihoods_are_those_of_each_text_by_itself(engine: Engine) -> None:
    found = do(engine, ReadLikelihoods(1, PAIRS)).values
    assert found == pytest.approx([plain_log_likelihood(engine, *pair) for pair in PAIRS], abs=1e-4)


def test_likelihoods_do_not_depend_on_the_batch(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = log_likelihoods(engine.adapter, PAIRS)
    monkeypatch.setattr(likelihood, "_MAX_TOKENS", 1)
    assert log_likelihoods(engine.adapter, PAIRS) == pytest.approx(whole, abs=1e-4)


def test_a_batch_that_is_too_large_for_the_memory_is_halved(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole, read = log_likelihoods(engine.adapter, PAIRS), likelihood._read

    def small(adapter: Any, tokens: Any) -> list[float]:
        if len(tokens) > 1:
            raise torch.OutOfMemoryError("CUDA out of memory")
        return read(adapter, tokens)

    monkeypatch.setattr(likelihood, "_read", small)
    assert log_likelihoods(engine.adapter, PAIRS) == pytest.approx(whole, abs=1e-4)


@pytest.mark.parametrize("pair", [("a", ""), ("", "a")])
def test_a_likelihood_of_nothing_is_refused(engine: Engine, pair: tuple[str, str]) -> None:
    if engine.adapter.tokenizer("")["input_ids"] and not pair[0]:
        pytest.skip("this tokenizer puts a token in front of everything")
    with pytest.raises(InvalidInput):
        do(engine, ReadLikelihoods(1, (pair,)))


def test_a_text_beyond_the_context_is_refused(engine: Engine) -> None:
    with pytest.raises(PromptTooLong):
        do(engine, ReadLikelihoods(1, (("sea " * 2000, " sea"),)))


def p95_at(
    engine: Engine, direction: torch.Tensor, strength: float, prompts: tuple[str, ...], n: int
) -> float:
    """p95 KL on greedy texts of the unsteered model, token by token."""
    model, tokenizer, point = engine.adapter.model, engine.adapter.tokenizer, point_of(engine)
    values = []
    for prompt in prompts:
        ids = tokenizer(prompt)["input_ids"]
        n_prompt = len(ids)
        with torch.no_grad():
            for _ in range(n):
                ids = [*ids, int(model(torch.tensor([ids])).logits[0, -1].argmax())]
            unsteered = model(torch.tensor([ids])).logits[0]

            def add(_module: Any, _args: Any, output: Any) -> Any:
                h = output[0] if isinstance(output, tuple) else output
                h = h + strength * direction
                return (h, *output[1:]) if isinstance(output, tuple) else h

            with point.module.register_forward_hook(add):
                steered = model(torch.tensor([ids])).logits[0]
        drawn = slice(n_prompt - 1, len(ids) - 1)
        values.append(reference.kl(steered[drawn], unsteered[drawn]))
    return float(torch.cat(values).quantile(0.95))


def test_at_equal_strengths_the_kl_meets_its_target(engine: Engine) -> None:
    prompts = ("I went for a walk and", "She")
    vector = Vector(torch.randn(make.D_MODEL, generator=torch.Generator().manual_seed(1)).tolist())  # type: ignore[arg-type]
    directions = (Feature(3), Feature(9), vector, Control(Feature(3)))
    target = 0.02
    task = FindEqualStrengths(1, directions, prompts, kl=target, n_tokens=6)
    strengths = do(engine, task).strengths
    assert len(strengths) == 4
    for direction, strength in zip(directions, strengths, strict=True):
        assert strength is not None
        assert strength > 0
        d, _ = engine.directions.of(direction)
        found = p95_at(engine, d, strength, prompts, 6)
        assert found == pytest.approx(target, rel=0.25), direction


def test_a_kl_beyond_reach_has_no_strength(engine: Engine) -> None:
    strengths = do(engine, FindEqualStrengths(1, (Feature(3),), ("She",), kl=1e6, n_tokens=4)).strengths
    assert strengths == (None,)


@pytest.mark.parametrize(
    ("points", "wanted"),
    [
        ([(0.1, 0.01), (0.2, 0.04)], 0.1 * 10**0.5),  # beyond them, as the square of the strength
        ([(0.1, 1.0), (1.0, 100.0)], 0.1 / 10**0.5),  # below them
        ([(0.1, 0.04), (0.3, 0.36), (0.7, 4.0)], 0.1 * 2.5**0.5),  # between them
        ([(0.1, 0.1), (0.3, 0.05), (0.7, 0.2)], 0.1),  # the first time that it is met
        ([(0.1, 0.001)], 1.0),  # a single one
        ([(0.1, 0.1), (0.3, float("inf"))], 0.1),
        ([(0.1, 1e-5), (0.2, 1e-5)], None),  # out of reach
        ([(0.1, float("inf"))], None),
        ([], None),
    ],
)
def test_where_the_kl_meets_a_target(points: list[tuple[float, float]], wanted: float | None) -> None:
    assert met(points, 0.1) == (None if wanted is None else pytest.approx(wanted))


def test_examples_are_told_from_what_the_model_writes_anyway(engine: Engine) -> None:
    found = do(engine, FindByWish(1, examples=("The sea was white.", "We saw the sea."), k=5))
    assert found.examples == ("The sea was white.", "We saw the sea.")
    assert len(found.against) >= 1
    assert all(isinstance(text, str) and text for text in found.against)
    assert 0 < len(found.features) <= 5
    scores = [one.score for one in found.features]
    assert scores == sorted(scores, reverse=True)
    assert min(scores) > 0


def test_a_topic_is_written_on_and_the_same_seed_writes_the_same(engine: Engine) -> None:
    one, again, other = (do(engine, FindByWish(1, topic="the sea", seed=seed)) for seed in (0, 0, 1))
    assert one == again
    assert one.examples[0] == "This is about the sea."
    assert len(one.examples) > 2
    assert one.examples != other.examples


@pytest.mark.parametrize(
    "task",
    [FindEqualStrengths(1, (Feature(3),), ("She",)), ReadLikelihoods(1, PAIRS)],
    ids=["kl", "likelihood"],
)
def test_a_model_whose_head_alone_does_not_give_its_logits_is_refused(
    engine: Engine, monkeypatch: pytest.MonkeyPatch, task: Any
) -> None:
    monkeypatch.setattr(engine.adapter, "can_unembed", False)
    with pytest.raises(GenerationError, match="otherwise than by its head alone"):
        do(engine, task)


def test_a_stop_ends_each_of_them(engine: Engine) -> None:
    for task in (
        FindByWish(1, topic="the sea"),
        FindEqualStrengths(1, (Feature(3),), ("She",)),
        ReadLikelihoods(1, PAIRS),
    ):
        with pytest.raises(TaskStopped):
            do_task(engine, task, told, lambda: True)


def test_they_can_be_stopped_between_batches(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(likelihood, "_MAX_TOKENS", 1)
    n_asked = 0

    def third() -> bool:
        nonlocal n_asked
        n_asked += 1
        return n_asked == 3

    with pytest.raises(TaskStopped):
        log_likelihoods(engine.adapter, PAIRS, third)
    assert n_asked == 3
