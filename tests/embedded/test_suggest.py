"""Suggestions with the embedded model: what is meant is found, and what nobody could find is said not to be."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

import steer_widget as sw


@pytest.fixture(scope="module")
def steerer(tmp_path_factory: pytest.TempPathFactory) -> Iterator[sw.Steerer]:
    folder: Path = tmp_path_factory.mktemp("data")
    with sw.demo(history=folder) as made:
        made.ready(120)
        yield made


@pytest.mark.slow
def test_a_wish_finds_its_features_within_a_minute(steerer: sw.Steerer) -> None:
    began_s = time.monotonic()
    found = steerer.suggest("more about war")
    assert time.monotonic() - began_s < 120, "on a machine that does other things besides"
    assert "war" in found[0].feature.label
    assert found[0].sureness in {"clear", "likely"}
    assert found[0].effect is not None
    assert found[0].effect > 1.5
    assert found[0].fluency.is_fluent


@pytest.mark.slow
def test_examples_find_their_features(steerer: sw.Steerer) -> None:
    found = steerer.suggest(
        examples=[
            "The soldiers marched to the front and the guns were fired.",
            "The army lost the battle and the war went on.",
            "A general ordered the troops to attack the enemy.",
        ],
        against=[
            "The clerk put the letter on the pile.",
            "She baked a cake for the party.",
            "The meeting was about the budget.",
        ],
    )
    labels = " ".join(one.feature.label for one in found[:3])
    assert "war" in labels or "military" in labels or "battle" in labels
    assert found[0].effect is not None
    assert found[0].effect > 0


@pytest.mark.slow
def test_a_wish_that_means_nothing_is_not_said_to_be_fulfilled(steerer: sw.Steerer) -> None:
    found = steerer.suggest("qzx vrrp", n_candidates=6)
    assert found[0].sureness != "clear"
