from __future__ import annotations

from pathlib import Path

import pytest

import steer_widget as sw
from tests.unit.folders import model, sae
from tests.unit.scripted import ScriptedBackend


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
