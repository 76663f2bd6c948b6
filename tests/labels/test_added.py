"""Labels added to a steerer: found by search, shown on cards, taken as the unit's maximum."""

from __future__ import annotations

import pytest

import steer_widget as sw
from steer_widget.catalog import Catalog, KnownSae
from steer_widget.controller import Controller
from steer_widget.errors import InvalidInput, UnknownFeature
from steer_widget.features.table import FeatureTable
from steer_widget.protocol import FeatureCard, Load, SaeSource
from tests.unit.scripted import ScriptedBackend

OLD = (FeatureCard(0, "seas", density=0.5, max_act=2.0), FeatureCard(1, "hills"))


def explorer(*cards: FeatureCard) -> sw.Steerer:
    controller = Controller(ScriptedBackend(), Load("model", (SaeSource("first"), SaeSource("other"))))
    catalog = Catalog(
        lambda: [KnownSae("first", 8), KnownSae("other", 4)], {0: FeatureTable.of(cards)} if cards else {}
    )
    return sw.Steerer(controller, catalog)


def test_new_labels_replace_and_complete_what_was_there() -> None:
    steerer = explorer(*OLD)
    told: list[object] = []
    steerer._controller.subscribe(told.append)
    added = steerer.add_labels({0: "oceans", 5: "rivers"})
    assert told == [None]
    assert str(added) == "2 features, 2 labels, 1 of them in place of another. Taken: index, label."
    assert [hit.feature for hit in steerer.search("oceans")] == [sw.Feature(0, "oceans")]
    assert steerer.search("seas") == []
    assert steerer.card(0) == FeatureCard(0, "oceans", density=0.5, max_act=2.0)
    assert steerer.card(1).label == "hills"
    assert steerer.feature("rivers").index == 5
    assert steerer.status.n_labels == 3


def test_an_sae_without_a_table_becomes_searchable() -> None:
    steerer = explorer()
    with pytest.raises(InvalidInput, match="add_labels"):
        steerer.search("sea")
    steerer.add_labels({3: "sea"}, sae="other")
    assert [hit.feature for hit in steerer.search("sea", sae="other")] == [sw.Feature(3, "sea", "other")]


def test_a_refused_source_changes_nothing() -> None:
    steerer = explorer(*OLD)
    with pytest.raises(UnknownFeature, match="got 8; allowed: 0 to 7"):
        steerer.add_labels({0: "oceans", 8: "far"})
    with pytest.raises(InvalidInput, match="sae"):
        steerer.add_labels({0: "oceans"}, sae="third")
    assert steerer.card(0).label == "seas"


def test_hits_say_what_a_mistyped_word_was_taken_for() -> None:
    steerer = explorer(*OLD)
    found = steerer.search("hlils")
    assert found[0].feature.index == 1
    assert "“hlils” stands nowhere: taken for “hill…”." in repr(found)
    assert "taken for “hill" in found._repr_html_()
    assert steerer.search("hills").note == ""
