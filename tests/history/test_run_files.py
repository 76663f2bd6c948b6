from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

import steer_widget as sw
from steer_widget.controller import Controller
from steer_widget.history import History
from steer_widget.run import Run
from tests.history.results import a_result, put
from tests.unit.grids import grid
from tests.unit.scripted import ScriptedBackend

DATA = Path(__file__).parents[1] / "unit" / "data"


def test_what_was_exported_comes_back_with_its_notes(filled: History, tmp_path: Path) -> None:
    path = filled["abc3"].export(tmp_path / "walk.json")
    other = History(tmp_path / "other")
    entry = other.import_file(path)
    assert entry.result() == filled["abc3"].result()
    assert (entry.name, entry.description, entry.tags, entry.saved) == (
        "My Name",
        "of the SEA",
        ("Tag", "b"),
        True,
    )
    assert other.import_file(path) == entry
    assert len(other) == 1


def test_a_saved_result_comes_in_too_also_an_old_one(history: History, tmp_path: Path) -> None:
    result = a_result("abc1")
    assert history.import_file(result.save(tmp_path / "result.json")).result() == result
    assert history.import_file(DATA / "result_v1.json").result() == sw.load_result(DATA / "result_v1.json")


def test_a_file_whose_id_is_taken_gets_a_new_one(filled: History, tmp_path: Path) -> None:
    entry = filled.import_file(a_result("abc1", text="other").save(tmp_path / "result.json"))
    assert entry.run != "abc1"
    assert entry.result().cells[0].text == "other"
    assert filled["abc1"].result().cells[0].text == "one two"
    assert len(filled) == 4


def test_what_had_not_ended_in_a_file_is_interrupted(
    history: History, tmp_path: Path, ready: Controller, backend: ScriptedBackend
) -> None:
    job = ready.submit(grid(), {})
    backend.started()
    backend.grow("half")
    backend.end_cell(0, "whole")
    path = Run(ready, job).partial().save(tmp_path / "partial.json")
    entry = history.import_file(path)
    assert (entry.state, entry.n_ended) == ("interrupted", 1)
    assert [(cell.state, cell.text) for cell in entry.result().cells] == [
        ("done", "whole"), ("stopped", "half"), ("stopped", "half"),
    ]  # fmt: skip
    assert history.import_file(path) == entry


@pytest.mark.parametrize(
    ("change", "what"),
    [
        (lambda _: "", "could not be imported"),
        (lambda body: body[: len(body) // 2], "could not be imported"),
        (lambda _: "[" * 100_000, "could not be imported"),
        (lambda _: '{"a":' * 100_000, "could not be imported"),
        (lambda _: "[1]", "could not be imported"),
        (lambda _: "{}", "no run"),
        (lambda body: body.replace('"steer_widget.run"', '"pickle"'), "pickle"),
        (lambda body: body.replace('"version":1', '"version":9'), "newer"),
        (lambda body: body.replace('"text":"one two"', '"text":3'), "text"),
        (lambda body: body.replace('"state":"done"', '"state":"dead"'), "dead"),
        (lambda body: body.replace('"run":"abc1"', '"run":"../x"'), "run"),
        (lambda body: body.replace('"run":"abc1"', '"run":"' + "x" * 100 + '"'), "run"),
        (lambda body: body.replace('"created_at":"2026', '"created_at":"soon'), "created_at"),
        (lambda body: body.replace('"name":""', '"name":{}'), "name"),
        (lambda body: body.replace('"name":""', '"name":"","exec":"x"'), "exec"),
        (lambda body: body.replace('"samples":1', '"samples":2'), "cells"),
        (lambda body: body.replace('"samples":1', '"samples":1e999'), "samples"),
        (lambda body: body.replace('"strength":1.0', '"strength":"1"'), "strength"),
        (lambda body: body.replace('"index":3', '"index":' + "9" * 5000), "could not be imported"),
    ],
)
def test_a_file_that_is_not_right_is_refused_and_told_why(
    change: Callable[[str], str], what: str, folder: Path, tmp_path: Path
) -> None:
    put(folder, a_result("abc1"))
    path = History(folder)["abc1"].export(tmp_path / "walk.json")
    body = path.read_text()
    assert change(body) != body
    path.write_text(change(body))
    with pytest.raises(sw.ResultFormatError, match=what):
        History(tmp_path / "other").import_file(path)
    assert len(History(tmp_path / "other")) == 0


def test_a_file_that_is_not_there_is_named(filled: History, tmp_path: Path) -> None:
    with pytest.raises(sw.MissingPath, match=r"nothing\.json"):
        filled.import_file(tmp_path / "nothing.json")
    with pytest.raises(sw.MissingPath, match="no_folder"):
        filled[0].export(tmp_path / "no_folder" / "x.json")


def test_an_exported_file_is_json_of_plain_values(filled: History, tmp_path: Path) -> None:
    told = json.loads(filled["abc3"].export(tmp_path / "walk.json").read_text(encoding="ascii"))
    assert (told["format"], told["version"], told["notes"]["name"]) == ("steer_widget.run", 1, "My Name")
    assert told["result"]["format"] == "steer_widget.result"
