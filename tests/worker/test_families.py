"""Every family of decoders: its hook points lie where their names say, and its texts are the reference's."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from steer_widget.errors import SaeMismatch
from steer_widget.spec import Feature, Generation, Grid, Positions, Steering
from steer_widget.worker import hook_points
from steer_widget.worker.engine import Engine
from steer_widget.worker.tap import Tap
from tests.tiny import make
from tests.worker.conftest import make_engine, run
from tests.worker.reference import greedy

FAMILIES = list(make.CONFIGS)
PARALLEL = {"gpt_neox", "phi", "gptj", "falcon", "falcon_two_norms"}
NORM_BEHIND_ATTENTION = {"gemma2", "gemma3", "gemma3_text", "gemma4_text", "olmo2"}
# Decode steps of these take the quick way of grouped queries on the CPU.
PACKED = {"llama", "qwen2", "mixtral", "qwen3", "gemma", "olmo2"}
LAYER = 1
IDS = torch.arange(5, 29)[None]


@pytest.fixture(scope="module")
def engines(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Engine]:
    root = tmp_path_factory.mktemp("families")
    sae = make.make_sae(root / "sae")
    return {family: make_engine(make.make_model(root / family, family), sae) for family in FAMILIES}


@pytest.fixture(params=FAMILIES)
def family(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture
def engine(engines: dict[str, Engine], family: str) -> Engine:
    return engines[family]


@pytest.fixture
def model(engine: Engine) -> Any:
    return engine.adapter.model


def read(model: Any, kind: str, layer: int = LAYER) -> torch.Tensor:
    """The tensor at a hook point on a fixed input `[seq, width]`."""
    seen: list[torch.Tensor] = []

    def keep(h: torch.Tensor) -> None:
        seen.append(h.clone())

    with Tap(hook_points.find(model, f"blocks.{layer}.{kind}"), keep), torch.no_grad():
        model(IDS)
    (h,) = seen
    return h[0]


def logits_with(model: Any, kind: str, edit: torch.Tensor, layer: int = LAYER) -> torch.Tensor:
    """Logits `[seq, d_vocab]` with a vector added at a hook point."""
    with Tap(hook_points.find(model, f"blocks.{layer}.{kind}"), lambda h: h + edit), torch.no_grad():
        return model(IDS).logits[0]


def hidden_states(model: Any) -> tuple[torch.Tensor, ...]:
    with torch.no_grad():
        return model(IDS, output_hidden_states=True).hidden_states


def close(actual: torch.Tensor, wanted: torch.Tensor) -> None:
    torch.testing.assert_close(actual, wanted, atol=2e-5, rtol=2e-5)


def test_streams_are_the_models_own_hidden_states(model) -> None:
    streams = hidden_states(model)
    for layer in range(make.N_LAYERS):
        assert torch.equal(read(model, "hook_resid_pre", layer), streams[layer][0])
        if layer < make.N_LAYERS - 1:  # transformers gives the last one behind the final norm
            assert torch.equal(read(model, "hook_resid_post", layer), streams[layer + 1][0])


# What reads the last stream, where it is not model.norm.
LAST_READERS = {
    "gpt2": "transformer.ln_f",
    "gptj": "transformer.ln_f",
    "gpt_neo": "transformer.ln_f",
    "falcon": "transformer.ln_f",
    "falcon_two_norms": "transformer.ln_f",
    "falcon_sequential": "transformer.ln_f",
    "bloom": "transformer.ln_f",
    "gpt_neox": "gpt_neox.final_layer_norm",
    "gpt_neox_sequential": "gpt_neox.final_layer_norm",
    "opt": "model.decoder.final_layer_norm",
    "opt_post_norm": "model.decoder.project_out",
    "phi": "model.final_layernorm",
    "gemma3": "model.language_model.norm",
}


def test_last_stream_is_what_the_model_reads_behind_its_blocks(model, family) -> None:
    reader = model.get_submodule(LAST_READERS.get(family, "model.norm"))
    seen: list[torch.Tensor] = []
    with reader.register_forward_pre_hook(lambda _m, args: seen.append(args[0][0])), torch.no_grad():
        model(IDS)
    assert torch.equal(read(model, "hook_resid_post", make.N_LAYERS - 1), seen[0])


def test_first_stream_is_the_embeddings_as_the_first_block_gets_them(model, family) -> None:
    table = model.get_input_embeddings().weight
    embedded = torch.nn.functional.embedding(IDS[0], table)
    at = torch.arange(IDS.shape[1])
    if family.startswith("gemma"):
        embedded = embedded * make.D_MODEL**0.5
    elif family in {"gpt2", "gpt_neo"}:
        embedded = embedded + model.transformer.wpe.weight[at]
    elif family == "bloom":
        embedded = torch.nn.functional.layer_norm(embedded, (make.D_MODEL,))
    elif family.startswith("opt"):
        decoder = model.model.decoder
        if family == "opt_post_norm":
            embedded = embedded @ decoder.project_in.weight.T
        embedded = embedded + decoder.embed_positions.weight[at + 2]  # its first two rows are of padding
    close(read(model, "hook_resid_pre", 0), embedded)


def test_parts_add_up_to_the_stream(model, family) -> None:
    pre, post = read(model, "hook_resid_pre"), read(model, "hook_resid_post")
    attention, mlp = read(model, "hook_attn_out"), read(model, "hook_mlp_out")
    block = hook_points.blocks(model)[LAYER]
    mid = pre + attention
    if family == "opt_post_norm":
        mid = block.self_attn_layer_norm(mid)
        close(post, block.final_layer_norm(mid + mlp))
    elif family == "gemma4_text":  # one more part is added behind
        seen: list[torch.Tensor] = []
        gate = block.per_layer_input_gate
        with gate.register_forward_pre_hook(lambda _m, args: seen.append(args[0][0])), torch.no_grad():
            model(IDS)
        close(seen[0], mid + mlp)
    else:
        close(post, mid + mlp)
    if family in PARALLEL:
        with pytest.raises(SaeMismatch, match="parallel"):
            read(model, "hook_resid_mid")
    else:
        close(read(model, "hook_resid_mid"), mid)


# The map from heads to stream, written out: [d_in, d_out] of GPT-2's Conv1D is the transpose of a linear map.
PROJECTIONS = {
    "gpt2": "attn.c_proj",
    "gptj": "attn.out_proj",
    "gpt_neo": "attn.attention.out_proj",
    "falcon": "self_attention.dense",
    "falcon_two_norms": "self_attention.dense",
    "falcon_sequential": "self_attention.dense",
    "bloom": "self_attention.dense",
    "gpt_neox": "attention.dense",
    "gpt_neox_sequential": "attention.dense",
    "opt": "self_attn.out_proj",
    "opt_post_norm": "self_attn.out_proj",
    "phi": "self_attn.dense",
}


def test_attention_out_is_the_heads_projected(model, family) -> None:
    block = hook_points.blocks(model)[LAYER]
    projection = block.get_submodule(PROJECTIONS.get(family, "self_attn.o_proj"))
    weight = projection.weight if family == "gpt2" else projection.weight.T
    written = read(model, "attn.hook_z") @ weight
    if projection.bias is not None:
        written = written + projection.bias
    if family in NORM_BEHIND_ATTENTION:
        written = block.post_attention_layernorm(written)
    close(read(model, "hook_attn_out"), written)


def test_an_edit_goes_where_the_tensor_goes(model, family) -> None:
    generator = torch.Generator().manual_seed(0)
    edit = 3 * torch.nn.functional.normalize(torch.randn(make.D_MODEL, generator=generator), dim=0)
    plain = logits_with(model, "hook_resid_post", torch.zeros(()))
    after = logits_with(model, "hook_resid_post", edit)
    at_attention = logits_with(model, "hook_attn_out", edit)
    at_mlp = logits_with(model, "hook_mlp_out", edit)
    width = read(model, "attn.hook_z").shape[-1]
    at_heads = logits_with(model, "attn.hook_z", edit.repeat(width // make.D_MODEL))
    for steered in (after, at_attention, at_mlp, at_heads):
        assert float((steered - plain).abs().max()) > 0.1
    assert torch.equal(logits_with(model, "hook_resid_pre", edit, LAYER + 1), after)
    if family == "opt_post_norm":  # a norm behind each sum: nothing is passed on as it is
        return
    if family != "gemma4_text":
        close(at_mlp, after)
    if family in PARALLEL:
        close(at_attention, after)
    else:
        close(logits_with(model, "hook_resid_mid", edit), at_attention)


PROMPTS = ("I went for a walk and", "The mountains were white with snow, and nobody spoke. She said", "She")
N_NEW = 12


def edit_of(index: int, strength: float, positions: Positions) -> Any:
    return Feature(index).at(strength, unit="raw", method="add", positions=positions)


STEERINGS = (
    Steering(),
    Steering((edit_of(3, 6.0, "all"),)),
    Steering((edit_of(5, -6.0, "prompt"),)),
    Steering((edit_of(9, 8.0, "generated"), edit_of(3, 4.0, "all"))),
)


def reference(engine: Engine, prompt: str, steering: Steering) -> tuple[int, ...]:
    model = engine.adapter.model
    edits = [(engine.sae.decoder[e.feature.index], e.strength, e.positions) for e in steering.edits]
    ids = engine.adapter.tokenizer(prompt)["input_ids"]
    return tuple(greedy(model, hook_points.blocks(model)[2], ids, edits, N_NEW))


def test_batches_agree_with_reference(engine, family) -> None:
    generation = Generation(max_new_tokens=N_NEW)
    wanted = [reference(engine, prompt, steering) for prompt in PROMPTS for steering in STEERINGS]
    assert len(set(wanted)) > 2 * len(PROMPTS)  # the edits do something
    assert len({i for tokens in wanted for i in tokens}) > len(wanted)  # the texts do not just repeat
    assert run(engine, Grid(PROMPTS, STEERINGS, 1, generation)).tokens == wanted
    # Without padding there is no mask, and attention may go another way.
    assert engine.adapter._packs_queries == (family in PACKED)
    assert run(engine, Grid(PROMPTS[:1], STEERINGS, 1, generation)).tokens == wanted[: len(STEERINGS)]


def test_unsteered_texts_are_those_of_transformers_generate(engine) -> None:
    model, tokenizer = engine.adapter.model, engine.adapter.tokenizer
    ran = run(engine, Grid(PROMPTS, (Steering(),), 1, Generation(max_new_tokens=24)))
    for prompt, tokens in zip(PROMPTS, ran.tokens, strict=True):
        ids = tokenizer(prompt, return_tensors="pt")
        wanted = model.generate(**ids, max_new_tokens=24, do_sample=False)[0, ids["input_ids"].shape[1] :]
        assert list(tokens) == wanted.tolist()


def test_windows_slide_within_the_texts(engine) -> None:
    """What the two tests before hold for sliding windows, they hold only if a window is left behind."""
    config = engine.adapter.model.config.get_text_config()
    window = getattr(config, "sliding_window", None) or getattr(config, "window_size", None)
    n_longest = max(len(engine.adapter.tokenizer(prompt)["input_ids"]) for prompt in PROMPTS)
    assert window is None or window < n_longest
