"""Search that forgives: words that nobody has are taken for those near them."""

from __future__ import annotations

import pytest

from steer_widget.embedded import feature_table_path
from steer_widget.features.search import SearchIndex
from steer_widget.features.table import FeatureTable
from steer_widget.protocol import Example, FeatureCard

LABELS = (
    "mountains and hills",
    "apology, saying sorry",
    "café life",
    "music",
    "snowy weather",
    "political parties",
)
CARDS = [FeatureCard(n, label) for n, label in enumerate(LABELS)]


@pytest.fixture(scope="module")
def index() -> SearchIndex:
    only_in_text = FeatureCard(9, "odd", examples=(Example(1.0, "the zanzibar ", "coast", ""),))
    return SearchIndex(
        [*CARDS, only_in_text, FeatureCard(10, "mountain passes"), FeatureCard(11, "weather 2024")]
    )


@pytest.mark.parametrize(
    ("typed", "wanted"),
    [
        ("montains", 0),  # a letter is missing
        ("mounttain", 0),  # one too many
        ("moutnains", 0),  # two swapped
        ("maintains", 0),  # one wrong, one too many
        ("appology", 1),
        ("apolgy", 1),
        ("CAFFÉ", 2),
        ("muisc", 3),
        ("snwoy", 4),
        ("politcal partys", 5),
        ("snowy wether", 4),
    ],
)
def test_a_mistyped_word_finds_what_was_meant(index: SearchIndex, typed: str, wanted: int) -> None:
    found = [number for number, _ in index.find(typed, 3)]
    assert wanted in found[:2]


@pytest.mark.parametrize("typed", ["2025", "msc", "xqzwvk", "snow9", "zanzibar"])
def test_numbers_short_words_and_what_is_near_nothing_are_left_alone(index: SearchIndex, typed: str) -> None:
    assert [number for number, _ in index.find(typed, 3)] in ([], [9])


def test_a_word_that_stands_in_a_text_alone_is_not_corrected(index: SearchIndex) -> None:
    assert [number for number, _ in index.find("zanzibar", 5)] == [9]


def test_what_has_the_meant_words_comes_before_what_has_the_others_alone(index: SearchIndex) -> None:
    found = [number for number, _ in index.find("snowy wether", 5)]
    assert found[0] == 4
    assert 11 in found[1:], "weather alone comes behind"


def test_what_a_mistyped_word_is_taken_for_is_told(index: SearchIndex) -> None:
    meant = index.meant("snowy wether")
    assert meant is not None
    assert meant.word == "wether"
    assert "weather" in meant.near
    assert index.meant("mountain") is None
    nothing_near = index.meant("qzxvbnrt")
    assert nothing_near is not None
    assert nothing_near.near == ()


def test_a_word_that_is_there_finds_what_it_found_before(index: SearchIndex) -> None:
    assert [number for number, _ in index.find("mountain", 5)] == [10, 0]
    assert index.find("", 5) == []


def test_labels_of_the_embedded_table_are_found_with_a_letter_swapped() -> None:
    table = FeatureTable.read(feature_table_path())
    for typed, label in (("muisc", "music"), ("sientist", "scientist"), ("moutnain", "mountain")):
        best = table.search(typed, 1)[0][0]
        assert label in best.label or any(label in example.token for example in best.examples)
