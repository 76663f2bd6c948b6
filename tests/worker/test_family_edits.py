"""Every family is steered at every hook point as the reference is, by the whole engine, all points in one batch."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from steer_widget.spec import Generation, Grid, Steering, Vector
from tests.worker import reference
from tests.worker.conftest import run
from tests.worker.families import FAMILIES, PARALLEL, block_of, projection_of, writer_of

LAYER = 2
PROMPTS = ("The mountains were white with snow, and nobody spoke. She said", "She went")
N_NEW = 6
STRENGTH = 5.0
KINDS = (
    "hook_resid_pre",
    "hook_resid_mid",
    "hook_resid_post",
    "hook_attn_out",
    "hook_mlp_out",
    "attn.hook_z",
)


def site_of(model: Any, family: str, kind: str) -> tuple[torch.nn.Module, str]:
    """Where the reference adds the same vector to the same effect."""
    block = block_of(model, family, LAYER)
    if kind == "hook_resid_pre":
        return block_of(model, family, LAYER - 1), "output"
    if kind == "attn.hook_z":
        return projection_of(block, family), "input"
    if kind == "hook_mlp_out" and family == "opt_post_norm":
        return block.final_layer_norm, "input"
    if kind == "hook_mlp_out" and family == "gemma4_text":
        return block.post_feedforward_layernorm, "output"
    if kind == "hook_resid_mid" and family == "opt_post_norm":
        return block.self_attn_layer_norm, "output"
    if kind in {"hook_attn_out", "hook_resid_mid"}:
        return writer_of(block, family), "output"
    return block, "output"


@pytest.mark.parametrize("family", FAMILIES)
def test_every_point_is_steered_as_in_the_reference(engine_of, family) -> None:
    engine = engine_of(family)
    model, tokenizer = engine.adapter.model, engine.adapter.tokenizer
    kinds = [kind for kind in KINDS if kind != "hook_resid_mid" or family not in PARALLEL]
    v = torch.nn.functional.normalize(torch.randn(32, generator=torch.Generator().manual_seed(2)), dim=0)
    steerings = [
        Steering(
            (
                Vector(v.tolist(), hook_name=f"blocks.{LAYER}.{kind}").at(
                    STRENGTH, unit="raw", method="add", positions="all"
                ),
            )
        )
        for kind in kinds
    ]
    ran = run(engine, Grid(PROMPTS, (Steering(), *steerings), 1, Generation(max_new_tokens=N_NEW)))
    assert ran.done.state == "done", ran.done.error
    wanted = []
    for prompt in PROMPTS:
        ids = tokenizer(prompt)["input_ids"]
        wanted.append(tuple(reference.greedy(model, [], ids, [], N_NEW)))
        for kind in kinds:
            edit = reference.Edit("add", v, STRENGTH)
            sites = [site_of(model, family, kind)]
            wanted.append(tuple(reference.greedy(model, sites, ids, [edit], N_NEW)))
    assert ran.tokens == wanted
    assert len(set(wanted)) > len(kinds)  # the edits do something
    doses = [ran.ends[cell].measures.dose for cell in range(1, len(kinds) + 1)]
    assert all(dose is not None and dose > 0 for dose in doses)
