from __future__ import annotations

import json
from pathlib import Path

import msgspec
import pytest

import steer_widget as sw
from steer_widget.protocol import Load, SaeSource
from tests.unit.folders import sae
from tests.unit.scripted import READY, ScriptedBackend


def test_a_list_of_saes_goes_by_what_was_written(
    folders: tuple[Path, Path],
    tmp_path: Path,
    backend: ScriptedBackend,
    opened: list[sw.Steerer],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    sae(tmp_path / "wide", d_sae=128)
    monkeypatch.chdir(tmp_path)
    opened.append(sw.load("a/b", ["sae", Path("wide"), "release/id"], backend=backend))
    assert backend.sent(Load)[0].saes == (
        SaeSource(str(tmp_path / "sae"), "sae"),
        SaeSource(str(tmp_path / "wide"), "wide"),
        SaeSource("release/id"),
    )
    steerer = opened[0]
    assert steerer.feature(63) == sw.Feature(63)
    assert steerer.feature(127, sae="wide") == sw.Feature(127, sae="wide")
    assert steerer.feature(10**6, sae="release/id").sae == "release/id"
    for bad, name in ((64, ""), (128, "wide")):
        with pytest.raises(sw.UnknownFeature):
            steerer.feature(bad, sae=name)
    with pytest.raises(sw.InvalidInput, match="sae, wide, release/id"):
        steerer.feature(1, sae="narrow")
    assert repr(steerer) == "<Steerer: a/b, sae, wide, release/id, worker loading, 0 runs>"


def test_a_dict_names_the_saes(
    folders: tuple[Path, Path], backend: ScriptedBackend, opened: list[sw.Steerer]
) -> None:
    opened.append(sw.load("a/b", {"early": folders[1], "late": "c/d"}, backend=backend))
    assert backend.sent(Load)[0].saes == (SaeSource(str(folders[1]), "early"), SaeSource("c/d", "late"))
    assert opened[0].feature(3, sae="late") == sw.Feature(3, sae="late")


def test_once_loaded_the_worker_says_which_saes_there_are(
    backend: ScriptedBackend, opened: list[sw.Steerer]
) -> None:
    opened.append(sw.load("a/b", ["tiny-sae", "other"], backend=backend))
    steerer = opened[0]
    assert steerer.feature(10**6, sae="other").index == 10**6
    other = msgspec.structs.replace(READY.saes[0], name="other", d_sae=16)
    backend.say(msgspec.structs.replace(READY, saes=(*READY.saes, other)))
    assert [info.name for info in steerer.status.saes] == ["tiny-sae", "other"]
    with pytest.raises(sw.UnknownFeature, match="0 to 15"):
        steerer.feature(16, sae="other")
    with pytest.raises(sw.UnknownFeature, match="0 to 63"):
        steerer.feature(64)


def test_each_sae_has_its_own_feature_table(
    tmp_path: Path, backend: ScriptedBackend, opened: list[sw.Steerer]
) -> None:
    tables = {}
    for name in ("one", "two"):
        tables[name] = tmp_path / f"{name}.jsonl"
        tables[name].write_text(json.dumps({"index": 1, "label": f"label of {name}", "max_act": 2.5}))
    opened.append(sw.load("a/b", {"one": "c/d", "two": "e/f"}, backend=backend, features=tables))
    steerer = opened[0]
    assert [steerer.feature(1, sae=sae).label for sae in ("", "one", "two")] == [
        "label of one", "label of one", "label of two",
    ]  # fmt: skip
    assert steerer.search("label", sae="two")[0].feature == sw.Feature(1, "label of two", "two")
    assert steerer.card(steerer.feature(1, sae="two")).label == "label of two"
    assert steerer.cards("label", sae="two")[0].label == "label of two"
    assert steerer.status.n_labels == 2
    run = steerer.compare("x", [steerer.feature("label of two", sae="two").at(1)], unit="max_act")
    backend.say(READY)
    assert backend.last_run().run == run.id
    assert backend.last_run().max_act == {"two/1": 2.5}


def test_one_table_is_the_first_sae_s(
    tmp_path: Path, backend: ScriptedBackend, opened: list[sw.Steerer]
) -> None:
    table = tmp_path / "features.jsonl"
    table.write_text(json.dumps({"index": 1, "label": "war"}))
    opened.append(sw.load("a/b", ["c/d", "e/f"], backend=backend, features=table))
    assert opened[0].feature(1).label == "war"
    assert opened[0].feature(1, sae="e/f").label == ""
