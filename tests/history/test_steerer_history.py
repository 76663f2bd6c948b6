from __future__ import annotations

from pathlib import Path

import pytest

import steer_widget as sw
from tests.history.results import a_result, put, runs
from tests.unit.grids import grid
from tests.unit.scripted import READY, ScriptedBackend


def test_a_steerer_writes_its_runs_and_shows_them(backend: ScriptedBackend, tmp_path: Path) -> None:
    with sw.demo(backend=backend, history=tmp_path / "mine") as steerer:
        backend.say(READY)
        run = steerer.start(grid(), ask_worker=False)
        backend.finish()
        assert steerer.history()[0].result() == run.partial()
        assert steerer.history().folder == tmp_path / "mine"
        steerer.start(grid(), ask_worker=False)
        backend.started()
        backend.grow("half")
        assert steerer.history()[0].state == "running"
    assert [(entry.state, entry.result().cells[0].text) for entry in sw.History(tmp_path / "mine")] == [
        ("stopped", "half"), ("done", "one two"),
    ]  # fmt: skip


def test_without_history_nothing_is_written_and_the_user_s_own_is_read(
    backend: ScriptedBackend, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STEER_WIDGET_DATA", str(tmp_path / "data"))
    put(tmp_path / "data", a_result("abc1"))
    with sw.demo(backend=backend, history=False) as steerer:
        backend.say(READY)
        steerer.start(grid(), ask_worker=False)
        backend.finish()
    assert runs(steerer.history()) == ["abc1"]


@pytest.mark.parametrize("given", [None, 3, "", b"x"])
def test_a_folder_that_is_none_is_refused(given: object, backend: ScriptedBackend) -> None:
    with pytest.raises(sw.InvalidInput, match="history"):
        sw.demo(backend=backend, history=given)  # type: ignore[arg-type]
    assert backend.calls == []
