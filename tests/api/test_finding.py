"""Logit lens, neighbours and contrasts over a real worker process, also while a run is on."""

from __future__ import annotations

from pathlib import Path

import pytest

import steer_widget as sw
from tests.tiny import make

PATIENCE_S = 90.0


def test_what_is_found_does_not_depend_on_a_run_that_is_on(tmp_path: Path) -> None:
    import torch
    from safetensors.torch import load_file
    from transformers import AutoModelForCausalLM

    folders = make.make_model(tmp_path / "model"), make.make_sae(tmp_path / "sae")
    rows = load_file(folders[1] / "sae_weights.safetensors")["W_dec"]
    model = AutoModelForCausalLM.from_pretrained(folders[0], dtype=torch.float32)
    with torch.no_grad():
        logits = model.lm_head.weight @ (model.model.norm.weight * rows[3])
    logits -= logits.mean()
    cosines = torch.nn.functional.cosine_similarity(rows, rows[3:4], dim=-1)
    with sw.load(*folders, dtype="float32", history=False) as steerer:
        steerer.ready(PATIENCE_S)
        long = sw.Generation(max_new_tokens=200, temperature=1.0, repetition_penalty=1.3)
        quiet = steerer.contrast("snow", "the sea", 5)
        run = steerer.compare("I went", [steerer.feature(3).at(6)], generation=long, samples=8)
        vector = sw.Vector(rows[3])  # type: ignore[arg-type]  # a tensor is packed
        lenses = [steerer.logit_lens(direction, 4, timeout=PATIENCE_S) for direction in (3, vector)]
        near = steerer.neighbours(3, 4, timeout=PATIENCE_S)
        itself = steerer.neighbours(vector, 1, timeout=PATIENCE_S)
        assert steerer.contrast("snow", "the sea", 5, timeout=PATIENCE_S) == quiet
        assert not run.done, "they did not wait for its end"
        run.cancel()
    assert lenses[0] == lenses[1]
    assert [t.token_id for t in lenses[0].up] == logits.topk(4).indices.tolist()
    assert [t.logit for t in lenses[0].down] == pytest.approx((-(-logits).topk(4).values).tolist(), rel=1e-4)
    assert [hit.feature.index for hit in near] == cosines.topk(5).indices.tolist()[1:]
    assert (itself[0].feature.index, itself[0].score) == (3, pytest.approx(1.0))
    assert len(quiet) == 5
