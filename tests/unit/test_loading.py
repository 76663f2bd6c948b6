from __future__ import annotations

import json
import types
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

import steer_widget as sw
from steer_widget.protocol import Load, SaeSource
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


# ---- several SAEs


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


class Held:
    """An SAE in memory, as far as the kernel looks at it."""

    W_dec = object()

    def __init__(self, hook_name: str | None, d_sae: int = 64) -> None:
        self.cfg = types.SimpleNamespace(d_sae=d_sae, metadata=types.SimpleNamespace(hook_name=hook_name))


@pytest.fixture
def inline(monkeypatch: pytest.MonkeyPatch) -> list[tuple[ScriptedBackend, dict[str, object]]]:
    """What `from_model` gives to its backend."""
    made: list[tuple[ScriptedBackend, dict[str, object]]] = []

    def backend(_model: object, _tokenizer: object, saes: dict[str, object]) -> ScriptedBackend:
        made.append((ScriptedBackend(), saes))
        return made[-1][0]

    monkeypatch.setattr("steer_widget.backends.inline.InlineBackend", backend)
    return made


def test_saes_in_memory_go_by_their_hook_points_or_names(
    inline: list[tuple[ScriptedBackend, dict[str, object]]],
    opened: list[sw.Steerer],
    folders: tuple[Path, Path],
) -> None:
    low, high, bare = Held("blocks.1.hook_resid_post"), Held("blocks.3.hook_resid_post", 8), Held(None)
    path = str(folders[1])
    for given, saes in (
        (low, {"blocks.1.hook_resid_post": low}),
        ([low, high], {"blocks.1.hook_resid_post": low, "blocks.3.hook_resid_post": high}),
        ({"a": high, "b": low}, {"a": high, "b": low}),
        (bare, {"Held": bare}),
        (path, {path: path}),
        ({"a": low, "b": folders[1]}, {"a": low, "b": path}),
    ):
        opened.append(sw.from_model(object(), object(), given))  # type: ignore[arg-type]
        backend, taken = inline[-1]
        assert taken == saes
        assert [source.name or source.path for source in backend.sent(Load)[0].saes] == list(saes)
    with pytest.raises(sw.UnknownFeature, match="0 to 7"):
        opened[1].feature(8, sae="blocks.3.hook_resid_post")


@pytest.mark.parametrize(
    "given",
    [None, 5, object(), [], {}, {"": Held("a")}, [Held("a"), Held("a")], [Held("a"), object()]],
    ids=lambda given: type(given).__name__,
)
def test_what_is_no_sae_in_memory_is_refused(
    inline: list[tuple[ScriptedBackend, dict[str, object]]], given: object
) -> None:
    with pytest.raises(sw.InvalidInput) as caught:
        sw.from_model(object(), object(), given)  # type: ignore[arg-type]
    assert caught.value.field == "sae"
    assert inline == []


def test_from_model_takes_an_embedder_and_refuses_one_that_is_not_there(
    inline: list[tuple[ScriptedBackend, dict[str, object]]], opened: list[sw.Steerer], tmp_path: Path
) -> None:
    opened.append(sw.from_model(object(), object(), Held("a"), embedder=tmp_path))  # type: ignore[arg-type]
    assert inline[0][0].sent(Load)[0].embedder == str(tmp_path)
    with pytest.raises(sw.MissingPath, match="embedder"):
        sw.from_model(object(), object(), Held("a"), embedder=tmp_path / "none")  # type: ignore[arg-type]
    assert len(inline) == 1


# ---- do they fit


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


def test_every_sae_has_to_fit(tmp_path: Path, backend: ScriptedBackend) -> None:
    with pytest.raises(sw.SaeMismatch, match="d_in 48"):
        sw.load(model(tmp_path / "m"), [sae(tmp_path / "s"), sae(tmp_path / "t", d_in=48)], backend=backend)
    assert backend.calls == []


def test_an_sae_of_the_heads_may_be_wider_than_the_stream(
    tmp_path: Path, backend: ScriptedBackend, opened: list[sw.Steerer]
) -> None:
    heads = sae(tmp_path / "z", d_in=64, metadata={"hook_name": "blocks.2.attn.hook_z"})
    folder = model(tmp_path / "m")
    opened.append(sw.load(folder, heads, backend=backend))
    assert backend.n_loads == 1
    deep = sae(tmp_path / "deep", d_in=64, metadata={"hook_name": "blocks.4.attn.hook_z"})
    with pytest.raises(sw.SaeMismatch, match="layers 0 to 3"):
        sw.load(folder, deep, backend=backend)


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
