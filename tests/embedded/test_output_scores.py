"""Output scores of the embedded SAE, against those in its table, which another script computed."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest
import torch
import transformers

from steer_widget.embedded import feature_table_path, model_folder, sae_folder
from steer_widget.features.table import FeatureTable
from steer_widget.protocol import OutputScoresOf
from steer_widget.saes import load_sae
from steer_widget.spec import Feature
from steer_widget.worker.engine import Engine
from tests.embedded.test_real_model import ignore_progress

FEATURES = range(0, 4608, 12)
SPREAD = 115.7  # median |h − mean(h)| over 3.2 million tokens, which the table was made with


@pytest.fixture(scope="module")
def engine() -> Engine:
    folder = model_folder(ignore_progress)
    model = transformers.AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32).eval()
    tokenizer = transformers.AutoTokenizer.from_pretrained(folder)
    return Engine(model, tokenizer, {"": load_sae(str(sae_folder()))}, model_name="embedded")


def scores(engine: Engine) -> torch.Tensor:
    found: list[Any] = list(engine.output_scores(OutputScoresOf(1, tuple(map(Feature, FEATURES)))).scores)
    assert None not in found
    return torch.tensor(found)


def differences(engine: Engine) -> tuple[torch.Tensor, torch.Tensor]:
    """|ours − theirs| and theirs."""
    table = FeatureTable.read(feature_table_path())
    theirs = torch.tensor([table.card(n).output_score or 0.0 for n in FEATURES])
    return (scores(engine) - theirs).abs(), theirs


@pytest.mark.slow
def test_output_scores_are_those_of_the_table(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    point = engine._points.get("blocks.15.hook_resid_post")
    assert point.spread == pytest.approx(SPREAD, rel=0.06)
    # With the same length added, the rounding of the table (bfloat16 passes, four digits) is all that differs.
    exact = dataclasses.replace(point, spread=SPREAD)
    monkeypatch.setitem(engine._points._checked, point.name, exact)
    off, theirs = differences(engine)
    assert len(off) == 384
    assert float(off.median()) < 5e-5
    assert float(off.quantile(0.99)) < 0.01
    assert float((off / theirs)[theirs > 0.02].median()) < 0.04
    assert int((theirs > 0.02).sum()) > 40


@pytest.mark.slow
def test_by_its_own_measure_of_length_they_rank_the_same(engine: Engine) -> None:
    off, theirs = differences(engine)
    ranks = [one.argsort().argsort().double() for one in (scores(engine), theirs)]
    is_there = theirs > 0.001
    assert float(torch.corrcoef(torch.stack(ranks)[:, is_there])[0, 1]) > 0.98
    assert float((off / theirs)[theirs > 0.02].median()) < 0.12
