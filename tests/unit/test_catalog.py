from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from steer_widget.catalog import Catalog
from steer_widget.errors import InvalidInput, UnknownFeature
from steer_widget.features.table import FeatureTable
from steer_widget.protocol import FeatureCard
from steer_widget.spec import Feature

LINES = [
    {"index": 0, "label": "war and peace", "max_act": 10.0},
    {"index": 1, "label": "mountains", "max_act": 20.0},
    {"index": 2, "label": "love", "max_act": None},
    {"index": 3, "label": "love", "max_act": 3.0},
]
ALL = {"unit": "raw", "method": "add", "positions": "all"}


@pytest.fixture
def catalog(tmp_path: Path) -> Catalog:
    path = tmp_path / "features.jsonl"
    path.write_text("\n".join(json.dumps(line) for line in LINES))
    return Catalog(FeatureTable.read(path))


def test_by_index_with_its_label(catalog: Catalog) -> None:
    assert catalog.feature(1, 8) == Feature(1, "mountains")
    assert catalog.feature(np.int64(1), 8) == Feature(1, "mountains")
    assert catalog.feature(7, 8) == Feature(7)
    assert Catalog(None).feature(10**6, None) == Feature(10**6)


def test_by_a_label_that_it_alone_has(catalog: Catalog) -> None:
    assert catalog.feature("Mountains ", 8) == Feature(1, "mountains")


@pytest.mark.parametrize(
    ("key", "allowed"),
    [
        (8, "0 to 7"),
        (-1, "0 to 7"),
        (1.5, "0 to 7"),
        (True, "0 to 7"),
        (None, "0 to 7"),
        ("war", "one feature alone"),
        ("love", "3 love; 2 love"),
        ("zzz", "No label"),
    ],
)
def test_unknown_ones_say_what_is_allowed(catalog: Catalog, key: object, allowed: str) -> None:
    with pytest.raises(UnknownFeature, match=allowed) as caught:
        catalog.feature(key, 8)
    assert caught.value.field == "feature"


def test_near_labels_are_named(catalog: Catalog) -> None:
    with pytest.raises(UnknownFeature, match="0 war and peace"):
        catalog.feature("war", 8)


def test_labels_need_a_table() -> None:
    with pytest.raises(UnknownFeature, match="without a feature table"):
        Catalog(None).feature("love", 8)
    with pytest.raises(InvalidInput, match="features="):
        Catalog(None).search("love", 5)


def test_an_index_is_found_without_a_table_too(catalog: Catalog) -> None:
    for known in (catalog, Catalog(None)):
        assert [card.index for card, _ in known.search(" 7 ", 5, 8)] == [7]
        assert known.search("8", 5, 8) == ()
        assert known.card(7, 8) == FeatureCard(7)
        with pytest.raises(UnknownFeature, match="0 to 7"):
            known.card(8, 8)
    assert catalog.card(1, 8).label == "mountains"


def test_search_is_bounded_and_checked(catalog: Catalog) -> None:
    assert [card.index for card, _ in catalog.search("mount", 5)] == [1]
    assert len(catalog.search("love", 1)) == 1
    for text, limit in (("love", 0), ("love", True), ("love", "3"), (3, 3)):
        with pytest.raises(InvalidInput):
            catalog.search(text, limit)
    assert (catalog.n_labels, Catalog(None).n_labels) == (4, 0)


def test_max_act_goes_along_where_a_unit_needs_it(catalog: Catalog) -> None:
    edits = [Feature(1).at(2, unit="max_act"), Feature(0).at(2, unit="raw")]
    assert catalog.check(edits, 8) == {"1": 20.0}


@pytest.mark.parametrize(
    ("index", "options", "field"),
    [
        (2, {"unit": "max_act"}, "unit"),
        (7, {"unit": "max_act"}, "unit"),
        (8, {}, "feature"),
        (1, {"method": "teleport"}, "method"),
        (1, {"method": "_base"}, "method"),
    ],
)
def test_what_the_worker_would_refuse_is_refused_before(
    catalog: Catalog, index: int, options: dict[str, str], field: str
) -> None:
    edit = Feature(index).at(1, **options)  # type: ignore[arg-type]
    with pytest.raises(InvalidInput) as caught:
        catalog.check([edit], 8)
    assert caught.value.field == field
    if field == "method":
        assert "add" in caught.value.allowed


def test_an_edit_that_leaves_the_rest_open_is_fine(catalog: Catalog) -> None:
    assert catalog.check([Feature(1).at(1)], 8) == {}
