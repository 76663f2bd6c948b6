"""Models whose parts accelerate placed, or left on disk, give the texts of the model in one piece."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from steer_widget.saes import load_sae
from steer_widget.spec import Feature, Generation, Grid, Steering
from steer_widget.worker.engine import Engine
from tests.tiny import make
from tests.worker.conftest import run

PARTS = ("model.embed_tokens", "model.rotary_emb", "model.norm", "lm_head")
LAYERS = tuple(f"model.layers.{layer}" for layer in range(make.N_LAYERS))
EDIT = Feature(3).at(6.0, unit="raw", method="add", positions="all")
GRID = Grid(
    ("I went for a walk and", "She"), (Steering(), Steering((EDIT,))), 1, Generation(max_new_tokens=8)
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make.make_model(tmp_path_factory.mktemp("model"))


def texts(
    folder: Path, hook_name: str, offload: Path | None = None, **placed: object
) -> list[tuple[int, ...]]:
    from transformers import AutoModelForCausalLM, AutoTokenizer

    model = AutoModelForCausalLM.from_pretrained(
        folder, dtype=torch.float32, offload_folder=offload, **placed
    )
    sae = load_sae(str(make.make_sae(folder / hook_name, hook_name=hook_name)))
    engine = Engine(model.eval(), AutoTokenizer.from_pretrained(folder), {"": sae}, model_name="tiny")
    hook_device = engine.adapter.device_of(engine.adapter.point(hook_name))
    assert hook_device == engine.adapter.input_device == torch.device("cpu")
    ran = run(engine, GRID)
    assert len(set(ran.tokens)) == len(GRID)
    return ran.tokens


@pytest.mark.parametrize("hook_name", [make.HOOK_NAME, "blocks.2.hook_attn_out", "blocks.2.attn.hook_z"])
@pytest.mark.parametrize(
    "on_disk", [(), ("model.embed_tokens", "model.layers.2", "model.norm"), (*LAYERS, "lm_head")]
)
def test_texts_do_not_depend_on_where_the_parts_are(folder, tmp_path, hook_name, on_disk) -> None:
    device_map = {part: "disk" if part in on_disk else "cpu" for part in (*PARTS, *LAYERS)}
    assert texts(folder, hook_name, tmp_path, device_map=device_map) == texts(folder, hook_name)


def test_a_map_to_one_device_is_taken(folder) -> None:
    assert texts(folder, make.HOOK_NAME, device_map={"": "cpu"}) == texts(folder, make.HOOK_NAME)
