from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from steer_widget import methods
from steer_widget.catalog import Catalog, KnownSae
from steer_widget.errors import InvalidInput, UnknownFeature
from steer_widget.features.table import FeatureTable
from steer_widget.protocol import FeatureCard
from steer_widget.spec import Direction, Edit, Feature, Vector

LINES = [
    {"index": 0, "label": "war and peace", "max_act": 10.0},
    {"index": 1, "label": "mountains", "max_act": 20.0},
    {"index": 2, "label": "love", "max_act": None},
    {"index": 3, "label": "love", "max_act": 3.0},
]
FIRST, OTHER, BARE = KnownSae("first", 8), KnownSae("other", 4), KnownSae("bare")
V = Vector([1.0, 2.0], "mine")  # type: ignore[arg-type]


def table(folder: Path, name: str, lines: list[dict[str, object]]) -> FeatureTable:
    path = folder / name
    path.write_text("\n".join(json.dumps(line) for line in lines))
    return FeatureTable.read(path)


@pytest.fixture
def catalog(tmp_path: Path) -> Catalog:
    tables = {
        0: table(tmp_path, "first.jsonl", LINES),
        1: table(tmp_path, "other.jsonl", [{"index": 2, "label": "rivers", "max_act": 7.0}]),
    }
    return Catalog(lambda: [FIRST, OTHER, BARE], tables)


@pytest.fixture
def bare() -> Catalog:
    """One SAE of which nothing is known."""
    return Catalog(lambda: [KnownSae("sae")])


def test_by_index_with_its_label(catalog: Catalog, bare: Catalog) -> None:
    assert catalog.feature(1) == Feature(1, "mountains")
    assert catalog.feature(np.int64(1)) == Feature(1, "mountains")
    assert catalog.feature(7) == Feature(7)
    assert bare.feature(10**6) == Feature(10**6)


def test_by_a_label_that_it_alone_has(catalog: Catalog) -> None:
    assert catalog.feature("Mountains ") == Feature(1, "mountains")


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
        ("rivers", "No label"),
    ],
)
def test_unknown_ones_say_what_is_allowed(catalog: Catalog, key: object, allowed: str) -> None:
    with pytest.raises(UnknownFeature, match=allowed) as caught:
        catalog.feature(key)
    assert caught.value.field == "feature"


def test_near_labels_are_named(catalog: Catalog) -> None:
    with pytest.raises(UnknownFeature, match="0 war and peace"):
        catalog.feature("war")


def test_labels_need_a_table(catalog: Catalog, bare: Catalog) -> None:
    for known, sae in ((bare, ""), (catalog, "bare")):
        with pytest.raises(UnknownFeature, match="without a feature table"):
            known.feature("love", sae)
        with pytest.raises(InvalidInput, match="features="):
            known.search("love", 5, sae)


def test_an_index_is_found_without_a_table_too(catalog: Catalog) -> None:
    for known in (catalog, Catalog(lambda: [FIRST])):
        assert [card.index for card, _ in known.search(" 7 ", 5)] == [7]
        assert known.search("8", 5) == ()
        assert known.card(7) == FeatureCard(7)
        with pytest.raises(UnknownFeature, match="0 to 7"):
            known.card(8)
    assert catalog.card(1).label == "mountains"


def test_search_is_bounded_and_checked(catalog: Catalog, bare: Catalog) -> None:
    assert [card.index for card, _ in catalog.search("mount", 5)] == [1]
    assert len(catalog.search("love", 1)) == 1
    for text, limit in (("love", 0), ("love", True), ("love", "3"), (3, 3)):
        with pytest.raises(InvalidInput):
            catalog.search(text, limit)
    assert (catalog.n_labels, bare.n_labels) == (5, 0)


# ---- several SAEs


def test_each_sae_has_its_own_features(catalog: Catalog) -> None:
    assert catalog.feature(2, "other") == Feature(2, "rivers", "other")
    assert catalog.feature("rivers", "other") == Feature(2, "rivers", "other")
    assert catalog.feature(10**6, "bare") == Feature(10**6, "", "bare")
    assert catalog.feature(1, "first") == Feature(1, "mountains", "first"), "the first by its name too"
    assert catalog.card(2, "other").label == "rivers"
    assert [card.index for card, _ in catalog.search("river", 5, "other")] == [2]
    assert catalog.search("river", 5) == ()
    with pytest.raises(UnknownFeature, match="0 to 3"):
        catalog.feature(4, "other")


@pytest.mark.parametrize("sae", ["nobody", "First", None, 3])
def test_an_sae_that_there_is_not_is_named_with_those_there_are(catalog: Catalog, sae: str) -> None:
    uses = [
        lambda: catalog.feature(1, sae),
        lambda: catalog.card(1, sae),
        lambda: catalog.search("love", 3, sae),
    ]
    if isinstance(sae, str):
        uses += [
            lambda: catalog.check([Feature(1, sae=sae).at(1)]),
            lambda: catalog.check([Feature(1, "", sae).control().at(1)]),
        ]
    for use in uses:
        with pytest.raises(InvalidInput) as caught:
            use()
        assert (caught.value.field, caught.value.allowed) == ("sae", "first, other, bare")


# ---- what is refused before any work


def test_max_act_goes_along_by_the_feature_s_key(catalog: Catalog) -> None:
    edits = [
        Feature(1).at(2, unit="max_act"),
        Feature(0).at(2, unit="raw"),
        Feature(0, sae="first").at(2, unit="max_act"),
        Feature(2, sae="other").control(5).at(1, unit="max_act", method="clamp"),
    ]
    assert catalog.check(edits) == {"/1": 20.0, "first/0": 10.0, "other/2": 7.0}


def both(direction: Feature | Vector) -> list[Direction]:
    """A control is judged by what it is the control of."""
    return [direction, direction.control(3)]


REFUSED: list[tuple[Feature | Vector, dict[str, str], str, str]] = [
    (Feature(2), {"unit": "max_act"}, "unit", "raw or norm"),
    (Feature(7), {"unit": "max_act"}, "unit", "raw or norm"),
    (Feature(1, sae="other"), {"unit": "max_act"}, "unit", "raw or norm"),
    (Feature(1, sae="bare"), {"unit": "max_act"}, "unit", "raw or norm"),
    (V, {"unit": "max_act"}, "unit", "raw or norm"),
    (Feature(8), {}, "feature", "0 to 7"),
    (Feature(4, sae="other"), {}, "feature", "0 to 3"),
    (Feature(1), {"method": "teleport"}, "method", "ablate, add, cap, clamp, orthogonal, scale"),
    (Feature(1), {"method": "_base"}, "method", "ablate, add, cap, clamp, orthogonal, scale"),
    (V, {"method": "scale"}, "method", "add, cap, orthogonal"),
    (V, {"method": "clamp"}, "method", "add, cap, orthogonal"),
    (V, {"method": "ablate"}, "method", "add, cap, orthogonal"),
    *[
        (Feature(1), {"method": method, "unit": unit}, "unit", "raw")
        for method in ("scale", "orthogonal", "ablate")
        for unit in ("norm", "max_act")
    ],
    (V, {"method": "orthogonal", "unit": "norm"}, "unit", "raw"),
]


@pytest.mark.parametrize(("direction", "options", "field", "allowed"), REFUSED, ids=str)
def test_what_the_worker_would_refuse_is_refused_before(
    catalog: Catalog, direction: Feature | Vector, options: dict[str, str], field: str, allowed: str
) -> None:
    for steered in both(direction):
        with pytest.raises(InvalidInput) as caught:
            catalog.check([steered.at(1, **options)])  # type: ignore[arg-type]
        assert (caught.value.field, caught.value.allowed) == (field, allowed)


@pytest.mark.parametrize("method", methods.names())
@pytest.mark.parametrize("unit", [None, "raw", "norm", "max_act"])
def test_what_can_be_done_is_let_through(catalog: Catalog, method: str, unit: str | None) -> None:
    has_unit = method in ("add", "clamp", "cap")
    edits: list[Edit] = []
    if has_unit or unit in (None, "raw"):
        edits += [steered.at(1, method=method, unit=unit) for steered in both(Feature(1))]  # type: ignore[arg-type]
        if method in ("add", "cap", "orthogonal") and unit != "max_act":
            edits += [steered.at(1, method=method, unit=unit) for steered in both(V)]  # type: ignore[arg-type]
    expected = {"/1": 20.0} if has_unit and unit == "max_act" else {}
    assert catalog.check(edits) == expected


def test_an_edit_that_leaves_the_rest_open_is_fine(catalog: Catalog) -> None:
    assert catalog.check([Feature(1).at(1), V.at(1)]) == {}
