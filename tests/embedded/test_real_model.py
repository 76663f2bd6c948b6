"""The real embedded model: the saved copy says what the GGUF file it came from says."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest
import torch
import transformers

from steer_widget.embedded import cache_folder, model_folder
from steer_widget.embedded.fetch import wheel_in
from steer_widget.embedded.source import SMOLLM2

PROMPTS = ["Yesterday I went for a walk and", "The capital of France is"]
N_TOKENS = 12


def ignore_progress(stage: str, fraction: float | None, message: str) -> None:
    """The model is cached when the tests run: nothing to tell."""


def greedy(folder: Path, **options: object) -> list[list[int]]:
    tokenizer = transformers.AutoTokenizer.from_pretrained(folder, **options)
    if options:
        options["quantization_config"] = transformers.GgufConfig(dequantize=True)
    model = transformers.AutoModelForCausalLM.from_pretrained(folder, dtype=torch.bfloat16, **options)
    texts = []
    for prompt in PROMPTS:
        batch = tokenizer(prompt, return_tensors="pt")
        texts.append(model.generate(**batch, max_new_tokens=N_TOKENS, do_sample=False)[0].tolist())
    return texts


@pytest.mark.slow
def test_the_saved_copy_generates_what_the_gguf_file_does(tmp_path: Path) -> None:
    saved = model_folder(ignore_progress)
    wheel = wheel_in(cache_folder() / "downloads", SMOLLM2, ignore_progress)
    with zipfile.ZipFile(wheel) as archive:
        archive.extract(SMOLLM2.gguf, tmp_path)
    gguf = tmp_path / SMOLLM2.gguf
    assert greedy(saved) == greedy(gguf.parent, gguf_file=gguf.name)
