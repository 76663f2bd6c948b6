"""Logit lens of a direction, against the final norm and the unembedding written out for each family."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file

from steer_widget.errors import GenerationError, InvalidInput, SaeMismatch, UnknownFeature
from steer_widget.protocol import LensOf
from steer_widget.saes import load_sae
from steer_widget.spec import Control, Feature, Vector
from steer_widget.worker.engine import Engine
from tests.tiny import make
from tests.worker.conftest import make_engine, sae_of
from tests.worker.families import (
    FAMILIES,
    NORM_BEHIND_ATTENTION,
    block_of,
    last_reader_of,
    projection_of,
    weight_of,
    writer_of,
)

LESS_ONE = {"gemma", "gemma2", "gemma3", "gemma3_text"}  # they keep γ less 1
LAYER_NORM = {
    "gpt2", "gpt_neox", "gpt_neox_sequential", "phi", "opt", "gptj", "gpt_neo", "falcon", "falcon_two_norms",
    "falcon_sequential", "bloom",
}  # fmt: skip


def lens(model: Any, family: str, d: torch.Tensor) -> torch.Tensor:
    """What a direction adds to each logit, less the mean `[d_vocab]`."""
    reader = last_reader_of(model, family)
    if family == "opt_post_norm":  # no final norm: a projection to the narrower embeddings
        d = reader.weight @ d
    elif family in LAYER_NORM:
        d = reader.weight * (d - d.mean())
    else:
        d = (reader.weight + (family in LESS_ONE)) * d
    logits = model.get_output_embeddings().weight @ d
    return logits - logits.mean()


def unlike_ones(engine: Any, family: str) -> Any:
    """The model with a final norm that scales and shifts each dimension otherwise, and a head with a bias if it has one."""
    random = torch.Generator().manual_seed(5)
    model = engine.adapter.model
    with torch.no_grad():
        for module in (last_reader_of(model, family), model.get_output_embeddings()):
            for name, parameter in module.named_parameters():
                if parameter.ndim == 1:
                    parameter.copy_(torch.randn(parameter.shape, generator=random) + (name == "weight"))
    return model


@pytest.mark.parametrize("family", FAMILIES)
def test_each_family_s_final_norm_and_unembedding_are_found(tmp_path: Path, family: str) -> None:
    engine = make_engine(make.make_model(tmp_path / "model", family), make.make_sae(tmp_path / "sae"))
    model = unlike_ones(engine, family)
    d = load_file(tmp_path / "sae" / "sae_weights.safetensors")["W_dec"][7]
    with torch.no_grad():
        wanted = lens(model, family, d)
    found = engine.lens(LensOf(1, Feature(7), len(wanted)))
    assert [t.token_id for t in found.up] == [t.token_id for t in reversed(found.down)]
    logits = torch.zeros(len(wanted))
    for token in found.up:
        logits[token.token_id] = token.logit
    torch.testing.assert_close(logits, wanted, rtol=1e-4, atol=1e-4 * float(wanted.abs().max()))
    assert [t.logit for t in found.up] == sorted((t.logit for t in found.up), reverse=True)


def test_both_ends_are_told_with_their_texts(engine) -> None:
    model, tokenizer = engine.adapter.model, engine.adapter.tokenizer
    with torch.no_grad():
        wanted = lens(
            model, "llama", load_file(Path(sae_of(engine).name) / "sae_weights.safetensors")["W_dec"][3]
        )
    found = engine.lens(LensOf(1, Feature(3), 5))
    order = wanted.argsort(descending=True).tolist()
    assert [t.token_id for t in found.up] == order[:5]
    assert [t.token_id for t in found.down] == order[::-1][:5]
    assert [t.text for t in found.up] == [tokenizer.decode([token_id]) for token_id in order[:5]]
    assert found.up[0].logit > 0 > found.down[0].logit


def test_vectors_and_controls_have_one_too(engine) -> None:
    d = torch.randn(make.D_MODEL, generator=torch.Generator().manual_seed(3))
    vector = Vector(d.tolist())
    with torch.no_grad():
        order = lens(engine.adapter.model, "llama", d).argsort(descending=True).tolist()
    assert [t.token_id for t in engine.lens(LensOf(1, vector, 9)).up] == order[:9]
    at_mlp = Vector(d.tolist(), hook_name="blocks.1.hook_mlp_out")
    assert engine.lens(LensOf(1, at_mlp, 9)) == engine.lens(LensOf(1, vector, 9))
    controls = {engine.lens(LensOf(1, Control(vector, seed), 9)).up for seed in (0, 1)}
    assert len(controls) == 2


def test_half_precision_is_read_as_the_numbers_it_holds(tiny_folders) -> None:
    engine = make_engine(*tiny_folders)
    model = unlike_ones(engine, "llama").bfloat16()
    engine.adapter.dtype = torch.bfloat16
    d = load_file(tiny_folders[1] / "sae_weights.safetensors")["W_dec"][7]
    found = engine.lens(LensOf(1, Feature(7), 20))
    with torch.no_grad():
        wanted = lens(model.float(), "llama", d)
    for token in (*found.up, *found.down):
        assert token.logit == pytest.approx(float(wanted[token.token_id]), rel=1e-4, abs=1e-4)


@pytest.mark.parametrize("family", ["llama", "gpt2"])
def test_parts_that_lie_on_disk_are_read_too(tmp_path: Path, family: str) -> None:
    from transformers import AutoModelForCausalLM, AutoTokenizer

    folder, sae_folder = make.make_model(tmp_path / "model", family), make.make_sae(tmp_path / "sae")
    plain = make_engine(folder, sae_folder)
    final = {"llama": "model.norm", "gpt2": "transformer.ln_f"}[family]
    parts = {name for name, module in plain.adapter.model.named_modules() if not list(module.children())}
    placed = {part: "disk" if part in (final, "lm_head") else "cpu" for part in parts}
    model = AutoModelForCausalLM.from_pretrained(
        folder, dtype=torch.float32, device_map=placed, offload_folder=tmp_path / "offload"
    )
    assert model.get_submodule(final).weight.is_meta
    saes = {"": load_sae(str(sae_folder))}
    engine = Engine(model.eval(), AutoTokenizer.from_pretrained(folder), saes, model_name="tiny")
    found, wanted = (one.lens(LensOf(1, Feature(7), 30)) for one in (engine, plain))
    assert [t.token_id for t in found.up] == [t.token_id for t in wanted.up]
    assert [t.logit for t in found.down] == pytest.approx([t.logit for t in wanted.down], rel=1e-4)


@pytest.mark.parametrize("family", ["llama", "gpt2", "gemma2", "olmo2", "falcon"])
def test_what_heads_write_goes_through_their_projection_first(engine_of, family: str) -> None:
    engine = engine_of(family)
    model, z = engine.adapter.model, torch.randn(make.D_MODEL, generator=torch.Generator().manual_seed(4))
    block = block_of(model, family, 1)
    with torch.no_grad():
        written = z @ weight_of(projection_of(block, family), family)
        if family in NORM_BEHIND_ATTENTION:
            written = written * (writer_of(block, family).weight + (family in LESS_ONE))
        wanted = lens(model, family, written)
    found = engine.lens(LensOf(1, Vector(z.tolist(), hook_name="blocks.1.attn.hook_z"), 5))
    assert [t.token_id for t in found.up] == wanted.argsort(descending=True)[:5].tolist()
    assert [t.logit for t in found.up] == pytest.approx(wanted.topk(5).values.tolist(), rel=1e-4)


def test_what_has_no_lens_is_refused(engine) -> None:
    with pytest.raises(InvalidInput) as caught:
        engine.lens(
            LensOf(1, Vector([1.0] * make.D_MODEL, hook_name="model.layers.1.self_attn.q_proj.input"))
        )
    assert caught.value.field == "hook_name"
    with pytest.raises(SaeMismatch, match="32"):
        engine.lens(LensOf(1, Vector([1.0, 2.0])))
    with pytest.raises(UnknownFeature):
        engine.lens(LensOf(1, Feature(make.D_SAE)))


def test_a_model_that_does_something_else_behind_its_blocks_is_refused(tiny_folders) -> None:
    engine = make_engine(*tiny_folders)
    engine.adapter.head.register_forward_pre_hook(lambda _module, args: (args[0] * 2,), prepend=True)
    with pytest.raises(GenerationError, match="behind its last block"):
        engine.lens(LensOf(1, Feature(7)))
