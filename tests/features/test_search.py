"""Search by words: what it finds, in which order, how fast, and that no text breaks it."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from steer_widget.embedded import feature_table_path
from steer_widget.features.search import SearchIndex
from steer_widget.features.table import FeatureTable
from steer_widget.protocol import Example, FeatureCard

MAX_MS = 50.0


@pytest.fixture(scope="module")
def table() -> FeatureTable:
    return FeatureTable.read(feature_table_path())


def indexes(table: FeatureTable, text: str, limit: int = 20) -> list[int]:
    return [card.index for card, _ in table.search(text, limit)]


@pytest.mark.parametrize(
    ("text", "wanted"),
    [("war", 523), ("science", 3530), ("love", 180), ("sad", 1319), ("food", 940), ("LOVE", 180)],
)
def test_the_feature_a_word_names_comes_first(table: FeatureTable, text: str, wanted: int) -> None:
    assert wanted in indexes(table, text, 2)


def test_words_count_from_their_beginning_and_in_any_form(table: FeatureTable) -> None:
    assert 3530 in indexes(table, "scien")
    assert set(indexes(table, "mountain", 3)) & set(indexes(table, "mountains", 3))


def test_all_words_come_before_some_words(table: FeatureTable) -> None:
    hits = table.search("during war", 20)
    assert hits[0][0].index == 523
    assert len(hits) == 20
    assert [score for _, score in hits] == sorted((score for _, score in hits), reverse=True)


def test_a_number_finds_the_feature_of_that_index_first(table: FeatureTable) -> None:
    assert indexes(table, "523")[0] == 523
    assert indexes(table, " 1984 ")[0] == 1984
    assert len(set(indexes(table, "1984"))) == len(indexes(table, "1984"))
    assert 99999 not in indexes(table, "99999")


def test_labels_weigh_more_than_tokens_and_tokens_more_than_examples() -> None:
    around = FeatureCard(index=1, examples=(Example(1.0, "a harbour ", "of", " old"),))
    token = FeatureCard(index=2, examples=(Example(1.0, "in the ", "harbour", " of"),))
    label = FeatureCard(index=3, label="harbour", examples=(Example(1.0, "ships ", "lie", " here"),))
    found = SearchIndex([around, token, label]).find("harbour", 5)
    assert [index for index, _ in found] == [3, 2, 1]


def test_accents_do_not_matter() -> None:
    index = SearchIndex([FeatureCard(index=0, label="Café"), FeatureCard(index=1, label="東京 の 駅")])
    assert [i for i, _ in index.find("cafe", 5)] == [0]
    assert [i for i, _ in index.find("東京", 5)] == [1]


@pytest.mark.parametrize("text", ["", "  ", '"', "***", "(", "^ - +", "\0", "🙂"])
def test_a_text_without_words_finds_nothing(table: FeatureTable, text: str) -> None:
    assert table.search(text) == []


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('"war', "war"),
        ("war*", "war"),
        ("(war)", "war"),
        ('""war""', "war"),
        ("war\0", "war"),
        ("war' --", "war"),
        ("label:war", "label war"),
        ("{label} : war", "label war"),
        ("NEAR(war", "near war"),
        ("-war ^science", "war science"),
    ],
)
def test_query_syntax_is_plain_text(table: FeatureTable, text: str, words: str) -> None:
    wanted = {card.index for card, _ in table.search(words, 80)}
    assert wanted
    assert set(indexes(table, text)) <= wanted


@pytest.mark.parametrize("text", ["war AND", "NOT war", "war OR OR"])
def test_operators_are_words(table: FeatureTable, text: str) -> None:
    assert len(table.search(text)) == 20


@given(text=st.text(max_size=60))
@settings(max_examples=150, deadline=None)
def test_no_text_breaks_it(table: FeatureTable, text: str) -> None:
    assert len(table.search(text, 5)) <= 5


def test_half_a_surrogate_pair_breaks_nothing(table: FeatureTable) -> None:
    assert 523 in indexes(table, "war \ud800")


def test_limits(table: FeatureTable) -> None:
    assert table.search("war", 0) == []
    assert table.search("523", 0) == []
    assert len(table.search("the", 3)) == 3


@pytest.mark.parametrize("text", ["war", "a", "the of and in to", "s t a e i o", "x" * 5000])
def test_an_answer_comes_at_once(table: FeatureTable, text: str) -> None:
    times_ms = []
    for _ in range(3):
        start = time.process_time()
        table.search(text)
        times_ms.append(1000 * (time.process_time() - start))
    assert min(times_ms) < MAX_MS


def test_a_book_that_was_pasted_by_mistake_is_answered_too(table: FeatureTable) -> None:
    start_s = time.process_time()
    assert table.search("war " * 250_000)
    assert time.process_time() - start_s < 1.0


def test_threads_may_search_at_once(table: FeatureTable) -> None:
    words = ["war", "science", "love", "food"] * 10
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda word: indexes(table, word, 3), words))
    assert found == [indexes(table, word, 3) for word in words]


def crowd(n_cards: int) -> list[FeatureCard]:
    """Cards that all have the same common words, so that not every one of them can be ranked."""
    example = Example(1.0, "over the hills and", " the", " sea")
    return [FeatureCard(i, f"words of the kind {i % 7}", examples=(example,)) for i in range(n_cards)]


def test_a_label_that_begins_with_a_common_word_comes_before_thousands_that_have_it() -> None:
    named = FeatureCard(index=8_000, label="the definite article")
    index = SearchIndex([*crowd(8_000), named])
    assert index.find("the", 5)[0][0] == 8_000
    assert index.find("th", 5)[0][0] == 8_000
    assert index.find("the art", 5)[0][0] == 8_000
    assert len(index.find("o", 5)) == 5


def test_in_a_large_table_short_beginnings_still_find_labels_and_whole_words_of_examples() -> None:
    rare = FeatureCard(30_000, "mountains", examples=(Example(1.0, "an", " elk", " up"),))
    index = SearchIndex([*crowd(30_000), rare])
    assert index.find("m", 5)[0][0] == 30_000
    assert index.find("mountains up", 5)[0][0] == 30_000
    assert [i for i, _ in index.find("elk up", 1)] == [30_000]


def test_tokens_that_a_feature_promotes_are_found_after_those_it_fires_on() -> None:
    fires = FeatureCard(1, examples=(Example(1.0, "in", " Paris", " now"),))
    promotes = FeatureCard(2, logit_lens_up=(" Paris", " Lyon"))
    mentions = FeatureCard(3, examples=(Example(1.0, "to Paris", " by", " train"),))
    found = SearchIndex([mentions, promotes, fires]).find("paris", 5)
    assert [i for i, _ in found] == [1, 2, 3]


def test_the_rarer_word_counts_for_more_where_no_feature_has_both() -> None:
    index = SearchIndex([*crowd(3_000), FeatureCard(3_000, "glaciers")])
    assert index.find("the glacier", 5)[0][0] == 3_000


@pytest.mark.parametrize("typed", ["the", "o", "kind of the", "s t a e i o", "of the sea over hills"])
def test_words_that_every_feature_has_are_answered_at_once(typed: str) -> None:
    index = SearchIndex(crowd(20_000))
    times_ms = []
    for _ in range(5):
        start = time.process_time()
        index.find(typed, 80)
        times_ms.append(1000 * (time.process_time() - start))
    assert min(times_ms) < MAX_MS


def test_a_label_that_is_exactly_what_was_typed_is_never_lost_in_the_crowd() -> None:
    cards = [FeatureCard(i, f"the {i % 7} kinds") for i in range(6_000)]
    index = SearchIndex([*cards, FeatureCard(6_000, "The")])
    assert 6_000 in [i for i, _ in index.find("the", 20)]
    assert index.labelled(" the ") == [6_000]
    assert index.labelled("the 3 kinds") == list(range(3, 6_000, 7))
    assert index.labelled("kinds") == []
