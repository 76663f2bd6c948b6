"""A steered model under lm-evaluation-harness, where that is installed: pip install lm_eval."""

from __future__ import annotations

import json

import pytest
import torch
from safetensors.torch import load_file
from transformers import AutoModelForCausalLM, AutoTokenizer

import steer_widget as sw

lm_eval = pytest.importorskip("lm_eval")

# Its own imports and ours differ in what they warn of.
pytestmark = [pytest.mark.filterwarnings("ignore"), pytest.mark.slow]

CHOICES = [{"question": "The sea", "choices": [" was white", " and home"], "answer": n % 2} for n in range(4)]


@pytest.fixture
def task(tmp_path):
    """A task in a local folder: no network is asked."""
    data = tmp_path / "data.jsonl"
    data.write_text("".join(json.dumps(doc) + "\n" for doc in CHOICES))
    common = {
        "dataset_path": "json", "dataset_kwargs": {"data_files": {"test": str(data)}}, "test_split": "test",
        "doc_to_text": "{{question}}",
    }  # fmt: skip
    choice = {
        "task": "tiny_choice", "output_type": "multiple_choice", "doc_to_choice": "{{choices}}", "doc_to_target": "{{answer}}",
        "metric_list": [{"metric": "acc"}], **common,
    }  # fmt: skip
    writing = {
        "task": "tiny_writing", "output_type": "generate_until", "doc_to_target": "{{choices[0]}}",
        "generation_kwargs": {"max_gen_toks": 8, "until": ["\n\n"], "do_sample": False},
        "metric_list": [{"metric": "exact_match"}], **common,
    }  # fmt: skip
    return [choice, writing]


def test_its_scores_and_texts_are_those_of_the_steered_model(tiny_folders, task, monkeypatch) -> None:
    from lm_eval.models.huggingface import HFLM

    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    model = AutoModelForCausalLM.from_pretrained(tiny_folders[0], dtype=torch.float32).eval()
    tokenizer = AutoTokenizer.from_pretrained(tiny_folders[0])
    lm = HFLM(pretrained=model, tokenizer=tokenizer, batch_size=2)

    def evaluated():
        found = lm_eval.simple_evaluate(model=lm, tasks=task, bootstrap_iters=0)
        likelihoods = [row[0][0] for row in found["samples"]["tiny_choice"][0]["resps"]]
        return likelihoods, found["samples"]["tiny_writing"][0]["resps"][0][0]

    plain = evaluated()
    edit = sw.Feature(3).at(8)
    with sw.steered(model, tokenizer, tiny_folders[1], edit):
        likelihoods, text = evaluated()
    assert evaluated() == plain
    assert text != plain[1]

    vector = 8 * load_file(tiny_folders[1] / "sae_weights.safetensors")["W_dec"][3]
    handle = model.model.layers[2].register_forward_hook(lambda _module, _args, out: out + vector)
    try:
        expected, wanted = evaluated()
    finally:
        handle.remove()
    assert likelihoods == pytest.approx(expected, rel=1e-4)
    assert text == wanted
