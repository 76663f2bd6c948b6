"""Every family of decoders has its hook points where their names say."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch

from steer_widget.errors import SaeMismatch
from steer_widget.worker import hook_points
from steer_widget.worker.engine import Engine
from steer_widget.worker.tap import Tap
from tests.tiny import make
from tests.worker.families import (
    FAMILIES,
    NORM_BEHIND_ATTENTION,
    PARALLEL,
    block_of,
    last_reader_of,
    projection_of,
    weight_of,
)

LAYER = 1
KINDS = (
    "hook_resid_pre", "hook_resid_mid", "hook_resid_post", "hook_attn_out", "hook_mlp_out", "attn.hook_z"
)  # fmt: skip
IDS = torch.arange(5, 29)[None]


@pytest.fixture(params=FAMILIES)
def family(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture
def model(engine_of: Callable[[str], Engine], family: str) -> Any:
    return engine_of(family).adapter.model


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


def test_last_stream_is_what_the_model_reads_behind_its_blocks(model, family) -> None:
    reader = last_reader_of(model, family)
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
    block = block_of(model, family, LAYER)
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


def test_attention_out_is_the_heads_projected(model, family) -> None:
    block = block_of(model, family, LAYER)
    projection = projection_of(block, family)
    written = read(model, "attn.hook_z") @ weight_of(projection, family)
    if projection.bias is not None:
        written = written + projection.bias
    if family in NORM_BEHIND_ATTENTION:
        written = block.post_attention_layernorm(written)
    close(read(model, "hook_attn_out"), written)


def test_widths_are_known_before_any_pass(model, family) -> None:
    for kind in KINDS:
        if kind != "hook_resid_mid" or family not in PARALLEL:
            point = hook_points.find(model, f"blocks.{LAYER}.{kind}")
            assert hook_points.width_of(point, make.D_MODEL) == read(model, kind).shape[-1]


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
