"""A tap reads and edits the tensor at its point, whatever shape the module gives it, and leaves nothing behind."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch

from steer_widget.errors import HookInactive
from steer_widget.worker import hook_points
from steer_widget.worker.tap import Tap
from tests.tiny import make

IDS = torch.arange(5, 17).view(2, 6)


def load(folder: Path, family: str) -> Any:
    from transformers import AutoModelForCausalLM

    return AutoModelForCausalLM.from_pretrained(make.make_model(folder, family), dtype=torch.float32).eval()


@pytest.fixture(scope="module")
def opt(tmp_path_factory: pytest.TempPathFactory) -> Any:
    return load(tmp_path_factory.mktemp("opt"), "opt")


@pytest.fixture(scope="module")
def falcon(tmp_path_factory: pytest.TempPathFactory) -> Any:
    return load(tmp_path_factory.mktemp("falcon"), "falcon")


def logits(model: Any) -> torch.Tensor:
    with torch.no_grad():
        return model(IDS).logits


def test_tokens_in_one_dimension_are_given_by_rows(opt) -> None:
    """OPT's MLP works on all tokens of the batch as one list."""
    plain = logits(opt)
    edit = torch.zeros(2, 6, make.D_MODEL)
    edit[1, 2, 3] = 1.0
    with Tap(hook_points.find(opt, "blocks.1.hook_mlp_out"), lambda h: h + edit):
        changed = (logits(opt) - plain).abs().amax(-1) > 1e-4
    assert changed.tolist() == [[False] * 6, [False, False, True, True, True, True]]


def test_reading_changes_nothing(falcon) -> None:
    plain = logits(falcon)
    seen: list[torch.Tensor] = []
    with Tap(hook_points.find(falcon, "blocks.1.hook_resid_post"), seen.append):
        assert torch.equal(logits(falcon), plain)
    assert seen[0].shape == (2, 6, make.D_MODEL)


@pytest.mark.parametrize("kind", ["hook_resid_post", "hook_resid_pre", "hook_mlp_out"])
def test_it_comes_off_when_the_model_fails(falcon, kind) -> None:
    def n_hooks() -> int:
        return sum(len(m._forward_hooks) + len(m._forward_pre_hooks) for m in falcon.modules())

    n_before = n_hooks()

    def fail(_h: torch.Tensor) -> torch.Tensor:
        raise RuntimeError("no")

    with pytest.raises(RuntimeError, match="no"), Tap(hook_points.find(falcon, f"blocks.1.{kind}"), fail):
        logits(falcon)
    assert n_hooks() == n_before


def test_a_tensor_that_is_no_vector_per_token_is_refused(tmp_path: Path) -> None:
    qwen3 = load(tmp_path, "qwen3")
    point = hook_points.find(qwen3, "model.layers.1.self_attn.q_norm.output")  # a vector per token and head
    with pytest.raises(HookInactive, match="not one vector per token"), Tap(point, lambda h: h):
        logits(qwen3)
