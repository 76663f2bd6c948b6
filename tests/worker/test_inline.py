"""The in-process twin: the user's own model and SAE, on a thread."""

from __future__ import annotations

import os

import pytest
import torch
from sae_lens import SAE
from transformers import AutoModelForCausalLM, AutoTokenizer

import steer_widget as sw
from tests.worker.conftest import run


def own_objects(folders):
    model = AutoModelForCausalLM.from_pretrained(folders[0], dtype=torch.float32).eval()
    return model, AutoTokenizer.from_pretrained(folders[0]), SAE.load_from_disk(folders[1])


def test_from_model_gives_what_the_engine_gives(tiny_folders, engine) -> None:
    generation = sw.Generation(max_new_tokens=16, temperature=1.0)
    with sw.from_model(*own_objects(tiny_folders)) as steerer:
        steerer.ready(timeout=60)
        f = steerer.feature(3)
        result = steerer.compare(["She", "The sea"], [f.at(6.0)], generation=generation).result(timeout=60)
        assert [c.token_ids for c in result.cells] == run(engine, result.grid).tokens
        assert steerer.status.pid == os.getpid()


def test_the_users_model_is_left_as_it_was(tiny_folders) -> None:
    model, tokenizer, sae = own_objects(tiny_folders)
    ids = torch.tensor([tokenizer("The sea")["input_ids"]])
    with torch.no_grad():
        before = model(ids).logits
    with sw.from_model(model, tokenizer, sae) as steerer:
        run_ = steerer.compare(
            "The sea", [steerer.feature(3).at(50.0)], generation=sw.Generation(max_new_tokens=100)
        )
        for event in run_:
            if type(event).__name__ == "Tokens":
                break
        run_.cancel()
        assert run_.result(timeout=60).cells[1].state == "stopped"
    assert not any(module._forward_hooks or module._forward_pre_hooks for module in model.modules())
    with torch.no_grad():
        assert torch.equal(model(ids).logits, before)


def test_a_recipe_knows_weights_that_were_changed_in_memory(tiny_folders) -> None:
    model, tokenizer, sae = own_objects(tiny_folders)
    generation = sw.Generation(max_new_tokens=12, temperature=1.0)
    with sw.from_model(model, tokenizer, sae) as steerer:
        steerer.ready(timeout=60)
        run_ = steerer.compare("The sea", [steerer.feature(3).at(6.0)], generation=generation)
        run_.result(timeout=60)
        recipe = run_.recipe()
        found = recipe.compare(steerer.rerun(recipe).result(timeout=60))
        assert (found.same, found.differences, found.unknown) == (True, (), ())
        with torch.no_grad():
            model.model.layers[0].mlp.down_proj.weight[0, 0] += 1
        with pytest.raises(sw.InvalidInput, match="The model's weights: SHA-256"):
            steerer.rerun(recipe)
