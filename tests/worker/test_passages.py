"""Passages: what counts of completions, answers and single tokens, against sae-lens reading the whole text."""

from __future__ import annotations

import math
from typing import Any

import pytest
import torch

from steer_widget.errors import InvalidInput, OutOfMemory, PromptTooLong
from steer_widget.protocol import ContrastOf, FeaturesByToken, FeaturesOn, FiringByToken, Passage, ReadMeans
from steer_widget.spec import Message
from steer_widget.worker import firing_by_token, passages
from tests.tiny import make
from tests.worker.conftest import make_engine
from tests.worker.test_firing import PROMPT, activations, agrees

COMPLETION = " and the sea was white. She said"
USER = Message("user", "Hello sea")


def ids_of(engine: Any, text: str) -> list[int]:
    return list(engine.adapter.tokenizer(text)["input_ids"])


def written(engine: Any, **options: Any) -> tuple[Passage, list[int], int]:
    """A completion behind a prompt; all of its tokens, and how many are the prompt's."""
    before, behind = ids_of(engine, PROMPT), ids_of(engine, COMPLETION)
    return Passage(PROMPT, completion=tuple(behind), **options), before + behind, len(before)


def on(engine: Any, passage: Passage) -> Any:
    return engine.firing(FeaturesOn(1, passage, k=make.D_SAE))


def test_a_completion_is_read_behind_its_prompt(engine: Any) -> None:
    passage, ids, n_prompt = written(engine, part="completion")
    acts = activations(engine, ids)
    found = on(engine, passage)
    agrees(found, acts, list(range(n_prompt, len(ids))), {})
    assert (found.n_prompt, [t.token_id for t in found.tokens]) == (n_prompt, ids)
    whole, _, _ = written(engine)
    agrees(on(engine, whole), acts, list(range(len(ids))), {})


@pytest.mark.parametrize(("part", "first"), [("all", 0), ("completion", 7)])
def test_single_tokens_are_numbered_within_their_part(engine: Any, part: Any, first: int) -> None:
    passage, ids, n_prompt = written(engine, part=part, tokens=(1, 3))
    first = n_prompt if part == "completion" else 0
    agrees(on(engine, passage), activations(engine, ids), [first + 1, first + 3], {})
    n = len(ids) - first
    for wrong in (n, -1):
        with pytest.raises(InvalidInput, match=f"0 to {n - 1}") as caught:
            on(engine, written(engine, part=part, tokens=(wrong,))[0])
        assert caught.value.field == "tokens"


def test_a_chat_s_completion_is_read_behind_its_template(engine: Any) -> None:
    before, behind = ids_of(engine, "<|user|>Hello sea<|end|><|assistant|>"), ids_of(engine, " white snow")
    as_text = Passage("Hello sea", chat=True, completion=tuple(behind), part="completion")
    as_chat = Passage((USER,), completion=tuple(behind), part="completion")
    assert on(engine, as_text) == on(engine, as_chat)
    acts = activations(engine, before + behind)
    agrees(on(engine, as_chat), acts, list(range(len(before), len(before) + len(behind))), {})


def test_an_answer_is_what_stands_behind_the_turns_before(engine: Any) -> None:
    answer = "The mountains were white"
    ids = ids_of(engine, f"<|user|>Hello sea<|end|><|assistant|>{answer}")
    n_before = len(ids_of(engine, "<|user|>Hello sea<|end|><|assistant|>"))
    passage = Passage((USER,), answer=answer, part="completion")
    found = on(engine, passage)
    assert (found.n_prompt, [t.token_id for t in found.tokens]) == (n_before, ids)
    acts = activations(engine, ids)
    agrees(found, acts, list(range(n_before, len(ids))), {})
    scored = engine.contrast(ContrastOf(1, (passage,), (Passage(PROMPT),), k=make.D_SAE)).features
    difference = acts[n_before:].mean(0) - activations(engine, ids_of(engine, PROMPT)).mean(0)
    assert {one.index: one.score for one in scored} == pytest.approx(
        {n: d for n, d in enumerate(difference.tolist()) if d}, rel=1e-3, abs=1e-5
    )


def test_the_means_of_completions_leave_out_their_prompts(engine: Any) -> None:
    passage, ids, n_prompt = written(engine, part="completion")
    with torch.no_grad():
        h = engine.adapter.model(torch.tensor([ids]), output_hidden_states=True).hidden_states[3][0]
    found = engine.means(ReadMeans(1, (Passage("the snow"), passage))).values[1]
    assert found == pytest.approx(h[n_prompt:].mean(0).tolist(), abs=1e-4)


def test_what_is_no_passage_of_this_model_is_refused(engine: Any) -> None:
    with pytest.raises(InvalidInput, match="another model") as caught:
        on(engine, Passage(PROMPT, completion=(engine.adapter.d_vocab,)))
    assert caught.value.field == "completion"
    with pytest.raises(InvalidInput, match="at least one token"):
        on(engine, Passage(PROMPT, part="completion"))
    n_left = make.N_CONTEXT - len(ids_of(engine, PROMPT))
    assert on(engine, Passage(PROMPT, completion=(9,) * n_left)).features
    with pytest.raises(PromptTooLong):
        on(engine, Passage(PROMPT, completion=(9,) * (n_left + 1)))


def test_texts_that_do_not_fit_together_are_read_by_halves(engine: Any, monkeypatch: Any) -> None:
    texts = tuple(Passage("the sea " * n) for n in (1, 5, 2, 4, 3))
    wanted = engine.means(ReadMeans(1, texts)).values
    read, limit = type(engine.adapter).read, [2]

    def scarce(adapter: Any, prefixes: Any, cache: Any) -> None:
        if len(prefixes.token_ids) > limit[0]:
            raise torch.OutOfMemoryError("none left")
        read(adapter, prefixes, cache)

    monkeypatch.setattr(type(engine.adapter), "read", scarce)
    for found, value in zip(engine.means(ReadMeans(1, texts)).values, wanted, strict=True):
        assert found == pytest.approx(value, abs=1e-4)
    limit[0] = 0
    with pytest.raises(OutOfMemory):
        engine.means(ReadMeans(1, texts))
    assert passages._MAX_TOKENS >= 4096


# ---- token by token


def by_token(engine: Any, passage: Passage, **options: Any) -> FiringByToken:
    return engine.firing_by_token(FeaturesByToken(1, passage, **{"k": make.D_SAE, **options}))


@pytest.mark.parametrize("n_numbers", [1 << 24, 100])
def test_each_token_has_its_own_features(engine: Any, monkeypatch: Any, n_numbers: int) -> None:
    monkeypatch.setattr(firing_by_token, "_N_NUMBERS", n_numbers)
    passage, ids, n_prompt = written(engine)
    acts = activations(engine, ids)
    density = {0: 1.0, 1: 1e-5, 2: 0.5}
    found = by_token(engine, passage, density=density)
    assert (found.n_prompt, found.counts) == (n_prompt, tuple(range(len(ids))))
    for own, features in zip(acts, found.features, strict=True):
        scores = {n: float(act) * -math.log(density.get(n, 0.01)) for n, act in enumerate(own)}
        wanted = sorted((n for n, one in scores.items() if one > 0), key=lambda n: -scores[n])
        assert [one.index for one in features] == wanted
        assert [one.act for one in features] == pytest.approx(
            [float(own[n]) for n in wanted], rel=1e-4, abs=1e-5
        )
    assert any(float(own[0]) > 0 for own in acts), "it fires, and is left out"
    three = by_token(engine, passage, density=density, k=3).features
    assert three == tuple(features[:3] for features in found.features)


def test_tokens_that_do_not_count_have_none(tiny_folders: Any) -> None:
    engine = make_engine(*tiny_folders)
    ids = ids_of(engine, "<|user|>Hello sea and snow<|end|><|assistant|>")
    with torch.no_grad():
        engine.adapter.model.get_input_embeddings().weight[ids[2]] *= 60
    found = by_token(engine, Passage((Message("user", "Hello sea and snow"),)))
    left_out = {0, 2, len(ids) - 2, len(ids) - 1}
    assert found.counts == tuple(n for n in range(len(ids)) if n not in left_out)
    assert {n for n, features in enumerate(found.features) if not features} == left_out
    assert all(token.token_id == token_id for token, token_id in zip(found.tokens, ids, strict=True))
