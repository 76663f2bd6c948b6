"""Other kinds of models steered in `generate`: caches that slide, tuples, streams inside and beside the blocks."""

from __future__ import annotations

import pytest

import steer_widget as sw
from tests.tiny import make
from tests.worker import reference
from tests.worker.conftest import sae_of
from tests.worker.families import block_of

PROMPTS = ("She", "The mountains were white with snow, and nobody spoke. She said")
N_NEW = 12
EDIT = sw.Feature(9).at(8, positions="generated")


@pytest.mark.parametrize(
    "family", ["gpt2", "gemma3_text", "gemma4_text", "gemma3", "opt", "qwen2_sliding", "bloom"]
)
def test_generate_writes_the_reference_s_texts_behind_padding_too(engine_of, tmp_path, family) -> None:
    engine = engine_of(family)
    model, tokenizer = engine.adapter.model, engine.adapter.tokenizer
    tokenizer.padding_side = "left"
    inputs = tokenizer(list(PROMPTS), return_tensors="pt", padding=True)
    with sw.steered(model, tokenizer, make.make_sae(tmp_path / "sae"), EDIT):
        written = model.generate(
            input_ids=inputs["input_ids"], attention_mask=inputs["attention_mask"], max_new_tokens=N_NEW,
            do_sample=False, pad_token_id=0,
        )  # fmt: skip
    steered = reference.Edit("add", sae_of(engine).decoder[9], 8.0, lambda at, n: float(at >= n - 1))
    for row, prompt in zip(written[:, inputs["input_ids"].shape[1] :].tolist(), PROMPTS, strict=True):
        wanted = reference.greedy(
            model, [(block_of(model, family, 2), "output")], tokenizer(prompt)["input_ids"], [steered], N_NEW
        )
        assert row[: len(wanted)] == wanted
