from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

import steer_widget as sw
from steer_widget.protocol import Load
from tests.unit.scripted import LOAD_FAILED, READY, ScriptedBackend


@pytest.fixture
def folders(tmp_path: Path) -> tuple[Path, Path]:
    return model(tmp_path / "model"), sae(tmp_path / "sae")


def model(folder: Path, **config: object) -> Path:
    folder.mkdir()
    (folder / "config.json").write_text(json.dumps({"hidden_size": 32, "num_hidden_layers": 4, **config}))
    return folder


def sae(folder: Path, **config: object) -> Path:
    folder.mkdir()
    described = {"d_in": 32, "d_sae": 64, "metadata": {"hook_name": "blocks.2.hook_resid_post"}, **config}
    (folder / "cfg.json").write_text(json.dumps(described))
    return folder


@pytest.fixture
def opened() -> Iterator[list[sw.Steerer]]:
    steerers: list[sw.Steerer] = []
    yield steerers
    for steerer in steerers:
        steerer.close()


def test_folders_are_loaded_by_their_full_path(
    folders: tuple[Path, Path],
    backend: ScriptedBackend,
    opened: list[sw.Steerer],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(folders[0].parent)
    opened.append(
        sw.load("model", "sae", backend=backend, device="cuda:1", dtype="float16", max_batch_rows=8)
    )
    assert backend.commands == [
        Load(str(folders[0]), str(folders[1]), device="cuda:1", dtype="float16", max_batch_rows=8)
    ]


def test_names_are_passed_on(backend: ScriptedBackend, opened: list[sw.Steerer]) -> None:
    steerer = sw.load("google/gemma-2-2b", "gemma-scope/layer_20/width_16k/canonical", backend=backend)
    opened.append(steerer)
    assert backend.commands == [Load("google/gemma-2-2b", "gemma-scope/layer_20/width_16k/canonical")]
    assert repr(steerer) == (
        "<Steerer: google/gemma-2-2b, gemma-scope/layer_20/width_16k/canonical, worker loading, 0 runs>"
    )
    assert steerer.feature(10**6).index == 10**6, "nobody knows the number of features yet"
    backend.say(READY)
    with pytest.raises(sw.UnknownFeature, match="0 to 63"):
        steerer.feature(64)


def test_the_number_of_features_is_known_from_the_folder(
    folders: tuple[Path, Path], backend: ScriptedBackend, opened: list[sw.Steerer]
) -> None:
    opened.append(sw.load(*folders, backend=backend))
    with pytest.raises(sw.UnknownFeature, match="0 to 63"):
        opened[0].feature(64)


def test_the_embedded_default_knows_its_features_at_once(
    backend: ScriptedBackend, opened: list[sw.Steerer]
) -> None:
    steerer = sw.demo(backend=backend)
    opened.append(steerer)
    assert backend.commands == [Load("embedded", "embedded", demo=True)]
    assert "war" in steerer.feature(523).label
    with pytest.raises(sw.UnknownFeature, match="0 to 4607"):
        steerer.feature(4608)
    assert steerer.search("mountains")[0].score > 0
    assert steerer.status.n_labels == 4608


MISSING = [
    ("/no/such/model", "sae"), ("./model", "sae"), ("~/no_such_model_folder", "sae"), ("a/b/c", "sae"),
    (Path("nowhere"), "sae"), ("google/gemma", "/no/such/sae"), ("google/gemma", "../sae"), ("google/gemma", Path("x/y")),
]  # fmt: skip


@pytest.mark.parametrize(("model_name", "sae_name"), MISSING, ids=str)
def test_missing_folders_are_named_before_any_process_starts(
    model_name: str | Path, sae_name: str | Path, backend: ScriptedBackend
) -> None:
    with pytest.raises(sw.MissingPath, match="Looked for the folder"):
        sw.load(model_name, sae_name, backend=backend)
    assert backend.calls == []


@pytest.mark.parametrize(
    ("field", "options"),
    [
        ("device", {"device": "gpu"}), ("device", {"device": "cuda:x"}), ("device", {"device": 0}),
        ("dtype", {"dtype": "int4"}), ("dtype", {"dtype": None}),
        ("backend", {"backend": "ray"}), ("backend", {"backend": object()}),
        ("trust_remote_code", {"trust_remote_code": "yes"}),
        ("max_batch_rows", {"max_batch_rows": 0}), ("max_batch_rows", {"max_batch_rows": True}),
        ("features", {"features": "/no/such/table.jsonl"}), ("features", {"features": 3}),
        ("model", {"model": ""}), ("model", {"model": None}), ("sae", {"sae": 5}), ("sae", {"sae": b"x"}),
    ],
    ids=str,
)  # fmt: skip
def test_options_are_refused_before_any_process_starts(
    field: str, options: dict[str, object], backend: ScriptedBackend
) -> None:
    with pytest.raises(sw.InvalidInput) as caught:
        sw.load(**{"model": "a/b", "sae": "c/d", "backend": backend, **options})  # type: ignore[arg-type]
    assert caught.value.field == field
    assert backend.calls == []


@pytest.mark.parametrize(
    ("model_config", "sae_config", "what"),
    [
        ({"hidden_size": 48}, {}, "d_in 48"),
        ({"hidden_size": None, "n_embd": 48}, {}, "d_in 48"),
        ({"text_config": {"hidden_size": 48}}, {}, "d_in 48"),
        ({"num_hidden_layers": 2}, {}, "layers 0 to 1"),
        ({}, {"metadata": {}, "hook_name": "blocks.4.hook_resid_pre"}, "layers 0 to 3"),
        ({}, {"metadata": {"hook_name": "model.layers.9.output"}}, "layers 0 to 3"),
    ],
)
def test_folders_that_do_not_fit_each_other_are_refused(
    tmp_path: Path,
    backend: ScriptedBackend,
    model_config: dict[str, object],
    sae_config: dict[str, object],
    what: str,
) -> None:
    with pytest.raises(sw.SaeMismatch, match=what):
        sw.load(model(tmp_path / "m", **model_config), sae(tmp_path / "s", **sae_config), backend=backend)
    assert backend.calls == []


def test_what_folders_do_not_tell_is_left_to_the_worker(
    tmp_path: Path, backend: ScriptedBackend, opened: list[sw.Steerer]
) -> None:
    (tmp_path / "m").mkdir()
    (tmp_path / "s").mkdir()
    opened.append(sw.load(tmp_path / "m", tmp_path / "s", backend=backend))
    assert backend.n_loads == 1


def test_a_damaged_config_is_named(tmp_path: Path, backend: ScriptedBackend) -> None:
    folder = model(tmp_path / "m")
    (folder / "config.json").write_text("{")
    with pytest.raises(sw.InvalidInput, match=r"config\.json"):
        sw.load(folder, sae(tmp_path / "s"), backend=backend)
    assert backend.calls == []


def test_a_damaged_table_leaves_no_worker(tmp_path: Path, backend: ScriptedBackend) -> None:
    table = tmp_path / "features.jsonl"
    table.write_text("{")
    with pytest.raises(sw.LoadError, match="damaged"):
        sw.load("a/b", "c/d", backend=backend, features=table)
    assert backend.calls == ["start", "close"]


def test_ready_waits_and_raises_what_went_wrong(backend: ScriptedBackend, opened: list[sw.Steerer]) -> None:
    steerer = sw.load("a/b", "c/d", backend=backend)
    opened.append(steerer)
    with pytest.raises(sw.WorkerTimeout, match=r"steerer\.ready\(timeout=60\)"):
        steerer.ready(timeout=0.1)
    backend.say(LOAD_FAILED)
    for _ in range(2):
        with pytest.raises(sw.LoadError, match="No such model") as caught:
            steerer.ready()
        assert caught.value.details == "the traceback"
    steerer.reload()
    assert backend.n_loads == 2
    backend.say(READY)
    steerer.ready()
    backend.die()
    with pytest.raises(sw.WorkerTimeout):
        steerer.ready(timeout=0)
    assert backend.calls == ["start", "start"], "asking for a worker that died starts one"
    backend.die()
    with pytest.raises(sw.WorkerDied, match="while it was loading"):
        steerer.ready()


@pytest.mark.parametrize("timeout", [-1, float("nan"), "60", None, True])
def test_a_timeout_is_seconds(timeout: object, backend: ScriptedBackend, opened: list[sw.Steerer]) -> None:
    opened.append(sw.load("a/b", "c/d", backend=backend))
    with pytest.raises(sw.InvalidInput, match="timeout"):
        opened[0].ready(timeout)  # type: ignore[arg-type]
