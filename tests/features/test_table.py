"""The feature table: what it knows, what it costs, and what it says of damaged files."""

from __future__ import annotations

import gzip
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from steer_widget.embedded import feature_table_path
from steer_widget.errors import LoadError, MissingPath, UnknownFeature
from steer_widget.features.table import FeatureTable

N_FEATURES = 4608
MAX_GROWTH_MB = 60


@pytest.fixture(scope="module")
def table() -> FeatureTable:
    return FeatureTable.read(feature_table_path())


def write(path: Path, *lines: object) -> Path:
    path.write_bytes(b"\n".join(msgspec.json.encode(line) for line in lines) + b"\n")
    return path


def test_the_packaged_table_knows_every_feature(table: FeatureTable) -> None:
    assert len(table) == N_FEATURES
    card = table.card(523)
    assert card.label == "war, in 'during the war'"
    assert card.max_act == pytest.approx(53.776)
    assert len(card.examples) == 6
    assert all(example.act > 0 and example.token for example in card.examples)
    assert table.label(523) == card.label
    assert table.max_act(523) == card.max_act


def test_a_feature_that_never_fired_has_no_max_act(tmp_path: Path) -> None:
    table = FeatureTable.read(write(tmp_path / "t.jsonl", {"index": 0, "max_act": 0.0}, {"index": 7}))
    assert table.max_act(0) is None
    assert table.max_act(7) is None
    assert table.max_act(3) is None
    assert table.label(3) == ""
    assert 7 in table
    assert 3 not in table


def test_an_unknown_feature_is_refused_by_name(table: FeatureTable) -> None:
    with pytest.raises(UnknownFeature, match=r"feature: got 4608; allowed: one of the 4608 features"):
        table.card(N_FEATURES)


def test_a_missing_table_is_named(tmp_path: Path) -> None:
    with pytest.raises(MissingPath, match=r"feature table: got .*nowhere\.jsonl"):
        FeatureTable.read(tmp_path / "nowhere.jsonl")


def test_a_table_cut_off_in_download_is_damaged(tmp_path: Path) -> None:
    whole = feature_table_path().read_bytes()
    cut = tmp_path / "cut.jsonl.gz"
    cut.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(LoadError, match=r"damaged at line \d{3,}: .*compressed data ends"):
        FeatureTable.read(cut)


def test_a_table_with_flipped_bytes_is_damaged(tmp_path: Path) -> None:
    content = bytearray(feature_table_path().read_bytes())
    content[1000:1040] = bytes(40)
    broken = tmp_path / "broken.jsonl.gz"
    broken.write_bytes(content)
    with pytest.raises(LoadError, match="damaged at line"):
        FeatureTable.read(broken)


@pytest.mark.parametrize(
    "second",
    [
        b"{not json}",
        b'{"label": "no index"}',
        b'{"index": "1"}',
        b'{"index": -1}',
        b'{"index": 0}',
        b'{"index": 1, "label": "\xff"}',
    ],
    ids=["no JSON", "no index", "index as text", "negative", "twice", "not UTF-8"],
)
def test_a_bad_line_is_named_by_its_number(tmp_path: Path, second: bytes) -> None:
    path = tmp_path / "t.jsonl.gz"
    path.write_bytes(gzip.compress(b'{"index": 0}\n' + second + b"\n"))
    with pytest.raises(LoadError, match="damaged at line 2"):
        FeatureTable.read(path)


def test_lines_may_hold_more_than_cards_do(tmp_path: Path) -> None:
    table = FeatureTable.read(write(tmp_path / "t.jsonl", {"index": 5, "label": "five", "color": "red"}))
    assert table.card(5).label == "five"


def test_import_and_table_stay_small() -> None:
    code = (
        "import psutil\n"
        "def used_mb(): return psutil.Process().memory_full_info().uss / 1e6\n"
        "before = used_mb()\n"
        "import anywidget, steer_widget\n"
        "from steer_widget.embedded import feature_table_path\n"
        "from steer_widget.features.table import FeatureTable\n"
        "table = FeatureTable.read(feature_table_path())\n"
        "table.search('war')\n"
        "print(used_mb() - before)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert float(done.stdout) < MAX_GROWTH_MB


def test_a_large_table_lies_on_disk_and_gives_every_card(tmp_path: Path) -> None:
    text = "x" * 2_000
    lines = [{"index": 3 * i, "label": f"label {i} {text}"} for i in range(20_000)]  # 40 MB
    table = FeatureTable.read(write(tmp_path / "t.jsonl", *lines))
    for i in (0, 7_000, 19_999):
        assert table.card(3 * i).label == lines[i]["label"]
    assert len(table) == 20_000
    assert 1 not in table


def test_a_full_temporary_folder_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("steer_widget.features.lines._MAX_IN_MEMORY_BYTES", 10)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "gone"))
    path = write(tmp_path / "t.jsonl", {"index": 0, "label": "a label"})
    with pytest.raises(LoadError, match=r"temporary folder .*gone.*: .*TMPDIR"):
        FeatureTable.read(path)
