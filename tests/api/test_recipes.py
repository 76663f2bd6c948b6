"""A recipe run again in another worker process gives the same tokens, or says exactly what differs."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from safetensors.torch import load_file, save_file

import steer_widget as sw
from tests.tiny import make

PATIENCE_S = 90.0


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    root = tmp_path_factory.mktemp("tiny")
    return make.make_model(root / "model"), make.make_sae(root / "sae")


def test_the_same_tokens_elsewhere_and_what_differs_is_named(folders, tmp_path, monkeypatch) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", "2")
    model, sae = folders
    sampled = sw.Generation(max_new_tokens=24, temperature=1.0, seed=5)
    with sw.load(model, sae, dtype="float32") as steerer:
        food = steerer.feature(3)
        columns = [
            food.at(6),
            food.control().at(6),
            [food.at(0.2, unit="norm"), steerer.feature(9).at(3, method="clamp")],
        ]
        run = steerer.compare(["The sea", "She"], columns, generation=sampled, samples=2)
        run.result(PATIENCE_S)
        path = run.recipe(timeout=PATIENCE_S).save(tmp_path / "sea.recipe.json")
    recipe = sw.load_recipe(path)

    moved = shutil.copytree(model, tmp_path / "elsewhere"), shutil.copytree(sae, tmp_path / "the same sae")
    with sw.load(*moved, dtype="float32") as steerer:
        again = steerer.rerun(recipe, timeout=PATIENCE_S).result(PATIENCE_S)
        found = recipe.compare(again)
        assert (found.same, found.differences, found.unknown) == (True, (), ())
        assert (
            len({cell.token_ids for cell in again.cells}) > len(again.cells) // 2
        )  # they say different things

    weights = load_file(moved[0] / "model.safetensors")
    weights["model.layers.0.mlp.down_proj.weight"][0, 0] += 1.0
    save_file(weights, moved[0] / "model.safetensors", {"format": "pt"})
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    with sw.load(*moved, dtype="bfloat16") as steerer:
        with pytest.raises(sw.InvalidInput, match=r"The model's weights: SHA-256 .*anyway=True"):
            steerer.rerun(recipe, timeout=PATIENCE_S)
        other = recipe.compare(steerer.rerun(recipe, anyway=True).result(PATIENCE_S))
    assert not other.same
    assert [line.partition(":")[0] for line in other.differences] == [
        "The model's weights",
        "Number format",
        "Threads",
    ]
