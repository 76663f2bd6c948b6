"""Repetition and distinct n-grams."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from steer_widget.worker.measures.repetition import distinct, repetition

TOKENS = st.lists(st.integers(0, 5), max_size=60)


@given(TOKENS)
def test_repetition_counts_four_grams_that_came_before(token_ids: list[int]) -> None:
    seen: list[list[int]] = []
    again = 0
    for at in range(len(token_ids) - 3):
        four = token_ids[at : at + 4]
        again += four in seen
        seen.append(four)
    expected = again / len(seen) if seen else None
    assert repetition(token_ids) == expected
    assert expected is None or 0 <= expected < 1


@given(TOKENS, st.integers(1, 3))
def test_distinct_is_the_share_of_first_occurrences(token_ids: list[int], n: int) -> None:
    grams = [tuple(token_ids[at : at + n]) for at in range(len(token_ids) - n + 1)]
    found = distinct(token_ids, n)
    if not grams:
        assert found is None
    else:
        first = sum(gram not in grams[:at] for at, gram in enumerate(grams))
        assert found == pytest.approx(first / len(grams))


def test_known_values() -> None:
    assert repetition([1, 2, 3]) is None
    assert repetition([1, 2, 3, 4]) == 0
    assert repetition([7] * 13) == 0.9
    assert distinct([], 1) is None
    assert distinct([1, 1, 2], 1) == pytest.approx(2 / 3)
    assert distinct([1, 1, 1], 2) == 0.5
    assert distinct([1], 2) is None
