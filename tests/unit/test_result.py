from __future__ import annotations

import json
import sys
from pathlib import Path

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from steer_widget.cell import Cell
from steer_widget.errors import MissingPath, ResultFormatError, SteerError
from steer_widget.protocol import (
    Alternative,
    ErrorInfo,
    FeatureActivation,
    FeatureShift,
    Measures,
    ModelInfo,
    SaeInfo,
    TokenMeasures,
)
from steer_widget.result import RunResult
from steer_widget.saving import FORMAT, VERSION, load_result
from steer_widget.spec import (
    Edit,
    Feature,
    FinishReason,
    Generation,
    Grid,
    Message,
    Schedule,
    Steering,
    Vector,
)
from tests.unit.grids import edit
from tests.unit.scripted import MODEL, SAE
from tests.unit.strategies import finite, grids, of, texts, whole

DATA = Path(__file__).parent / "data"
MEASURES = Measures(
    dose=0.25,
    flags=("looping", "over_steered"),
    kl_mean=0.5,
    kl_p95=0.9,
    kl_max=1.0,
    perplexity=12.5,
    repetition=0.1,
    distinct_1=0.7,
    distinct_2=0.9,
    activations=(FeatureActivation(3, "", 1.5, 4.0), FeatureActivation(5, "", 0.0, 0.0)),
    off_target=(FeatureShift(9, "second", -0.5),),
    similarity=0.8,
)
TOKEN_MEASURES = TokenMeasures(
    kl=(0.0, 0.5, 1.0),
    surprise=(1.0, 2.0, 3.0),
    activations=((0.0, 0.5, 4.0), (0.0, 0.0, 0.0)),
    alternatives=((Alternative(7, " dog", 0.5, 0.25),), (), ()),
)
SECOND = msgspec.structs.replace(SAE, name="second", layer=3, hook_name="blocks.3.hook_resid_post")


def cells_of(grid: Grid, **changes: object) -> tuple[Cell, ...]:
    made = []
    for index in range(len(grid)):
        at = grid.coordinates(index)
        made.append(
            msgspec.structs.replace(
                Cell(
                    index=index,
                    prompt=grid.prompts[at.prompt],
                    steering=grid.steerings[at.steering],
                    sample=at.sample,
                    chat=grid.generation.chat,
                ),
                **changes,
            )
        )
    return tuple(made)


@pytest.fixture
def result() -> RunResult:
    grid = Grid(
        ("I went", (Message("user", "Hi & bye"),)),
        (Steering(), Steering((edit(3, 4.0), edit(5, -2.5)))),
        2,
        Generation(max_new_tokens=7, temperature=0.5, seed=11, stop=("\n",)),
    )
    cells = cells_of(grid, state="done", text=" for a walk", token_ids=(5, 6, 7), finish="length")
    failed = msgspec.structs.replace(
        cells[3], state="failed", finish="failed", failure=ErrorInfo("OutOfMemory", "Too big.", "the log")
    )
    steered = msgspec.structs.replace(cells[2], measures=MEASURES, token_measures=TOKEN_MEASURES)
    return RunResult(
        run="abc",
        state="done",
        grid=grid,
        cells=(*cells[:2], steered, failed, *cells[4:]),
        model=MODEL,
        saes=(SAE, SECOND),
        versions={"torch": "2.13.0"},
        created_at="2026-11-23T00:00:00+00:00",
        seconds=1.5,
        n_tokens=24,
        max_act={"/3": 12.5},
    )


def test_saved_and_loaded_is_the_same(result: RunResult, tmp_path: Path) -> None:
    path = result.save(tmp_path / "walk.json")
    assert load_result(path) == result
    again = load_result(str(path))
    assert again.cells[3].error is not None
    assert (again.cells[2].measures, again.cells[2].token_measures) == (MEASURES, TOKEN_MEASURES)


@st.composite
def results(draw: st.DrawFn) -> RunResult:
    grid = draw(grids)
    cells = tuple(
        msgspec.structs.replace(
            cell,
            state=draw(st.sampled_from(("queued", "running", "done", "stopped", "failed"))),
            text=draw(texts),
            token_ids=tuple(draw(st.lists(whole, max_size=3))),
            finish=draw(st.none() | of(FinishReason)),
            measures=draw(of(Measures)),
            token_measures=draw(of(TokenMeasures)),
            failure=draw(st.none() | of(ErrorInfo)),
        )
        for cell in cells_of(grid)
    )
    return RunResult(
        run=draw(texts),
        state=draw(st.sampled_from(("stopping", "done", "stopped", "failed"))),
        grid=grid,
        cells=cells,
        model=draw(st.none() | of(ModelInfo)),
        saes=draw(of(tuple[SaeInfo, ...])),
        versions=draw(of(dict[str, str])),
        created_at=draw(texts),
        seconds=draw(finite),
        n_tokens=draw(whole),
        max_act=draw(of(dict[str, float])),
        failure=draw(st.none() | of(ErrorInfo)),
    )


@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
@given(results())
def test_any_result_survives_the_file(tmp_path: Path, result: RunResult) -> None:
    assert load_result(result.save(tmp_path / "any.json")) == result


def test_the_file_says_what_made_it(result: RunResult, tmp_path: Path) -> None:
    saved = json.loads(result.save(tmp_path / "walk.json").read_text(encoding="utf-8"))
    assert (saved["format"], saved["version"]) == (FORMAT, VERSION)
    assert saved["grid"]["generation"] == {
        "max_new_tokens": 7, "temperature": 0.5, "top_p": 1.0, "top_k": 0, "repetition_penalty": 1.0, "seed": 11,
        "stop": ["\n"], "chat": False,
    }  # fmt: skip
    assert saved["grid"]["steerings"][1]["edits"][0] == {
        "feature": {"kind": "feature", "index": 3, "label": "label 3", "sae": ""}, "strength": 4.0, "unit": "raw",
        "method": "add", "positions": "all", "skip_special": False, "schedule": None,
    }  # fmt: skip
    assert saved["versions"] == {"torch": "2.13.0"}
    assert saved["model"]["n_parameters"] == 12345
    assert [sae["hook_name"] for sae in saved["saes"]] == [
        "blocks.2.hook_resid_post",
        "blocks.3.hook_resid_post",
    ]
    assert saved["cells"][2]["token_measures"]["kl"] == [0.0, 0.5, 1.0]
    assert saved["cells"][0]["token_ids"] == [5, 6, 7]


def test_saving_replaces_whole_or_not_at_all(
    result: RunResult, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "walk.json"
    result.save(path)
    before = path.read_bytes()

    def full_disk(_handle: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full_disk)
    with pytest.raises(MissingPath, match="No space left"):
        msgspec.structs.replace(result, run="other").save(path)
    assert path.read_bytes() == before
    assert [entry.name for entry in tmp_path.iterdir()] == ["walk.json"]


def test_a_folder_that_is_not_there_is_named(result: RunResult, tmp_path: Path) -> None:
    with pytest.raises(MissingPath, match="no_folder"):
        result.save(tmp_path / "no_folder" / "walk.json")
    with pytest.raises(MissingPath, match=r"nothing\.json"):
        load_result(tmp_path / "nothing.json")


@pytest.mark.parametrize(
    ("damage", "what"),
    [
        (lambda _: b"", "could not be read"),
        (lambda body: body[: len(body) // 2], "could not be read"),
        (lambda _: b"[1, 2]", "could not be read"),
        (lambda _: b"\xff\xfe", "could not be read"),
        (lambda _: b"[" * 100_000, "could not be read"),
        (lambda _: b"{}", "no saved result"),
        (lambda body: body.replace(b"steer_widget.result", b"other.thing"), "no saved result"),
        (lambda body: body.replace(b'"version": 2', b'"version": 3'), "newer"),
        (lambda body: body.replace(b'"version": 2', b'"version": 0'), "version 0"),
        (lambda body: body.replace(b'"version": 2', b'"version": 1'), "saes"),
        (lambda body: body.replace(b'"temperature": 0.5', b'"temperature": -1'), "temperature"),
        (lambda body: body.replace(b'"samples": 2', b'"samples": 3'), "cells"),
        (lambda body: body.replace(b'"run"', b'"sprint"'), "sprint"),
        (lambda body: body.replace(b'"state": "done"', b'"state": "dead"'), "dead"),
    ],
)
def test_damage_is_told_as_such(result: RunResult, tmp_path: Path, damage, what: str) -> None:  # type: ignore[no-untyped-def]
    path = result.save(tmp_path / "walk.json")
    damaged = damage(path.read_bytes())
    assert damaged != path.read_bytes()
    path.write_bytes(damaged)
    with pytest.raises(ResultFormatError, match=what):
        load_result(path)


def test_a_file_of_version_1_is_still_read() -> None:
    result = load_result(DATA / "result_v1.json")  # written by the release before
    war = Feature(3, "war & peace").at(4.0, unit="max_act", method="add", positions="all", skip_special=False)
    five = Feature(5).at(-2.5, unit="raw", method="add", positions="generated", skip_special=False)
    assert result.grid.steerings == (
        Steering((), preserve_norm=False),
        Steering((war, five), preserve_norm=False),
    )
    assert result.grid.prompts == ("I went", (Message("user", "Hi"),))
    assert (result.saes, result.max_act) == ((SAE,), {"/3": 12.5})
    assert [cell.state for cell in result.cells] == ["done", "done", "done", "failed"]
    assert [cell.measures for cell in result.cells[:2]] == [Measures(), Measures(0.25)]
    assert result.cells[1].token_measures == TokenMeasures()
    assert str(result.cells[3].error) == "Too big."


def test_a_file_of_version_1_that_was_read_is_saved_as_it_is_now(tmp_path: Path) -> None:
    result = load_result(DATA / "result_v1.json")
    assert load_result(result.save(tmp_path / "now.json")) == result


@pytest.mark.parametrize(
    ("damage", "what"),
    [
        (lambda body: body[: len(body) // 2], "could not be read"),
        (lambda body: body.replace(b'"index": 3', b'"index": -3'), "feature"),
        (lambda body: body.replace(b'"strength": 4.0', b'"strength": "4"'), "strength"),
        (lambda body: body.replace(b'"edits"', b'"steps"'), "steps"),
        (lambda body: body.replace(b'"text": ""', b'"text": 3'), "text"),
    ],
)
def test_damage_of_version_1_is_told_as_such(tmp_path: Path, damage, what: str) -> None:  # type: ignore[no-untyped-def]
    body = (DATA / "result_v1.json").read_bytes()
    assert damage(body) != body
    path = tmp_path / "old.json"
    path.write_bytes(damage(body))
    with pytest.raises(ResultFormatError, match=what):
        load_result(path)


def test_texts_of_tokens_are_saved_and_files_from_before_them_are_read(
    result: RunResult, tmp_path: Path
) -> None:
    tokens = TokenMeasures(kl=(0.0, 1.0), surprise=(2.0, 3.0), texts=("I ", "🌍"))
    cells = (msgspec.structs.replace(result.cells[0], token_measures=tokens), *result.cells[1:])
    path = msgspec.structs.replace(result, cells=cells).save(tmp_path / "now.json")
    assert load_result(path).cells[0].token_measures.texts == ("I ", "🌍")
    before = json.loads(path.read_text(encoding="utf-8"))
    for cell in before["cells"]:
        assert "texts" in cell["token_measures"]
        del cell["token_measures"]["texts"]
    path.write_text(json.dumps(before), encoding="utf-8")
    assert load_result(path).cells[0].token_measures == msgspec.structs.replace(tokens, texts=())


MEASURED_COLUMNS = [
    "dose", "kl_mean", "kl_p95", "kl_max", "perplexity", "repetition", "distinct_1", "distinct_2", "activation",
    "similarity",
]  # fmt: skip


def test_pandas_gets_a_row_for_each_cell(result: RunResult) -> None:
    table = result.to_pandas()
    assert list(table.columns) == [
        "prompt", "steering", "features", "sae", "strengths", "units", "methods", "positions", "skip_special", "sample",
        "text", "n_tokens", "state", "finish", "error", "flags", *MEASURED_COLUMNS,
    ]  # fmt: skip
    assert list(table.index) == list(range(8))
    assert table.index.name == "cell"
    assert table.loc[2, "features"] == [3, 5]
    assert table.loc[2, "strengths"] == [4.0, -2.5]
    assert table.loc[2, "sae"] == ["tiny-sae", "tiny-sae"]
    assert table.loc[2, "skip_special"] == [False, False]
    assert table.loc[0, "steering"] == "baseline"
    assert table.loc[0, "features"] == []
    assert table.loc[3, "error"] == "Too big."
    assert table.loc[4, "prompt"] == "user: Hi & bye"
    assert (table["n_tokens"] == 3).all()


def test_pandas_gets_what_was_measured_and_nothing_where_it_was_not(result: RunResult) -> None:
    table = result.to_pandas()
    assert table.loc[2, MEASURED_COLUMNS].to_list() == [0.25, 0.5, 0.9, 1.0, 12.5, 0.1, 0.7, 0.9, 1.5, 0.8]
    assert table.loc[2, "flags"] == ["looping", "over_steered"]
    assert table.loc[0, "flags"] == []
    assert table.loc[[0, 1, 3, 4, 5, 6, 7], MEASURED_COLUMNS].isna().all(axis=None)


def test_pandas_names_vectors_controls_and_the_features_of_other_saes(result: RunResult) -> None:
    vector = Vector([1.0, 2.0], "joy")  # type: ignore[arg-type]
    edits: tuple[Edit, ...] = (
        Feature(4, sae="second").at(1, positions=slice(1, 5), schedule=Schedule(3)),
        vector.at(2, positions=[0, -1]),
        Feature(3, "war").control(7).at(3, skip_special=True),
        vector.control().at(4),
    )
    grid = Grid(("x",), (Steering(edits, preserve_norm=True),))
    row = msgspec.structs.replace(result, grid=grid, cells=cells_of(grid)).to_pandas().loc[0]
    assert row["features"] == [4, "joy", "random like 3 war (7)", "random like joy"]
    assert row["sae"] == ["second", None, "tiny-sae", None]
    assert row["positions"] == ["[1:5]", "[-1, 0]", None, None]
    assert row["skip_special"] == [None, None, True, None]
    assert row["steering"].endswith("random like joy +4, norm kept")


def test_without_pandas_the_way_out_is_named(result: RunResult, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(SteerError, match="pip install pandas"):
        result.to_pandas()


def test_speed_is_none_where_no_time_was_spent(result: RunResult) -> None:
    assert result.tokens_per_s == 16.0
    assert msgspec.structs.replace(result, seconds=0.0).tokens_per_s is None
