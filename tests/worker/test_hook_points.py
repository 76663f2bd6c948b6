"""Every hook point lies where the literature says: compared with tensors computed by hand."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch

from steer_widget.errors import HookInactive, SaeMismatch
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


@pytest.fixture(scope="module", params=list(make.CONFIGS))
def family(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Any:
    from transformers import AutoModelForCausalLM

    folder = make.make_model(tmp_path_factory.mktemp(request.param), request.param)
    return AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32).eval()


def read(model: Any, kind: str) -> torch.Tensor:
    """The tensor at a hook point on a fixed input `[seq, width]`."""
    point = hook_points.find(model, f"blocks.{LAYER}.{kind}")
    seen: list[torch.Tensor] = []

    def on_output(_module: Any, _args: Any, output: Any) -> None:
        seen.append((output[0] if isinstance(output, tuple) else output)[0])

    def on_input(_module: Any, args: Any, kwargs: Any) -> None:
        seen.append((args[0] if args else kwargs["hidden_states"])[0])

    handle = (
        point.module.register_forward_hook(on_output)
        if point.side == "output"
        else point.module.register_forward_pre_hook(on_input, with_kwargs=True)
    )
    with handle, torch.no_grad():
        model(torch.arange(5, 17)[None])
    return seen[0]


def test_residual_points_add_up(family) -> None:
    with torch.no_grad():
        streams = family(torch.arange(5, 17)[None], output_hidden_states=True).hidden_states
    pre, post = read(family, "hook_resid_pre"), read(family, "hook_resid_post")
    assert torch.equal(pre, streams[LAYER][0])
    assert torch.equal(post, streams[LAYER + 1][0])
    parts = pre + read(family, "hook_attn_out") + read(family, "hook_mlp_out")
    torch.testing.assert_close(parts, post, atol=1e-5, rtol=1e-5)


def test_resid_mid_is_pre_plus_attention_or_refused(family) -> None:
    if getattr(family.config, "use_parallel_residual", False):
        with pytest.raises(SaeMismatch, match="parallel"):
            read(family, "hook_resid_mid")
        return
    wanted = read(family, "hook_resid_pre") + read(family, "hook_attn_out")
    torch.testing.assert_close(read(family, "hook_resid_mid"), wanted, atol=1e-5, rtol=1e-5)


def test_hook_z_is_what_the_output_projection_reads(family) -> None:
    z = read(family, "attn.hook_z")
    module = hook_points.find(family, f"blocks.{LAYER}.attn.hook_z").module
    with torch.no_grad():
        written = module(z)
    if "Gemma2" not in type(family).__name__:  # there a norm follows
        torch.testing.assert_close(written, read(family, "hook_attn_out"), atol=1e-5, rtol=1e-5)
    assert z.shape[-1] == 32


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


@pytest.mark.parametrize("name", ["blocks.4.hook_resid_post", "blocks.1.hook_q", "model.layers.1", ""])
def test_points_that_do_not_exist_are_refused(engine, name) -> None:
    with pytest.raises(SaeMismatch):
        Adapter(engine.adapter.model, engine.adapter.tokenizer, name, make.D_MODEL)


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
