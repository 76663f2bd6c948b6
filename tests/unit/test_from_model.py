from __future__ import annotations

import types
from pathlib import Path

import pytest

import steer_widget as sw
from steer_widget.protocol import Load
from tests.unit.scripted import ScriptedBackend


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
