"""Neighbours of a direction, against the cosines of the saved decoder rows."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file

from steer_widget.errors import InvalidInput, SaeMismatch, UnknownFeature
from steer_widget.protocol import NeighboursOf, Scored
from steer_widget.spec import Control, Feature, Vector
from steer_widget.worker import neighbours
from tests.tiny import make
from tests.worker.conftest import make_engine

LOW = "blocks.1.hook_resid_post"


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, ...]:
    root = tmp_path_factory.mktemp("neighbours")
    model, sae = make.make_model(root / "model"), make.make_sae(root / "sae")
    file = sae / "sae_weights.safetensors"
    weights = load_file(file)
    weights["W_dec"] *= torch.linspace(0.1, 3, make.D_SAE)[:, None]  # a cosine must not see lengths
    weights["W_dec"][11] = 0
    save_file(weights, file)
    return model, sae, make.make_sae(root / "low", seed=4, hook_name=LOW)


@pytest.fixture(scope="module")
def engine(folders: tuple[Path, ...]) -> Any:
    return make_engine(*folders)


def cosines(folder: Path, d: torch.Tensor) -> torch.Tensor:
    rows = load_file(folder / "sae_weights.safetensors")["W_dec"]
    return torch.nn.functional.cosine_similarity(rows, d[None], dim=-1)


def agrees(found: Scored, wanted: torch.Tensor, left_out: set[int]) -> None:
    order = [n for n in wanted.argsort(descending=True).tolist() if n not in left_out]
    assert [one.index for one in found.features] == order[: len(found.features)]
    for one in found.features:
        assert one.score == pytest.approx(float(wanted[one.index]), abs=1e-5)


@pytest.mark.parametrize("n_numbers", [1 << 24, 100])
def test_a_feature_s_neighbours_are_its_own_sae_s(engine, folders, monkeypatch, n_numbers) -> None:
    monkeypatch.setattr(neighbours, "_N_NUMBERS", n_numbers)
    rows = load_file(folders[1] / "sae_weights.safetensors")["W_dec"]
    found = engine.neighbours(NeighboursOf(1, Feature(7), k=10))
    agrees(found, cosines(folders[1], rows[7]), {7, 11})
    assert (len(found.features), found.sae) == (10, "")
    everything = engine.neighbours(NeighboursOf(1, Feature(7), k=1000))
    assert len(everything.features) == make.D_SAE - 2, "neither itself nor the dead one"
    low = load_file(folders[2] / "sae_weights.safetensors")["W_dec"]
    found = engine.neighbours(NeighboursOf(1, Feature(7, sae="low")))
    agrees(found, cosines(folders[2], low[7]), {7})
    assert found.sae == "low"
    across = engine.neighbours(NeighboursOf(1, Feature(7), sae="low", k=1000))
    agrees(across, cosines(folders[2], rows[7]), set())
    assert len(across.features) == make.D_SAE
    by_name = engine.neighbours(NeighboursOf(1, Feature(7), sae="sae"))
    assert 7 not in {one.index for one in by_name.features}


def test_a_vector_s_are_those_of_the_sae_at_its_hook_point(engine, folders) -> None:
    d = torch.randn(make.D_MODEL, generator=torch.Generator().manual_seed(3))
    found = engine.neighbours(NeighboursOf(1, Vector(d.tolist())))
    agrees(found, cosines(folders[1], d), {11})
    found = engine.neighbours(NeighboursOf(1, Vector(d.tolist(), hook_name=LOW)))
    agrees(found, cosines(folders[2], d), set())
    assert found.sae == "low"
    elsewhere = Vector(d.tolist(), hook_name="blocks.0.hook_resid_post")
    with pytest.raises(InvalidInput, match=LOW) as caught:
        engine.neighbours(NeighboursOf(1, elsewhere))
    assert caught.value.field == "hook_name"
    agrees(engine.neighbours(NeighboursOf(1, elsewhere, sae="low")), cosines(folders[2], d), set())


def test_a_control_is_near_nobody_in_particular(engine) -> None:
    found = engine.neighbours(NeighboursOf(1, Control(Feature(7))))
    assert len(found.features) == 20
    assert found.features[0].score < 0.9


def test_what_is_not_there_is_refused(engine) -> None:
    with pytest.raises(InvalidInput) as caught:
        engine.neighbours(NeighboursOf(1, Feature(7), sae="nobody"))
    assert caught.value.field == "sae"
    with pytest.raises(UnknownFeature):
        engine.neighbours(NeighboursOf(1, Feature(make.D_SAE)))
    with pytest.raises(SaeMismatch, match="width 2"):
        engine.neighbours(NeighboursOf(1, Vector([1.0, 2.0])))
