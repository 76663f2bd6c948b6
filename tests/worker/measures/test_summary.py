"""Numbers of completions from numbers of tokens."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from steer_widget.worker.measures.summary import KlSummary, perplexity, quantile, summarise_kl

NATS = st.lists(st.floats(0, 50), min_size=1, max_size=200)


@given(NATS)
def test_kl_in_sum_is_what_numpy_finds(kl: list[float]) -> None:
    found = summarise_kl(kl)
    assert found.mean == pytest.approx(float(np.mean(kl)), abs=1e-12)
    assert found.p95 == pytest.approx(float(np.quantile(kl, 0.95)), abs=1e-12)
    assert found.max == max(kl)


@given(NATS)
def test_perplexity_is_one_over_the_geometric_mean_of_the_probabilities(surprise: list[float]) -> None:
    product = math.prod(math.exp(-s / len(surprise)) for s in surprise)
    assert perplexity(surprise) == pytest.approx(1 / product, rel=1e-9)


def test_known_values() -> None:
    assert quantile([3.0, 1.0, 2.0], 0.5) == 2.0
    assert quantile([0.0, 10.0], 0.95) == 9.5
    assert perplexity([math.log(8), math.log(2)]) == pytest.approx(4)
    assert summarise_kl([0.0]) == KlSummary(0.0, 0.0, 0.0)


def test_an_empty_completion_has_no_measures() -> None:
    assert summarise_kl([]) == KlSummary(None, None, None)
    assert perplexity([]) is None


@pytest.mark.parametrize("bad", [math.nan, math.inf])
@pytest.mark.parametrize("place", [0, 1, 2])
def test_what_is_no_finite_number_is_absent(bad: float, place: int) -> None:
    values = [1.0, 2.0, 3.0]
    values[place] = bad
    assert summarise_kl(values) == KlSummary(None, None, None)
    assert perplexity(values) is None


def test_one_token_out_of_reach_leaves_the_percentile_of_a_long_text() -> None:
    found = summarise_kl([1.0] * 99 + [math.inf])
    assert found == KlSummary(None, 1.0, None)


def test_a_perplexity_too_large_for_a_number_is_absent() -> None:
    assert perplexity([800.0]) is None
