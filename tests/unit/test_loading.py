from __future__ import annotations

from pathlib import Path

import pytest

import steer_widget as sw
from steer_widget.protocol import Load, SaeSource
from tests.unit.scripted import READY, ScriptedBackend


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
        Load(
            str(folders[0]), (SaeSource(str(folders[1])),), device="cuda:1", dtype="float16", max_batch_rows=8
        )
    ]


def test_names_are_passed_on(backend: ScriptedBackend, opened: list[sw.Steerer]) -> None:
    steerer = sw.load("google/gemma-2-2b", "gemma-scope/layer_20/width_16k/canonical", backend=backend)
    opened.append(steerer)
    source = SaeSource("gemma-scope/layer_20/width_16k/canonical")
    assert backend.commands == [Load("google/gemma-2-2b", (source,))]
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
    assert backend.commands == [Load("embedded", (), demo=True)]
    assert "war" in steerer.feature(523).label
    with pytest.raises(sw.UnknownFeature, match="0 to 4607"):
        steerer.feature(4608)
    assert steerer.search("mountains")[0].score > 0
    assert steerer.feature(523, sae="steer_widget demo SAE").index == 523
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
        ("sae", {"sae": []}), ("sae", {"sae": {}}), ("sae", {"sae": ["a/b", 5]}), ("sae", {"sae": {"x": None}}),
        ("sae", {"sae": ["a/b", "a/b"]}), ("sae", {"sae": {"": "a/b"}}), ("sae", {"sae": {3: "a/b"}}),
        ("sae", {"sae": ["a/b", "/no/such/sae"]}), ("sae", {"sae": ""}), ("sae", {"sae": None}),
        ("features", {"features": {"c/d": "/no/such/table.jsonl"}}), ("features", {"features": {"x": __file__}}),
        ("features", {"features": {"c/d": None}}), ("features", {"sae": ["a", "b"], "features": {"c": __file__}}),
        ("device_map", {"device_map": "everywhere"}), ("device_map", {"device_map": ""}),
        ("device_map", {"device_map": {}}), ("device_map", {"device_map": {"lm_head": None}}),
        ("device_map", {"device_map": {"lm_head": True}}), ("device_map", {"device_map": {3: "cpu"}}),
        ("device_map", {"device_map": 0}), ("device_map", {"device_map": "auto", "device": "cpu"}),
        ("embedder", {"embedder": "/no/such/embedder"}), ("embedder", {"embedder": "org/model"}),
        ("embedder", {"embedder": __file__}), ("embedder", {"embedder": ""}), ("embedder", {"embedder": 3}),
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


def test_a_model_is_spread_over_devices_instead_of_put_on_one(opened: list[sw.Steerer]) -> None:
    for spread in ("auto", "sequential", "cuda:1", {"lm_head": 0, "model": "cpu"}):
        backend = ScriptedBackend()
        opened.append(sw.load("a/b", "c/d", backend=backend, device_map=spread))  # type: ignore[arg-type]
        assert backend.commands == [Load("a/b", (SaeSource("c/d"),), device_map=spread)]  # type: ignore[arg-type]


def test_the_embedder_is_a_folder_by_its_full_path(
    tmp_path: Path, opened: list[sw.Steerer], monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "minilm").mkdir()
    monkeypatch.chdir(tmp_path)
    for start in (
        lambda b: sw.load("a/b", "c/d", backend=b, embedder="minilm"),
        lambda b: sw.demo(backend=b, embedder=Path("minilm")),
    ):
        backend = ScriptedBackend()
        opened.append(start(backend))
        assert backend.sent(Load)[0].embedder == str(tmp_path / "minilm")


def test_a_damaged_table_leaves_no_worker(tmp_path: Path, backend: ScriptedBackend) -> None:
    table = tmp_path / "features.jsonl"
    table.write_text("{")
    with pytest.raises(sw.LoadError, match="damaged"):
        sw.load("a/b", "c/d", backend=backend, features=table)
    assert backend.calls == ["start", "close"]
