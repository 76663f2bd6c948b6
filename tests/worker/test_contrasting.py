"""Features that tell texts apart, against sae-lens reading the model's own hidden states."""

from __future__ import annotations

import math
import statistics
from pathlib import Path
from typing import Any

import pytest
import torch
from sae_lens import SAE

from steer_widget.errors import InvalidInput, PromptTooLong, SaeMismatch
from steer_widget.protocol import ContrastOf, Passage, Scored
from steer_widget.spec import Message
from steer_widget.worker import contrasting
from tests.tiny import make
from tests.worker.conftest import make_engine, sae_of

A = ("The mountains were white with snow", "snow", "I saw snow and mountains. White snow.")
B = ("What do you do with good news?", "She said that the letter had come too late; he did not answer")


def ask(engine: Any, a: Any, b: Any, **options: Any) -> Scored:
    return engine.contrast(ContrastOf(1, passages(a), passages(b), **{"k": make.D_SAE, **options}))


def passages(texts: Any) -> tuple[Passage, ...]:
    return tuple(text if isinstance(text, Passage) else Passage(text) for text in texts)


def activations(engine: Any, ids: list[int]) -> torch.Tensor:
    """What sae-lens reads behind block 2 `[seq, d_sae]`."""
    theirs = SAE.load_from_disk(Path(sae_of(engine).name))
    with torch.no_grad():
        h = engine.adapter.model(torch.tensor([ids]), output_hidden_states=True).hidden_states[3][0]
        return theirs.encode(h)


def means(engine: Any, texts: tuple[str, ...]) -> list[list[float]]:
    """Mean activations of each text."""
    tokenizer = engine.adapter.tokenizer
    return [activations(engine, tokenizer(text)["input_ids"]).mean(0).tolist() for text in texts]


def effects(a: list[list[float]], b: list[list[float]]) -> dict[int, float]:
    """Cohen's d of each feature, its spread at least the median of those that fire."""
    columns = [(list(p), list(q)) for p, q in zip(zip(*a, strict=True), zip(*b, strict=True), strict=True)]
    n_free = len(a) + len(b) - 2

    def squares(values: list[float]) -> float:
        return sum((value - statistics.fmean(values)) ** 2 for value in values)

    spreads = [math.sqrt((squares(p) + squares(q)) / n_free) for p, q in columns]
    fires = [any(p) or any(q) for p, q in columns]
    least = statistics.median_low([s for s, fire in zip(spreads, fires, strict=True) if fire])
    return {
        n: (statistics.fmean(p) - statistics.fmean(q)) / max(spreads[n], least)
        for n, (p, q) in enumerate(columns)
        if fires[n]
    }


def agrees(found: Scored, wanted: dict[int, float]) -> None:
    assert {one.index for one in found.features} == {n for n, score in wanted.items() if score}
    for one in found.features:
        assert one.score == pytest.approx(wanted[one.index], rel=1e-3, abs=1e-5)
    sizes = [abs(one.score) for one in found.features]
    assert sizes == sorted(sizes, reverse=True)


@pytest.mark.parametrize("n_numbers", [1 << 24, 100])
def test_several_texts_give_cohens_d(engine, monkeypatch, n_numbers) -> None:
    monkeypatch.setattr(contrasting, "_N_NUMBERS", n_numbers)
    wanted = effects(means(engine, A), means(engine, B))
    found = ask(engine, A, B)
    agrees(found, wanted)
    assert 5 < len(found.features) <= make.D_SAE
    assert min(one.score for one in found.features) < 0 < max(one.score for one in found.features)
    assert ask(engine, A, B, k=3).features == found.features[:3]
    turned = {one.index: -one.score for one in ask(engine, B, A).features}
    assert turned == pytest.approx({one.index: one.score for one in found.features}, abs=1e-9)
    agrees(ask(engine, A, B[:1]), effects(means(engine, A), means(engine, B[:1])))


def test_one_text_each_gives_the_plain_difference(engine) -> None:
    (a,), (b,) = means(engine, A[:1]), means(engine, B[:1])
    agrees(ask(engine, A[:1], B[:1]), {n: p - q for n, (p, q) in enumerate(zip(a, b, strict=True))})
    assert ask(engine, A[:1], A[:1]).features == ()


def test_the_last_token_alone(engine) -> None:
    ids = [engine.adapter.tokenizer(text)["input_ids"] for text in (A[0], B[0])]
    difference = activations(engine, ids[0])[-1] - activations(engine, ids[1])[-1]
    agrees(ask(engine, A[:1], B[:1], pool="last"), dict(enumerate(difference.tolist())))


def test_those_that_always_fire_come_last(engine) -> None:
    wanted = effects(means(engine, A), means(engine, B))
    best = ask(engine, A, B).features
    density = {best[0].index: 1.0, best[5].index: 1e-5}
    weighed = {n: d * -math.log(density.get(n, 0.01)) for n, d in wanted.items()}
    ranked = ask(engine, A, B, density=density)
    agrees(ranked, weighed)
    assert ranked.features[0].index == best[5].index
    assert best[0].index not in {one.index for one in ranked.features}


def test_special_tokens_and_sinks_are_left_out(tiny_folders) -> None:
    engine = make_engine(*tiny_folders)
    tokenizer, model = engine.adapter.tokenizer, engine.adapter.model
    ids = tokenizer("<|user|>Hello sea<|end|><|assistant|>")["input_ids"]
    other = tokenizer(A[0])["input_ids"]
    with torch.no_grad():
        model.get_input_embeddings().weight[other[1]] *= 60
    counting = [n for n, token_id in enumerate(other) if token_id != other[1]]
    assert len(counting) == len(other) - 1
    inside = activations(engine, ids)[1:-2].mean(0)
    difference = inside - activations(engine, other)[counting].mean(0)
    found = ask(engine, ((Message("user", "Hello sea"),),), A[:1])
    agrees(found, dict(enumerate(difference.tolist())))


def test_what_cannot_be_read_is_refused(engine) -> None:
    with pytest.raises(InvalidInput, match="not special") as caught:
        ask(engine, A, ("<|user|><|end|>",))
    assert caught.value.field == "texts"
    with pytest.raises(InvalidInput) as caught:
        ask(engine, A, B, sae="nobody")
    assert caught.value.field == "sae"
    with pytest.raises(PromptTooLong):
        ask(engine, A, (" sea" * make.N_CONTEXT,))


def test_an_sae_without_an_encoder_says_so(tiny_folders, tmp_path) -> None:
    from safetensors.torch import load_file, save_file

    folder = make.make_sae(tmp_path / "sae")
    weights = folder / "sae_weights.safetensors"
    save_file({"W_dec": load_file(weights)["W_dec"]}, weights)
    with pytest.raises(SaeMismatch, match="only be added"):
        ask(make_engine(tiny_folders[0], folder), A, B)
