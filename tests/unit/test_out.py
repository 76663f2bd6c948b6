"""Tables and figures of a result as files of other programs."""

from __future__ import annotations

import csv
import json
import sys
import xml.etree.ElementTree as ET

import matplotlib as mpl
import msgspec
import pandas as pd
import pyarrow.parquet as pq
import pytest

import steer_widget as sw
from steer_widget.desk.export import export_file
from steer_widget.protocol import FeatureActivation, Measures, TokenMeasures
from steer_widget.result import RunResult
from steer_widget.spec import Grid, Steering
from tests.unit.grids import edit
from tests.unit.scripted import MODEL, SAE
from tests.unit.test_result import cells_of

LISTS = ["features", "sae", "strengths", "units", "methods", "positions", "skip_special", "flags"]


@pytest.fixture
def result() -> RunResult:
    vector = sw.Vector([1.0], "calm").at(2, unit="raw", method="add", positions="all", skip_special=False)
    columns = (
        Steering(),
        *(Steering((edit(3, strength),)) for strength in (2, 4, 8)),
        Steering((vector, edit(5))),
    )
    grid = Grid(("=1+1", "two $x$ dollars"), columns)
    measured = Measures(
        0.25,
        kl_mean=0.5,
        kl_p95=0.9,
        kl_max=1.0,
        perplexity=12.0,
        activations=(FeatureActivation(3, "", 1.5, 4.0),),
    )
    of_tokens = TokenMeasures(
        kl=(0.1, 0.9), surprise=(1.0, 2.0), activations=((0.0, 3.0),), texts=("one", " two")
    )
    cells = cells_of(grid, state="done", text="one two", token_ids=(7, 8), finish="length")
    steered = [
        msgspec.structs.replace(c, measures=measured, token_measures=of_tokens) if c.steering.edits else c
        for c in cells
    ]
    return RunResult(run="r", state="done", grid=grid, cells=tuple(steered), model=MODEL, saes=(SAE,))


def read_csv(path) -> pd.DataFrame:
    table = pd.read_csv(path)
    for name in set(LISTS) & set(table.columns):
        table[name] = table[name].map(json.loads)
    return table


def test_all_kinds_of_file_say_the_same(result, tmp_path) -> None:
    table = result.to_pandas().reset_index()
    from_lines = pd.DataFrame(
        [json.loads(line) for line in result.to_jsonl(tmp_path / "t.jsonl").read_text().splitlines()]
    )
    pd.testing.assert_frame_equal(from_lines, table, check_dtype=False)
    from_csv = read_csv(result.to_csv(tmp_path / "t.csv"))
    assert list(from_csv.columns) == list(table.columns)
    assert from_csv["prompt"][0] == "'=1+1"  # no formula for a spreadsheet
    assert from_csv["kl_mean"].isna().tolist() == table["kl_mean"].isna().tolist()
    stored = pq.read_table(result.to_parquet(tmp_path / "t.parquet"))
    from_parquet = stored.to_pandas()
    for name in LISTS:
        from_parquet[name] = from_parquet[name].map(list)
    table["features"] = table["features"].map(lambda names: list(map(str, names)))
    shown = (
        list(frame.astype(object).where(frame.notna(), None).to_dict("index").values())
        for frame in (from_parquet, table)
    )
    assert next(shown) == next(shown)
    assert json.loads(stored.schema.metadata[b"steer_widget"])["model"]["name"] == "tiny"


def test_the_page_s_csv_is_the_same_file(result, tmp_path) -> None:
    assert result.to_csv(tmp_path / "t.csv").read_bytes().decode() == export_file(result, "csv").content


def test_a_row_for_each_token(result, tmp_path) -> None:
    table = result.to_pandas(tokens=True)
    assert list(table.loc[1]["text"]) == ["one", " two"]
    assert list(table.loc[1]["kl"]) == [0.1, 0.9]
    assert list(table.loc[1]["activation"]) == [0.0, 3.0]
    assert list(table.loc[0]["token_id"]) == [7, 8]
    assert table.loc[0]["kl"].isna().all()  # the baseline has none
    with result.to_csv(tmp_path / "t.csv", tokens=True).open(newline="") as file:
        assert list(csv.DictReader(file))[2]["text"] == "one"
    stored = pq.read_table(result.to_parquet(tmp_path / "t.parquet", tokens=True)).to_pandas()
    pd.testing.assert_frame_equal(stored.set_index("cell"), table, check_dtype=False)


def test_a_run_without_a_token_has_its_columns(result, tmp_path) -> None:
    none = msgspec.structs.replace(result, cells=cells_of(result.grid))
    assert list(none.to_pandas(tokens=True).columns) == list(result.to_pandas(tokens=True).columns)
    assert pq.read_table(none.to_parquet(tmp_path / "t.parquet", tokens=True)).num_rows == 0
    assert (
        none.to_csv(tmp_path / "t.csv", tokens=True)
        .read_text()
        .startswith("cell,prompt,steering,sample,token,")
    )


def test_what_is_missing_is_said(result, tmp_path, monkeypatch) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(sw.SteerError, match="pip install pyarrow"):
        result.to_parquet(tmp_path / "t.parquet")
    with pytest.raises(sw.MissingPath):
        result.to_csv(tmp_path / "nowhere" / "t.csv")


def svg_texts(path) -> list[str]:
    return [
        "".join(node.itertext()).strip() for node in ET.parse(path).iter("{http://www.w3.org/2000/svg}text")
    ]


def test_figures_are_vectors_whose_texts_are_texts(result, tmp_path) -> None:
    curves = svg_texts(result.save_figure(tmp_path / "curves.svg"))
    assert {"strength, raw", "3 label 3"} <= set(curves), sorted(set(curves))
    heatmap = svg_texts(result.save_figure(tmp_path / "heatmap.svg", kind="heatmap", measure="perplexity"))
    assert {"two $x$ dollars", "=1+1", "baseline", "12"} <= set(heatmap), heatmap
    assert result.save_figure(tmp_path / "curves.pdf").read_bytes().startswith(b"%PDF")
    assert (
        b"/FontFile2" in (tmp_path / "curves.pdf").read_bytes()
    )  # TrueType: its texts can be found and edited
    assert mpl.rcParams["svg.fonttype"] == "path"  # nothing of the user's is changed
    assert not mpl.pyplot.get_fignums()


def test_the_same_result_gives_the_same_figure(result, tmp_path) -> None:
    one, two = result.save_figure(tmp_path / "one.svg"), result.save_figure(tmp_path / "two.svg")
    assert one.read_bytes() == two.read_bytes()


def test_another_suffix_is_refused(result, tmp_path) -> None:
    with pytest.raises(sw.InvalidInput, match=r"\.svg, \.pdf, \.png"):
        result.save_figure(tmp_path / "figure.doc")
