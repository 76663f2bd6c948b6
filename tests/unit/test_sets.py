"""Named sets: what is saved is found again, whatever it is called, and no file can break them."""

from __future__ import annotations

import json
import warnings
from pathlib import Path

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import steer_widget as sw
from steer_widget.sets import MadeOn
from steer_widget.spec import SelectedEdit
from tests.unit import strategies
from tests.unit.scripted import ScriptedBackend

F = sw.Feature(3, "three")
SNOW = SelectedEdit(
    F, 4.0, unit="norm", method="clamp", positions="prompt", more_strengths=(8.0,), is_hidden=False
)


@pytest.fixture
def features(tmp_path: Path) -> sw.FeatureSets:
    return sw.FeatureSets(tmp_path)


@pytest.fixture
def prompts(tmp_path: Path) -> sw.PromptSets:
    return sw.PromptSets(tmp_path)


def test_a_set_keeps_rows_with_all_that_belongs_to_them(features: sw.FeatureSets, tmp_path: Path) -> None:
    hidden = msgspec.structs.replace(SNOW, is_hidden=True)
    features.save("snow", sw.Selection((SNOW, hidden)))
    found = sw.FeatureSets(tmp_path)["snow"]
    assert found.rows == (SNOW, hidden)
    assert [edit.strength for edit in found] == [4.0, 8.0]
    assert all(type(edit) is sw.Edit and edit.method == "clamp" and edit.unit == "norm" for edit in found)


def test_sets_are_a_mapping(features: sw.FeatureSets) -> None:
    assert list(features) == []
    features.save("b", F.at(1))
    features.save("A", [F.at(2), [F.at(3)]])
    assert list(features) == ["A", "b"]
    assert len(features) == 2
    assert "b" in features
    assert "c" not in features
    assert 3 not in features
    assert features.get("c") is None
    assert [edit.strength for edit in features["A"]] == [2.0, 3.0]
    del features["b"]
    assert list(features) == ["A"]
    with pytest.raises(sw.UnknownSet, match=r"name: got 'b'; allowed: .*There are: A\."):
        features["b"]
    with pytest.raises(KeyError):
        del features["b"]


def test_saving_again_replaces(features: sw.FeatureSets) -> None:
    features.save("snow", F.at(1))
    features.save(" snow ", F.at(2))
    assert [edit.strength for edit in features["snow"]] == [2.0]


@given(
    names=st.lists(st.text(min_size=1, max_size=30).filter(lambda n: bool(n.strip())), min_size=1, max_size=4)
)
@settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
def test_any_name_is_kept_apart_from_any_other(
    tmp_path_factory: pytest.TempPathFactory, names: list[str]
) -> None:
    sets = sw.PromptSets(tmp_path_factory.mktemp("sets"))
    kept: dict[str, str] = {}
    for number, name in enumerate(names):
        sets.save(name, f"prompt {number}")
        kept[next(n for n in sets if sets[n] == (f"prompt {number}",))] = f"prompt {number}"
    assert {name: sets[name][0] for name in sets} == kept
    assert all(len(path.name.encode()) < 200 for path in sets.folder.iterdir())
    assert sets[names[-1]] == (f"prompt {len(names) - 1}",)


def test_names_that_only_a_disk_would_mix_up_are_two(prompts: sw.PromptSets) -> None:
    for name in ("Snow", "snow", "snow/..", "../../snow", "CON", "s n o w", "雪", "🌨"):
        prompts.save(name, f"it is {name}")
    assert len(prompts) == 8
    assert prompts["../../snow"] == ("it is ../../snow",)
    assert {path.parent for path in prompts.folder.rglob("*.json")} == {prompts.folder}


def test_an_accent_is_the_same_however_it_is_typed(prompts: sw.PromptSets) -> None:
    prompts.save("cafe\u0301", "x")
    assert "caf\u00e9" in prompts


@pytest.mark.parametrize("name", ["", "  ", "x" * 201, 5, None, "\ud800"])
def test_what_is_no_name_is_refused(prompts: sw.PromptSets, name: object) -> None:
    with pytest.raises(sw.InvalidInput, match=r"^name: "):
        prompts.save(name, "x")  # type: ignore[arg-type]
    assert name not in prompts


@given(rows=st.lists(strategies.rows, min_size=1, max_size=4))
@settings(max_examples=40, deadline=None)
def test_every_row_comes_back_as_it_was(
    tmp_path_factory: pytest.TempPathFactory, rows: list[SelectedEdit]
) -> None:
    sets = sw.FeatureSets(tmp_path_factory.mktemp("sets"))
    sets.save("x", rows)
    assert sets["x"].rows == tuple(rows)


def test_prompts_of_both_kinds_come_back(prompts: sw.PromptSets) -> None:
    chat = [{"role": "user", "content": "hi\nthere"}]
    prompts.save("mine", ["one\ntwo", chat])
    assert prompts["mine"] == ("one\ntwo", (sw.Message("user", "hi\nthere"),))


def test_nothing_to_save_is_refused(features: sw.FeatureSets, prompts: sw.PromptSets) -> None:
    for edits in ([], sw.Selection()):
        with pytest.raises(sw.InvalidInput, match=r"^edits: "):
            features.save("x", edits)
    with pytest.raises(sw.InvalidInput, match=r"^prompts: "):
        prompts.save("x", [])
    assert not features.folder.exists()


# ---- files


def test_a_set_travels_as_a_file(features: sw.FeatureSets, tmp_path: Path) -> None:
    features.save("snow", [SNOW])
    path = features.export("snow", tmp_path / "snow.json")
    elsewhere = sw.FeatureSets(tmp_path / "elsewhere")
    assert elsewhere.import_file(path) == "snow"
    assert elsewhere["snow"].rows == (SNOW,)
    assert elsewhere.import_file(path) == "snow"
    elsewhere.save("snow", F.at(1))
    assert elsewhere.import_file(path) == "snow (2)"
    assert [edit.strength for edit in elsewhere["snow"]] == [1.0]


GOOD = {
    "format": "steer_widget.prompts", "version": 1, "name": "x", "saved_at": "2026-11-26T00:00:00+00:00", "prompts": ["p"],
}  # fmt: skip


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"format": "steer_widget.features"}, "format"), ({"format": 3}, "file"), ({"version": 2}, "version"),
        ({"name": ""}, "name"), ({"name": "x" * 300}, "name"), ({"saved_at": "yesterday"}, "saved_at"),
        ({"prompts": []}, "prompts"), ({"prompts": [""]}, "prompt"), ({"prompts": [5]}, "file"),
        ({"prompts": ["p"] * 10_001}, "prompts"), ({"more": 1}, "file"), ({"prompts": [[]]}, "prompt"),
    ],
    ids=str,
)  # fmt: skip
def test_a_file_is_checked_like_anything_from_outside(
    prompts: sw.PromptSets, tmp_path: Path, changes: dict[str, object], field: str
) -> None:
    path = tmp_path / "set.json"
    path.write_text(json.dumps({**GOOD, **changes}))
    with pytest.raises(sw.InvalidInput, match=f"^{field}: ") as caught:
        prompts.import_file(path)
    assert caught.value.field == field
    assert len(prompts) == 0


@pytest.mark.parametrize(
    "body", [b"", b"{", b"\xff", b"[" * 100_000, b"[]", b'"x"', b" " * 20_000_001], ids=len
)
def test_what_is_no_set_at_all_is_refused(prompts: sw.PromptSets, tmp_path: Path, body: bytes) -> None:
    path = tmp_path / "set.json"
    path.write_bytes(body)
    with pytest.raises(sw.InvalidInput, match=r"^(file|format): "):
        prompts.import_file(path)


def test_a_file_that_is_not_there_is_named(prompts: sw.PromptSets, tmp_path: Path) -> None:
    with pytest.raises(sw.MissingPath, match=r"nowhere\.json"):
        prompts.import_file(tmp_path / "nowhere.json")


def test_a_damaged_file_is_named_and_the_others_are_read(prompts: sw.PromptSets) -> None:
    prompts.save("good", "p")
    prompts.save("cut", "q")
    cut = next(path for path in prompts.folder.iterdir() if path.name.startswith("cut"))
    cut.write_bytes(cut.read_bytes()[:40])
    assert list(prompts) == ["good"]
    assert [file.path for file in prompts.damaged] == [cut]
    assert cut.name in repr(prompts)
    assert cut.name in prompts._repr_html_()
    prompts.save("cut", "again")
    assert prompts["cut"] == ("again",)
    assert prompts.damaged == ()


def test_a_copy_by_hand_does_not_hide_the_set_it_was_copied_from(prompts: sw.PromptSets) -> None:
    prompts.save("x", "old")
    file = next(prompts.folder.iterdir())
    (prompts.folder / "a.json").write_bytes(file.read_bytes())
    (prompts.folder / "z.json").write_bytes(file.read_bytes())
    prompts.save("x", "new")
    assert prompts["x"] == ("new",)
    del prompts["x"]
    assert "x" not in prompts


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "sets").write_text("a file")
    with pytest.raises(sw.MissingPath, match="STEER_WIDGET_DATA"):
        sw.PromptSets(tmp_path).save("x", "p")
    assert list(sw.PromptSets(tmp_path)) == []


def test_markup_in_a_name_is_text(prompts: sw.PromptSets) -> None:
    prompts.save("<b>x</b>\x1b[31m", "<script>")
    assert "<b>" not in prompts._repr_html_()
    assert "<script>" not in prompts._repr_html_()
    assert "\x1b" not in repr(prompts)
    assert "1 sets" in repr(prompts)


# ---- with a model


def test_edits_of_a_set_go_straight_into_a_run(steerer: sw.Steerer, backend: ScriptedBackend) -> None:
    steerer.feature_sets.save("snow", [SNOW, F.at(-2)])
    steerer.compare("p", steerer.feature_sets["snow"])
    columns = backend.last_run().grid.steerings
    assert [[edit.strength for edit in column.edits] for column in columns] == [[], [4.0], [8.0], [-2.0]]
    steerer.compare("p", [steerer.feature_sets["snow"].edits], baseline=False)
    assert len(backend.last_run().grid.steerings[0].edits) == 3
    steerer.widget.selection = steerer.feature_sets["snow"]
    assert [row.strength for row in steerer.widget.selection.edits] == [4.0, 8.0, -2.0]


def test_a_row_of_a_selection_goes_into_a_run_as_an_edit(
    steerer: sw.Steerer, backend: ScriptedBackend
) -> None:
    steerer.compare("p", sw.Selection((SNOW,)).edits)
    edit = backend.last_run().grid.steerings[1].edits[0]
    assert type(edit) is sw.Edit
    assert edit.strength == 4.0


def test_rows_of_a_selection_go_into_code_as_they_are_chosen(
    steerer: sw.Steerer, backend: ScriptedBackend
) -> None:
    hidden = SelectedEdit(sw.Feature(7), 3.0, is_hidden=True)
    rows = sw.Selection((SNOW, hidden, F.at(-2))).edits
    for start, baselines in ((steerer.compare, [[]]), (steerer.run, [])):
        start("p", rows)
        columns = backend.last_run().grid.steerings
        assert [[edit.strength for edit in column.edits] for column in columns] == [
            *baselines,
            [4.0],
            [8.0],
            [-2.0],
        ]
        backend.finish()
    steerer.run("p", [rows])
    (column,) = backend.last_run().grid.steerings
    assert [edit.strength for edit in column.edits] == [4.0, -2.0]


def test_a_set_tells_what_it_was_made_on(steerer: sw.Steerer) -> None:
    steerer.feature_sets.save("here", F.at(1))
    assert steerer.feature_sets["here"].made_on == MadeOn("tiny", ("tiny-sae",))
    assert not steerer.feature_sets.rows("here")[1]


def test_a_set_of_another_sae_is_given_with_a_warning(steerer: sw.Steerer, tmp_path: Path) -> None:
    sw.FeatureSets(tmp_path, here=lambda: MadeOn("big", ("big-sae",))).save("foreign", F.at(1))
    path = sw.FeatureSets(tmp_path).export("foreign", tmp_path / "foreign.json")
    name = steerer.feature_sets.import_file(path)
    with pytest.warns(
        UserWarning, match="the SAE big-sae, here is tiny-sae; and on the model big, here is tiny"
    ):
        assert len(steerer.feature_sets[name]) == 1
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert len(sw.FeatureSets(tmp_path)["foreign"]) == 1


def test_features_follow_their_sae_where_it_is_another_in_the_row(tmp_path: Path) -> None:
    sw.FeatureSets(tmp_path, here=lambda: MadeOn("m", ("low", "high"))).save(
        "x", [F.at(1), F.control().at(2)]
    )
    found = sw.FeatureSets(tmp_path, here=lambda: MadeOn("m", ("high", "low")))["x"]
    assert found[0].feature == sw.Feature(3, "three", "low")
    assert found[1].feature == sw.Feature(3, "three", "low").control()


def test_sets_lie_beside_the_history(steerer: sw.Steerer) -> None:
    assert steerer.feature_sets.folder == steerer.history().folder / "sets" / "features"
    assert sw.PromptSets().folder == sw.History().folder / "sets" / "prompts"
