"""Stages for faults, and the table of what was injected."""

from __future__ import annotations

import json
import os
import random
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.faults import scale as scales
from tests.faults.stage import Stage, StageMaker, Undisturbed
from tests.faults.tally import Tally
from tests.tiny import make

TALLY = pytest.StashKey[Tally]()
SEED = pytest.StashKey[int]()


def pytest_configure(config: pytest.Config) -> None:
    config.stash[TALLY] = Tally()
    config.stash[SEED] = int(os.environ.get("FAULTS_SEED") or random.SystemRandom().randrange(1 << 32))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    tally = config.stash[TALLY]
    if not tally.lines():
        return
    terminalreporter.section(f"faults (FAULTS_SEED={config.stash[SEED]} does the same again)")
    for line in tally.lines():
        terminalreporter.write_line(line)
    path = os.environ.get("FAULTS_TABLE")
    if path:
        tally.write(Path(path))


@pytest.fixture(scope="session")
def scale() -> scales.Scale:
    return scales.asked()


@pytest.fixture(scope="session")
def tally(pytestconfig: pytest.Config) -> Tally:
    return pytestconfig.stash[TALLY]


@pytest.fixture
def rng(pytestconfig: pytest.Config, request: pytest.FixtureRequest) -> random.Random:
    """Random moments, the same for the same FAULTS_SEED."""
    return random.Random(f"{pytestconfig.stash[SEED]} {request.node.nodeid}")


@pytest.fixture(scope="session")
def folders(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A tiny model with code of its own, and its SAE."""
    root = tmp_path_factory.mktemp("faults")
    model = make.make_model(root / "model", max_position_embeddings=1024)
    shutil.copy(Path(__file__).with_name("modeling_faulty.py"), model)
    config = json.loads((model / "config.json").read_text())
    config["auto_map"] = {"AutoModelForCausalLM": "modeling_faulty.FaultyLlama"}
    (model / "config.json").write_text(json.dumps(config))
    return model, make.make_sae(root / "sae")


@pytest.fixture(scope="session")
def undisturbed() -> Undisturbed:
    return Undisturbed()


@pytest.fixture(scope="session")
def make_stage(
    folders: tuple[Path, Path],
    tally: Tally,
    undisturbed: Undisturbed,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[StageMaker]:
    """Makes stages with options of `sw.load`; all are closed at the end, and nothing may be left of them."""
    stages: list[Stage] = []

    def made(*, rehearsed: bool = True, **options: Any) -> Stage:
        order = tmp_path_factory.mktemp("orders") / "order"
        stage = Stage(folders, order, tally, undisturbed, **options)
        stages.append(stage)
        if rehearsed:
            stage.ready()
            stage.rehearse()
        return stage

    yield made
    for stage in stages:
        stage.close()


@pytest.fixture(scope="session")
def shared(make_stage: StageMaker) -> Stage:
    return make_stage()


@pytest.fixture
def stage(shared: Stage) -> Stage:
    """The stage that all tests share, ready again after whatever the last one did to its worker."""
    shared.order("")
    if shared.steerer.status.worker == "failed":
        shared.steerer.reload()
    shared.ready()
    return shared
