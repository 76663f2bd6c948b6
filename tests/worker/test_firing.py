"""Features that fire on a prompt, against sae-lens reading the model's own hidden states."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pytest
import torch
from sae_lens import SAE

from steer_widget.errors import GenerationError, InvalidInput, PromptTooLong, SaeMismatch
from steer_widget.protocol import FeaturesOn, Firing, Passage
from steer_widget.spec import Message
from steer_widget.worker import firing
from tests.tiny import make
from tests.worker.conftest import make_engine, sae_of

PROMPT = "The mountains were white with snow"
CHAT = (Message("user", "Hello sea"),)


def ask(engine: Any, prompt: Any = PROMPT, chat: bool = False, **options: Any) -> Firing:
    return engine.firing(FeaturesOn(1, Passage(prompt, chat), **{"k": make.D_SAE, **options}))


def activations(engine: Any, ids: list[int]) -> torch.Tensor:
    """What sae-lens reads behind block 2 `[seq, d_sae]`."""
    theirs = SAE.load_from_disk(Path(sae_of(engine).name))
    with torch.no_grad():
        h = engine.adapter.model(torch.tensor([ids]), output_hidden_states=True).hidden_states[3][0]
        return theirs.encode(h)


def agrees(found: Firing, acts: torch.Tensor, counting: list[int], density: dict[int, float]) -> None:
    largest = acts[counting].amax(0)
    assert {f.index for f in found.features} == set(largest.nonzero().flatten().tolist())
    for feature in found.features:
        own = acts[:, feature.index]
        assert feature.max_act == pytest.approx(float(own[counting].max()), rel=1e-4)
        assert feature.mean_act == pytest.approx(float(own[counting].mean()), rel=1e-4)
        assert feature.token in counting
        assert float(own[feature.token]) == pytest.approx(feature.max_act, rel=1e-4)
    scores = [f.max_act * -math.log(density.get(f.index, 0.01)) for f in found.features]
    assert scores == sorted(scores, reverse=True)


@pytest.mark.parametrize("n_numbers", [1 << 24, 100])
def test_features_agree_with_sae_lens(engine, monkeypatch, n_numbers) -> None:
    monkeypatch.setattr(firing, "_N_NUMBERS", n_numbers)
    ids = engine.adapter.tokenizer(PROMPT)["input_ids"]
    found = ask(engine)
    agrees(found, activations(engine, ids), list(range(len(ids))), {})
    assert 5 < len(found.features) < make.D_SAE
    assert [t.token_id for t in found.tokens] == ids
    assert "".join(t.text for t in found.tokens) == PROMPT
    assert ask(engine, k=3).features == found.features[:3]


def test_those_that_always_fire_come_last(engine) -> None:
    best = ask(engine).features
    density = {best[0].index: 1.0, best[1].index: 0.9, best[5].index: 1e-5}
    ids = engine.adapter.tokenizer(PROMPT)["input_ids"]
    ranked = ask(engine, density=density)
    acts = activations(engine, ids)
    agrees(ranked, acts, list(range(len(ids))), density)
    order = [feature.index for feature in ranked.features]
    assert order[-1] == best[0].index
    assert order.index(best[1].index) > len(order) // 2
    assert order[0] == best[5].index
    assert {f.index: f.max_act for f in ranked.features} == {f.index: f.max_act for f in best}


def test_special_tokens_are_left_out_and_chats_read_by_their_template(engine) -> None:
    ids = engine.adapter.tokenizer("<|user|>Hello sea<|end|><|assistant|>")["input_ids"]
    found = ask(engine, CHAT)
    assert found == ask(engine, "Hello sea", chat=True)
    special = {n for n, token in enumerate(found.tokens) if token.is_special}
    assert special == {0, len(ids) - 2, len(ids) - 1}
    agrees(found, activations(engine, ids), [n for n in range(len(ids)) if n not in special], {})
    assert ask(engine, "<|user|><|end|>").features == ()


def test_attention_sinks_are_left_out(tiny_folders, tmp_path) -> None:
    engine = make_engine(*tiny_folders)
    tokenizer, model = engine.adapter.tokenizer, engine.adapter.model
    ids = tokenizer(PROMPT)["input_ids"]
    with torch.no_grad():
        model.get_input_embeddings().weight[ids[1]] *= 60
    found = ask(engine)
    counting = [n for n, token_id in enumerate(ids) if token_id != ids[1]]
    assert len(counting) == len(ids) - 1
    acts = activations(engine, ids)
    agrees(found, acts, counting, {})
    assert float(acts[1].max()) > 3 * max(f.max_act for f in found.features)


def test_what_cannot_be_read_is_refused(tiny_folders, engine) -> None:
    with pytest.raises(InvalidInput) as caught:
        ask(engine, sae="nobody")
    assert caught.value.field == "sae"
    with pytest.raises(PromptTooLong):
        ask(engine, " sea" * make.N_CONTEXT)


def test_activations_that_are_no_numbers_are_told(tiny_folders) -> None:
    engine = make_engine(*tiny_folders)
    with torch.no_grad():
        engine.adapter.model.model.layers[0].mlp.down_proj.weight[0, 0] = torch.nan
    with pytest.raises(GenerationError, match="not finite"):
        ask(engine)


def test_an_sae_without_an_encoder_says_so(tiny_folders, tmp_path) -> None:
    from safetensors.torch import load_file, save_file

    folder = make.make_sae(tmp_path / "sae")
    weights = folder / "sae_weights.safetensors"
    save_file({"W_dec": load_file(weights)["W_dec"]}, weights)
    with pytest.raises(SaeMismatch, match="only be added"):
        ask(make_engine(tiny_folders[0], folder))
