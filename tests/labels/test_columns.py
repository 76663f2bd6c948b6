"""Tables that others wrote: what is taken from them, and what is refused."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from steer_widget.errors import InvalidInput, MissingPath
from steer_widget.labels import read_labels
from steer_widget.protocol import Example, FeatureCard


def test_csv_with_other_names_and_quoted_lines(tmp_path: Path) -> None:
    path = tmp_path / "mine.csv"
    path.write_text(
        '\ufeffFeature,Description,fracNonzero,notes\n3,"seas, ""wide""\nand deep",0.25,x\n\n12,rivers,,y\n',
        "utf-8",
    )
    read = read_labels(path)
    assert read.cards == {
        3: FeatureCard(3, 'seas, "wide" and deep', density=0.25),
        12: FeatureCard(12, "rivers"),
    }
    assert read.columns == {"index": "Feature", "label": "Description", "density": "fracNonzero"}
    assert read.left_out == ("notes",)


@pytest.mark.parametrize(("name", "between"), [("t.tsv", "\t"), ("t.csv", ";"), ("t.csv.gz", ",")])
def test_other_delimiters_and_gzip(tmp_path: Path, name: str, between: str) -> None:
    content = "\n".join(between.join(row) for row in (("index", "label"), ("0", "a"), ("1", "b"))).encode()
    (tmp_path / name).write_bytes(gzip.compress(content) if name.endswith(".gz") else content)
    assert {n: card.label for n, card in read_labels(tmp_path / name).cards.items()} == {0: "a", 1: "b"}


def test_parquet_and_frames_say_the_same(tmp_path: Path) -> None:
    frame = pd.DataFrame({"latent": [5, 7], "label": ["sea", None], "max_activation": [2.5, float("nan")],
                          "pos_str": [[" sea", " ocean"], None]})  # fmt: skip
    pq.write_table(pa.Table.from_pandas(frame), tmp_path / "t.parquet")
    wanted = {5: FeatureCard(5, "sea", max_act=2.5, logit_lens_up=(" sea", " ocean")), 7: FeatureCard(7)}
    assert read_labels(tmp_path / "t.parquet").cards == wanted
    assert read_labels(frame).cards == wanted
    assert read_labels(frame.set_index("latent")).cards == wanted


def test_a_dict(tmp_path: Path) -> None:
    assert read_labels({4: "sea", 2: "hill"}).cards == {4: FeatureCard(4, "sea"), 2: FeatureCard(2, "hill")}


def test_jsonl_with_examples_and_several_labels_of_one_feature(tmp_path: Path) -> None:
    lines = [
        {
            "index": "9",
            "label": "sea",
            "examples": [{"act": 2.0, "left": "the ", "token": "sea", "right": "."}],
        },
        {"index": "9", "label": "water", "max_act": 3},
        {"index": "9", "label": "Sea"},
    ]
    (tmp_path / "t.jsonl").write_text("\n".join(map(json.dumps, lines)))
    example = Example(2.0, "the ", "sea", ".")
    assert read_labels(tmp_path / "t.jsonl").cards == {
        9: FeatureCard(9, "sea; water", max_act=3.0, examples=(example,))
    }


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("index,label\n1,a\nx,b\n", r"index, line 3 of t\.csv: got 'x'; allowed: a feature's number"),
        ("index,label\n-1,a\n", "index, line 2"),
        ("index,label\n1.5,a\n", "index, line 2"),
        ("index,label\n,a\n", "index, line 2"),
        ("index,label,density\n1,a,1.5\n", r"density, line 2 .* a share from 0 to 1"),
        ("index,label,max_act\n1,a,inf\n", r"max_act, line 2 .* finite"),
        ("index,label\n1,a,b\n", r"line 2 .* as many cells as the head, 2"),
        ("number,label\n1,a\n", r"columns of t\.csv, line 2.*: got .* one called index"),
        ("index,notes\n1,a\n", "besides the index"),
        ("index,label\n", "at least one row"),
        ('index,label\n1,"a\n', "line 2"),
    ],
)
def test_refused_by_line_and_column(tmp_path: Path, content: str, said: str) -> None:
    (tmp_path / "t.csv").write_text(content)
    with pytest.raises(InvalidInput, match=said):
        read_labels(tmp_path / "t.csv")


def test_what_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(MissingPath):
        read_labels(tmp_path / "nowhere.csv")
    with pytest.raises(InvalidInput, match=r"ends in \.csv"):
        read_labels(tmp_path / "t.xlsx")
    with pytest.raises(InvalidInput, match="a path, a pandas frame"):
        read_labels(7)
    (tmp_path / "cut.jsonl.gz").write_bytes(gzip.compress(b'{"index": 1, "label": "a"}\n' * 500)[:-9])
    with pytest.raises(InvalidInput, match="whole gzip file"):
        read_labels(tmp_path / "cut.jsonl.gz")
    (tmp_path / "t.parquet").write_bytes(b"PAR1 no")
    with pytest.raises(InvalidInput, match="whole Parquet file"):
        read_labels(tmp_path / "t.parquet")


def test_an_export_folder_takes_explanations_and_features_alone(tmp_path: Path) -> None:
    def batch(kind: str, *lines: dict[str, object]) -> None:
        (tmp_path / kind).mkdir(exist_ok=True)
        content = "\n".join(map(json.dumps, lines)).encode()
        (tmp_path / kind / "batch-0.jsonl.gz").write_bytes(gzip.compress(content))

    batch("explanations", {"layer": "6-res", "index": "0", "description": "seas", "typeName": "x"})
    batch(
        "features",
        {"layer": "6-res", "index": "0", "frac_nonzero": 0.5, "maxActApprox": 9.0, "neg_str": ["a"]},
    )
    batch("activations", {"index": "0", "tokens": ["a"]})
    (tmp_path / "model.jsonl").write_text('{"id": "gpt2-small"}')
    found = read_labels(tmp_path).cards
    assert found == {0: FeatureCard(0, "seas", density=0.5, max_act=9.0, logit_lens_down=("a",))}
    batch("explanations", {"layer": "6-res", "index": "0", "description": "a"},
          {"layer": "7-res", "index": "0", "description": "b"})  # fmt: skip
    with pytest.raises(InvalidInput, match=r"one SAE.* 6-res, 7-res"):
        read_labels(tmp_path)
