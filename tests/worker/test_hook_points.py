"""Names of hook points: what they find in a model, and what is said of those that name nothing."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from steer_widget.errors import HookInactive, InvalidInput, SaeMismatch
from steer_widget.spec import Feature, Generation, Grid, columns
from steer_widget.worker import hook_points
from steer_widget.worker.adapter import Adapter
from tests.tiny import make
from tests.worker.conftest import make_engine, run

KINDS = (
    "hook_resid_pre",
    "hook_resid_mid",
    "hook_resid_post",
    "hook_attn_out",
    "hook_mlp_out",
    "attn.hook_z",
)
LAYER = 1


@pytest.fixture(scope="module")
def model_of(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Any]:
    from transformers import AutoModelForCausalLM

    root = tmp_path_factory.mktemp("models")
    models: dict[str, Any] = {}

    def get(family: str) -> Any:
        if family not in models:
            folder = make.make_model(root / family, family)
            models[family] = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32).eval()
        return models[family]

    return get


@pytest.mark.parametrize(
    ("family", "given", "path", "side"),
    [
        # as sae-lens gives them for Gemma Scope 2
        ("gemma3_text", "model.layers.1.output", "model.layers.1", "output"),
        ("gemma3_text", "model.layers.1.self_attn.o_proj.input", "model.layers.1.self_attn.o_proj", "input"),
        (
            "gemma3_text",
            "model.layers.1.post_feedforward_layernorm.output",
            "model.layers.1.post_feedforward_layernorm",
            "output",
        ),
        # for Qwen Scope, and where an SAE was trained on a Hugging Face model
        ("qwen3", "model.layers.1", "model.layers.1", "output"),
        ("gpt2", "transformer.h.1.mlp", "transformer.h.1.mlp", "output"),
        # made for the text model, used in the multimodal one, and the other way round
        ("gemma3", "model.layers.1.output", "model.language_model.layers.1", "output"),
        ("gemma3", "language_model.model.layers.1", "model.language_model.layers.1", "output"),
        ("gemma3_text", "model.language_model.layers.1.mlp", "model.layers.1.mlp", "output"),
        # made for the decoder without its head
        ("llama", "layers.1.input", "model.layers.1", "input"),
        ("gpt2", "h.1", "transformer.h.1", "output"),
    ],
)
def test_a_path_is_found(model_of, family, given, path, side) -> None:
    model = model_of(family)
    for point in (
        hook_points.find(model, "blocks.1.hook_resid_post", given),
        hook_points.find(model, given),
    ):
        assert point.module is model.get_submodule(path)
        assert (point.side, point.layer) == (side, 1)


@pytest.mark.parametrize(
    "given",
    [
        "model.layers.4.output",
        "model.layers.1.nothing",
        "model.layers.1.self_attn.scaling",
        "model.norm",
        "model.embed_tokens.output",
        "transformer.h.1",
        "gpt_neox.layers.1",
        "model.1",
        "model.layers.one",
        "blocks.1.hook_q",
        "output",
    ],
)
def test_a_wrong_path_is_an_error_that_names_it(model_of, given) -> None:
    with pytest.raises(SaeMismatch) as caught:
        hook_points.find(model_of("llama"), "blocks.1.hook_resid_post", given)
    assert caught.value.field == "hf_hook_name"
    assert given in caught.value.message
    with pytest.raises(SaeMismatch) as caught:
        hook_points.find(model_of("llama"), given)
    assert caught.value.field == ("layer" if given == "model.layers.4.output" else "hook_name")


def test_names_of_two_layers_contradict_each_other(model_of) -> None:
    with pytest.raises(SaeMismatch, match=r"layer 2, as its hook_name blocks\.2\.hook_resid_post says"):
        hook_points.find(model_of("llama"), "blocks.2.hook_resid_post", "model.layers.1.output")


def test_a_path_goes_before_a_name_that_the_map_cannot_place(model_of) -> None:
    model = model_of("phi")
    point = hook_points.find(model, "blocks.1.hook_resid_mid", "model.layers.1.input_layernorm.output")
    assert point.module is model.model.layers[1].input_layernorm


def test_a_path_to_the_stream_edits_the_stream(model_of) -> None:
    model = model_of("llama")
    path = "model.layers.1.post_attention_layernorm.input"
    assert hook_points.find(model, "blocks.1.hook_resid_mid", path).is_stream
    assert not hook_points.find(model, path).is_stream  # a module's input alone


@pytest.mark.parametrize("kind", KINDS)
def test_first_block_is_the_first_that_an_edit_changes(model_of, kind) -> None:
    model = model_of("llama")
    for layer in range(make.N_LAYERS):
        wanted = layer + 1 if kind == "hook_resid_post" else layer
        assert hook_points.first_block(hook_points.find(model, f"blocks.{layer}.{kind}")) == wanted
    assert hook_points.first_block(hook_points.find(model, "model.layers.3.output")) == make.N_LAYERS
    assert hook_points.first_block(hook_points.find(model, "model.layers.3.mlp.output")) == 3


def test_blocks_of_a_family_without_a_name_here_are_found() -> None:
    from transformers import BioGptConfig, BioGptForCausalLM

    model = BioGptForCausalLM(
        BioGptConfig(vocab_size=32, hidden_size=16, num_hidden_layers=3, num_attention_heads=2)
    )
    assert hook_points.blocks(model) is model.biogpt.layers
    assert hook_points.find(model, "biogpt.layers.1.fc2").module is model.biogpt.layers[1].fc2


def test_a_model_with_nothing_like_blocks_is_refused() -> None:
    from transformers import XLMConfig, XLMWithLMHeadModel

    model = XLMWithLMHeadModel(XLMConfig(vocab_size=32, emb_dim=16, n_layers=2, n_heads=2))
    with pytest.raises(SaeMismatch) as caught:
        hook_points.blocks(model)
    assert caught.value.field == "model"


def test_a_model_without_a_cache_is_refused(engine) -> None:
    from transformers import OpenAIGPTConfig, OpenAIGPTLMHeadModel

    model = OpenAIGPTLMHeadModel(OpenAIGPTConfig(vocab_size=32, n_embd=16, n_layer=2, n_head=2))
    with pytest.raises(InvalidInput, match="past_key_values"):
        Adapter(model, engine.adapter.tokenizer)


def test_a_part_that_is_not_known_is_refused_by_the_parts_there_are() -> None:
    from transformers import MambaConfig, MambaForCausalLM

    model = MambaForCausalLM(MambaConfig(vocab_size=32, hidden_size=16, num_hidden_layers=2, state_size=4))
    with pytest.raises(SaeMismatch, match="Its parts are norm, mixer"):
        hook_points.find(model, "blocks.1.hook_attn_out")


@pytest.mark.parametrize("kind", KINDS)
def test_steering_acts_at_every_hook_point(tmp_path: Path, kind: str) -> None:
    hook_name = f"blocks.{LAYER}.{kind}"
    engine = make_engine(
        make.make_model(tmp_path / "model"), make.make_sae(tmp_path / "sae", hook_name=hook_name)
    )
    edit = Feature(3).at(20.0, unit="raw", method="add", positions="all")
    grid = Grid(
        ("I went for a walk and",),
        columns([edit], combine=False, baseline=True),
        1,
        Generation(max_new_tokens=8),
    )
    ran = run(engine, grid)
    assert ran.tokens[0] != ran.tokens[1]
    assert ran.ends[1].measures.dose > 0


@pytest.mark.parametrize("name", ["blocks.4.hook_resid_post", "blocks.1.hook_q", "model.layers", ""])
def test_points_that_do_not_exist_are_refused(engine, name) -> None:
    with pytest.raises(SaeMismatch):
        engine.adapter.point(name)


def test_a_point_whose_edit_changes_nothing_is_refused(tmp_path: Path, monkeypatch) -> None:
    folders = make.make_model(tmp_path / "model"), make.make_sae(tmp_path / "sae")
    from transformers.models.llama.modeling_llama import LlamaDecoderLayer

    forward = LlamaDecoderLayer.forward

    def only_runs(self, hidden_states, *args, **kwargs):
        """Layer 2 runs, but its output is thrown away."""
        output = forward(self, hidden_states, *args, **kwargs)
        return output if self.self_attn.layer_idx != 3 else torch.zeros_like(output) + 1.0

    monkeypatch.setattr(LlamaDecoderLayer, "forward", only_runs)
    with pytest.raises(HookInactive, match="unchanged"):
        make_engine(*folders)
