"""The three files of examples/plugin, installed as a user would, give a method, an SAE source and a backend."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import psutil
import pytest
import torch
from safetensors.torch import load_file

import steer_widget as sw
from steer_widget import plugins
from steer_widget.spec import Grid, Steering
from steer_widget.worker.engine import Engine
from tests.tiny import make
from tests.worker import reference
from tests.worker.conftest import make_engine, point_of, run

ROOT = Path(__file__).resolve().parents[2]
PATIENCE_S = 90.0
PROMPTS = ("I went for a walk and", "The mountains were white with snow, and nobody")
GENERATION = sw.Generation(max_new_tokens=8)
THRESHOLD = 0.4


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """The example plug-in, where this process and its workers find it."""
    folder = tmp_path_factory.mktemp("site")
    install = ["-m", "pip", "install", "--quiet", "--no-deps", "--no-build-isolation", "--no-index"]
    subprocess.run([sys.executable, *install, "--target", folder, ROOT / "examples" / "plugin"], check=True)
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(folder)
        patch.setenv("PYTHONPATH", os.pathsep.join((str(folder), str(ROOT))))
        patch.setenv("OMP_NUM_THREADS", "1")
        plugins._offers.cache_clear()
        yield
    plugins._offers.cache_clear()


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    root = tmp_path_factory.mktemp("tiny")
    return make.make_model(root / "model"), make.make_sae(root / "sae")


@pytest.fixture(scope="module")
def engine(folders: tuple[Path, Path]) -> Engine:
    return make_engine(*folders)


@pytest.fixture(scope="module")
def archive(folders: tuple[Path, Path]) -> Path:
    """The tiny SAE as a JumpReLU one in a numpy archive."""
    tensors = {
        name: tensor.numpy() for name, tensor in load_file(folders[1] / "sae_weights.safetensors").items()
    }
    path = folders[0].parent / "params.npz"
    np.savez(path, **tensors, threshold=np.full(make.D_SAE, THRESHOLD, np.float32))
    return path


@pytest.fixture(scope="module")
def steerer(installed: None, folders: tuple[Path, Path], archive: Path) -> Iterator[sw.Steerer]:
    """All three at once."""
    sae = f"npz:{make.HOOK_NAME}:{archive}"
    with sw.load(folders[0], sae=sae, backend="polite", dtype="float32", history=False) as made:
        made.ready(PATIENCE_S)
        yield made


def test_the_method_agrees_with_plain_pytorch(
    installed: None, engine: Engine, folders: tuple[Path, Path]
) -> None:
    point = point_of(engine)
    tensors = load_file(folders[1] / "sae_weights.safetensors")
    feature, strength = 3, 9.0
    v, column = tensors["W_dec"][feature], tensors["W_enc"][:, feature]

    def gate(h: torch.Tensor) -> float:
        return float((h - tensors["b_dec"]) @ column + tensors["b_enc"][feature] > 0)

    # scale adds (s − 1)·a(h)·v; with the gate for a(h), that is the formula of the example
    wanted_edit = reference.Edit("scale", v, strength + 1, activation=gate)
    edit = sw.Feature(feature).at(strength, unit="raw", method="where_active", positions="all")
    nothing = sw.Feature(feature).at(0, unit="raw", method="where_active", positions="all")
    everywhere = sw.Feature(feature).at(strength, unit="raw", method="add", positions="all")
    steerings = (Steering(), Steering((edit,)), Steering((nothing,)), Steering((everywhere,)))
    tokens = run(engine, Grid(PROMPTS, steerings, 1, GENERATION)).tokens
    for prompt, text in enumerate(PROMPTS):
        ids = engine.adapter.tokenizer(text)["input_ids"]
        sites = [(point.module, point.side)]
        wanted = reference.greedy(engine.adapter.model, sites, ids, [wanted_edit], GENERATION.max_new_tokens)
        baseline, gated, neutral, added = tokens[prompt * 4 : prompt * 4 + 4]
        assert gated == tuple(wanted)
        assert neutral == baseline
        assert len({baseline, gated, added}) == 3, "the gate has to be open at some tokens and shut at others"


def test_a_worker_of_the_backend_uses_the_method_and_the_source(steerer: sw.Steerer) -> None:
    assert "where_active" in steerer.status.methods
    assert steerer.status.saes[0].architecture == "jumprelu"
    pid = steerer.status.pid
    assert pid is not None
    assert psutil.Process(pid).nice() >= 10
    f = steerer.feature(3)
    edits = [f.at(9), f.at(9, method="where_active")]
    result = steerer.compare(PROMPTS, edits, generation=GENERATION).result(PATIENCE_S)
    assert result.state == "done"
    assert len({cell.token_ids for cell in result.cells[:3]}) == 3


def test_activations_of_the_source_are_those_of_its_arrays(
    steerer: sw.Steerer, engine: Engine, archive: Path
) -> None:
    text = PROMPTS[0]
    told = {hit.feature.index: hit.act for hit in steerer.top_features(text, k=make.D_SAE)}
    with torch.no_grad():
        ids = torch.tensor([engine.adapter.tokenizer(text)["input_ids"]])
        states = engine.adapter.model(ids, output_hidden_states=True).hidden_states
    arrays = {name: torch.from_numpy(array) for name, array in np.load(archive).items()}
    pre = states[3][0] @ arrays["W_enc"] + arrays["b_enc"]
    acts = torch.where(pre > THRESHOLD, pre, 0.0)
    assert len(told) > 5
    for index, act in told.items():
        assert act == pytest.approx(float(acts[:, index].max()), rel=1e-4)


@pytest.mark.parametrize(
    ("name", "kind", "words"),
    [
        ("npz:no_path", sw.InvalidInput, "npz:hook_name:path"),
        (f"npz:{make.HOOK_NAME}:nowhere.npz", sw.MissingPath, "Looked for"),
    ],
)
def test_the_source_refuses_by_name(installed: None, name: str, kind: type[Exception], words: str) -> None:
    from steer_widget.saes import load_sae

    with pytest.raises(kind, match=words):
        load_sae(name)


def test_a_worker_that_is_killed_is_told_of(steerer: sw.Steerer) -> None:
    pid = steerer.status.pid
    assert pid is not None
    endless = sw.Generation(max_new_tokens=200, temperature=1.0, repetition_penalty=1.3)
    begun = steerer.compare(PROMPTS[0], [steerer.feature(3).at(9)], samples=20, generation=endless)
    next(iter(begun))
    os.kill(pid, signal.SIGKILL)
    with pytest.raises(sw.WorkerDied, match="SIGKILL"):
        begun.result(PATIENCE_S)
