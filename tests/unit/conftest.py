"""A controller, a steerer and a widget over a scripted worker, and folders to load."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

import steer_widget as sw
from steer_widget.controller import Controller
from steer_widget.protocol import Load, SaeSource
from steer_widget.widget import SteerWidget
from tests.unit.folders import model, sae
from tests.unit.page import Page
from tests.unit.scripted import READY, ScriptedBackend


@pytest.fixture
def backend() -> ScriptedBackend:
    return ScriptedBackend()


@pytest.fixture
def controller(backend: ScriptedBackend) -> Iterator[Controller]:
    made = Controller(backend, Load("model", (SaeSource("sae"),)), cancel_grace_s=0.1, terminate_grace_s=0.1)
    yield made
    made.close()


@pytest.fixture
def ready(controller: Controller, backend: ScriptedBackend) -> Controller:
    """A controller whose worker has loaded."""
    controller.start()
    backend.say(READY)
    return controller


@pytest.fixture
def steerer(backend: ScriptedBackend) -> Iterator[sw.Steerer]:
    made = sw.load("a/b", "c/d", backend=backend)
    backend.say(READY)
    yield made
    made.widget.close()
    made.close()


@pytest.fixture
def demo_steerer(backend: ScriptedBackend, tmp_path: Path) -> Iterator[sw.Steerer]:
    """Over the embedded feature table, with a history of its own; its worker has not loaded."""
    made = sw.demo(backend=backend, history=tmp_path / "data")
    yield made
    made.widget.close()
    made.close()


@pytest.fixture
def demo_page(demo_steerer: sw.Steerer, backend: ScriptedBackend) -> Page:
    backend.say(READY)
    return Page(demo_steerer.widget)


@pytest.fixture
def widget(steerer: sw.Steerer) -> SteerWidget:
    return steerer.widget


@pytest.fixture
def page(widget: SteerWidget) -> Page:
    return Page(widget)


@pytest.fixture
def folders(tmp_path: Path) -> tuple[Path, Path]:
    return model(tmp_path / "model"), sae(tmp_path / "sae")


@pytest.fixture
def opened() -> Iterator[list[sw.Steerer]]:
    steerers: list[sw.Steerer] = []
    yield steerers
    for steerer in steerers:
        steerer.close()
