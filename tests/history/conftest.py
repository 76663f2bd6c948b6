"""A controller over a scripted worker whose runs are recorded into a folder of the test."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from steer_widget.controller import Controller
from steer_widget.history import History, Recorder
from steer_widget.history.brief import Notes
from tests.history.results import a_result, put
from tests.unit.conftest import backend, controller, ready

__all__ = ["backend", "controller", "filled", "folder", "history", "ready", "record", "recorder"]

Record = Callable[..., Recorder]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "data"


@pytest.fixture
def history(folder: Path) -> History:
    """What another kernel would read: it waits for no recorder."""
    return History(folder)


@pytest.fixture
def filled(folder: Path) -> History:
    """Three runs, of which the last has a name, a description and tags."""
    put(folder, a_result("abc1", prompt="A walk in PARIS"), a_result("abc2", label="Golden Gate 100%"))
    put(
        folder, a_result("abc3", text="ÉCOLE under_score"), notes=Notes("My Name", "of the SEA", ("Tag", "b"))
    )
    return History(folder)


@pytest.fixture
def record(folder: Path) -> Iterator[Record]:
    """Attaches recorders, and ends them after the test."""
    made: list[Recorder] = []

    def attach(controller: Controller, where: Path | None = None, **options: object) -> Recorder:
        made.append(Recorder.attach(controller, where or folder, **options))  # type: ignore[arg-type]
        return made[-1]

    yield attach
    for recorder in made:
        recorder.close()


@pytest.fixture
def recorder(ready: Controller, record: Record) -> Recorder:
    return record(ready)
