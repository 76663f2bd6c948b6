"""The worker's own bfloat16 models on the CPU run faster parts that compute the same, and nothing else does."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

from steer_widget.saes import load_sae
from steer_widget.spec import Feature, Generation, Grid, Steering
from steer_widget.worker.accelerate import accelerate
from steer_widget.worker.engine import Engine
from steer_widget.worker.packed_linear import PackedLinears, can_pack
from steer_widget.worker.rms_norm import RmsNorm
from tests.tiny import make
from tests.worker.conftest import run
from tests.worker.test_hook_points import KINDS

FAMILIES = ("llama", "qwen2", "qwen3", "gemma", "gemma2", "mistral", "phi3", "gpt2", "opt")
PROMPTS = ("I went for a walk and", "The mountains were white with snow, and nobody", "She")
TOLERANCE = 0.05  # of the spread of the logits: roundings to bfloat16 over four layers


def load(folder: Path, dtype: torch.dtype = torch.bfloat16) -> Any:
    return AutoModelForCausalLM.from_pretrained(folder, dtype=dtype).eval()


@pytest.fixture(scope="module", params=FAMILIES)
def folder(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make.make_model(tmp_path_factory.mktemp(request.param), request.param)


def logits(model: Any, tokenizer: Any) -> torch.Tensor:
    """Behind a padded prefill and three decode steps `[steps, rows, d_vocab]`."""
    batch = tokenizer(list(PROMPTS), return_tensors="pt", padding=True)
    found = []
    with torch.no_grad():
        output = model(**batch, use_cache=True)
        mask, cache = batch["attention_mask"], output.past_key_values
        found.append(output.logits[:, -1])
        for step in range(3):
            mask = torch.cat([mask, torch.ones(len(mask), 1, dtype=torch.long)], dim=1)
            ids = torch.full((len(mask), 1), 17 + step)
            positions = mask.sum(-1, keepdim=True) - 1
            known = (
                {"position_ids": positions} if "position_ids" in model.forward.__code__.co_varnames else {}
            )
            output = model(input_ids=ids, attention_mask=mask, past_key_values=cache, use_cache=True, **known)
            found.append(output.logits[:, -1])
    return torch.stack(found).float()


def test_logits_are_the_plain_ones_but_for_rounding(folder) -> None:
    tokenizer = AutoTokenizer.from_pretrained(folder, padding_side="left")
    plain, fast = load(folder), load(folder)
    replaced = accelerate(fast)
    assert bool(replaced) == can_pack()
    wanted = logits(plain, tokenizer)
    found = logits(fast, tokenizer)
    assert float((found - wanted).abs().max()) <= TOLERANCE * float(wanted.max() - wanted.min())


def test_weights_are_given_up_and_come_back_to_the_bit(folder) -> None:
    plain, fast = load(folder), load(folder)
    replaced = accelerate(fast)
    for one in replaced:
        if isinstance(one, PackedLinears) and fast.get_output_embeddings() not in one.modules:
            assert all(module.weight.untyped_storage().nbytes() <= 4 for module in one.modules)
    for one in reversed(replaced):
        one.remove()
    for (name, wanted), found in zip(plain.named_parameters(), fast.parameters(), strict=True):
        assert torch.equal(found, wanted), name
    assert not any("forward" in vars(module) for module in fast.modules())


@pytest.mark.parametrize("point", KINDS)
def test_every_hook_point_still_steers(tmp_path: Path, point: str) -> None:
    folder = make.make_model(tmp_path / "model")
    model = load(folder)
    accelerate(model)
    sae = load_sae(str(make.make_sae(tmp_path / "sae", hook_name=f"blocks.1.{point}")))
    engine = Engine(model, AutoTokenizer.from_pretrained(folder), {"sae": sae}, model_name="tiny")
    edit = Feature(3).at(30.0, unit="raw", method="add", positions=slice(-1 + 8, None))
    grid = Grid(PROMPTS[:1], (Steering(), Steering((edit,))), 1, Generation(max_new_tokens=8))
    ran = run(engine, grid)
    assert ran.done.state == "done"
    assert ran.tokens[0] != ran.tokens[1]
    assert ran.ends[1].measures.dose > 0


def test_float32_stays_as_it_is(tmp_path: Path) -> None:
    model = load(make.make_model(tmp_path / "model"), torch.float32)
    assert accelerate(model) == ()
    assert not any("forward" in vars(module) for module in model.modules())


def test_a_part_that_computes_something_else_is_taken_back(tmp_path: Path, monkeypatch, caplog) -> None:
    folder = make.make_model(tmp_path / "model")
    model = load(folder)
    forward = RmsNorm.forward
    n_calls: list[int] = []

    def wrong_after_its_trials(self, x):
        n_calls.append(1)
        return forward(self, x) * (1.0 if len(n_calls) <= 4 else 3.0)

    monkeypatch.setattr(RmsNorm, "forward", wrong_after_its_trials)
    replaced = accelerate(model)
    assert not any(isinstance(one, RmsNorm) for one in replaced)
    if can_pack():
        assert "differed by more than rounding" in caplog.text
    monkeypatch.undo()
    tokenizer = AutoTokenizer.from_pretrained(folder, padding_side="left")
    wanted = logits(load(folder), tokenizer)
    assert float((logits(model, tokenizer) - wanted).abs().max()) <= TOLERANCE * float(
        wanted.max() - wanted.min()
    )


def test_a_user_s_own_model_is_never_touched(tmp_path: Path) -> None:
    from sae_lens import SAE

    import steer_widget as sw

    folder = make.make_model(tmp_path / "model")
    model = load(folder)
    before = copy.deepcopy(model.state_dict())
    sae = SAE.load_from_disk(make.make_sae(tmp_path / "sae"))
    with sw.from_model(model, AutoTokenizer.from_pretrained(folder), sae) as steerer:
        steerer.compare(PROMPTS[0], [steerer.feature(3).at(8.0)]).result()
    assert not any("forward" in vars(module) for module in model.modules())
    assert all(torch.equal(tensor, before[name]) for name, tensor in model.state_dict().items())
