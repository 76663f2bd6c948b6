"""KL, surprise and alternatives of tokens, against their formulas in plain double precision."""

from __future__ import annotations

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from steer_widget.worker.measures import divergence
from steer_widget.worker.measures.divergence import Divergence, compare_logits

DTYPES = [torch.float32, torch.bfloat16, torch.float16]


def logits(n: int, d_vocab: int, seed: int, scale: float = 3.0, dtype: torch.dtype = torch.float32) -> Tensor:
    return (scale * torch.randn(n, d_vocab, generator=torch.Generator().manual_seed(seed))).to(dtype)


def plain_kl(steered: Tensor, unsteered: Tensor) -> list[float]:
    """Token by token in Python's own floats."""
    found = []
    for s, u in zip(steered.double().tolist(), unsteered.double().tolist(), strict=True):
        log_z_s = math.log(math.fsum(math.exp(x - max(s)) for x in s)) + max(s)
        log_z_u = math.log(math.fsum(math.exp(x - max(u)) for x in u)) + max(u)
        terms = [
            math.exp(a - log_z_s) * ((a - log_z_s) - (b - log_z_u))
            for a, b in zip(s, u, strict=True)
            if a > -math.inf
        ]
        found.append(math.fsum(terms))
    return found


def plain_surprise(unsteered: Tensor, token_ids: Tensor) -> list[float]:
    rows = zip(unsteered.double().tolist(), token_ids.tolist(), strict=True)
    return [math.log(math.fsum(math.exp(x - row[at]) for x in row)) for row, at in rows]


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("d_vocab", [7, 500, 512, 1537])
def test_kl_and_surprise_are_those_of_the_formulas(dtype: torch.dtype, d_vocab: int) -> None:
    unsteered, steered = logits(9, d_vocab, 0, dtype=dtype), logits(9, d_vocab, 1, dtype=dtype)
    token_ids = torch.arange(9) % d_vocab
    found = compare_logits(steered, unsteered, token_ids)
    assert found.kl is not None
    assert found.surprise is not None
    assert found.kl.tolist() == pytest.approx(plain_kl(steered, unsteered), rel=1e-5, abs=1e-5)
    assert found.surprise.tolist() == pytest.approx(plain_surprise(unsteered, token_ids), rel=1e-5, abs=1e-5)


def test_large_offsets_of_the_logits_do_not_matter() -> None:
    unsteered, steered = logits(4, 300, 0), logits(4, 300, 1)
    found = compare_logits(steered + 80.0, unsteered - 60.0, torch.zeros(4, dtype=torch.long))
    assert found.kl is not None
    assert found.kl.tolist() == pytest.approx(plain_kl(steered, unsteered), abs=1e-3)


@pytest.mark.parametrize("rows_at_once", [1, 2, 3, 100])
def test_how_many_tokens_are_compared_at_once_does_not_matter(
    monkeypatch: pytest.MonkeyPatch, rows_at_once: int
) -> None:
    unsteered, steered, token_ids = logits(7, 512, 0), logits(7, 512, 1), torch.arange(7)
    whole = compare_logits(steered, unsteered, token_ids, n_alternatives=3)
    monkeypatch.setattr(divergence, "_N_BUFFER_CPU", rows_at_once * 512)
    parts = compare_logits(steered, unsteered, token_ids, n_alternatives=3)
    for name in ("kl", "surprise"):
        assert torch.equal(getattr(parts, name), getattr(whole, name))
    assert whole.alternatives is not None
    assert parts.alternatives is not None
    assert torch.equal(parts.alternatives.token_ids, whole.alternatives.token_ids)
    assert torch.equal(parts.alternatives.steered, whole.alternatives.steered)


@given(st.lists(st.lists(st.floats(-30, 30, width=32), min_size=5, max_size=5), min_size=2, max_size=2))
@settings(deadline=None)
def test_kl_is_never_negative_and_zero_for_equal_logits(rows: list[list[float]]) -> None:
    steered, unsteered = torch.tensor([rows[0], rows[0]]), torch.tensor([rows[1], rows[0]])
    kl = compare_logits(steered, unsteered, torch.zeros(2, dtype=torch.long)).kl
    assert kl is not None
    assert kl[0].item() >= 0
    assert kl[0].item() == pytest.approx(plain_kl(steered[:1], unsteered[:1])[0], rel=1e-4, abs=1e-4)
    assert kl[1].item() == 0.0


@pytest.mark.parametrize("dtype", DTYPES)
def test_rows_equal_to_the_bit_have_exactly_no_kl(dtype: torch.dtype) -> None:
    unsteered = logits(64, 4999, 0, scale=10.0, dtype=dtype)
    unsteered[:, 4000:] = -torch.inf
    steered = unsteered.clone()
    steered[5, 17] += 8.0
    kl = compare_logits(steered, unsteered, torch.zeros(64, dtype=torch.long)).kl
    assert kl is not None
    assert kl.nonzero().flatten().tolist() == [5]


def test_without_steering_kl_is_zero_and_surprise_is_measured() -> None:
    unsteered = logits(3, 20, 0)
    found = compare_logits(None, unsteered, torch.tensor([1, 2, 3]))
    assert found.kl is not None
    assert found.surprise is not None
    assert found.kl.tolist() == [0, 0, 0]
    assert found.surprise.tolist() == pytest.approx(
        plain_surprise(unsteered, torch.tensor([1, 2, 3])), abs=1e-5
    )


def test_masked_vocabulary_counts_for_nothing() -> None:
    unsteered, steered = logits(5, 40, 0), logits(5, 40, 1)
    open_kl = plain_kl(steered[:, :30], unsteered[:, :30])
    for masked in (unsteered, steered):
        masked[:, 30:] = -torch.inf
    found = compare_logits(steered, unsteered, torch.tensor([0, 1, 2, 3, 35]), n_alternatives=32)
    assert found.kl is not None
    assert found.surprise is not None
    assert found.alternatives is not None
    assert found.kl.tolist() == pytest.approx(open_kl, abs=1e-5)
    assert found.surprise[:4].isfinite().all()
    assert found.surprise[4].item() == math.inf
    assert found.alternatives.steered[:, :30].sum(-1).tolist() == pytest.approx([1.0] * 5)
    assert found.alternatives.steered[:, 30:].eq(0).all()


def test_a_token_that_only_the_steered_model_masks_costs_nothing_the_other_way_it_is_infinite() -> None:
    masked, plain = logits(1, 40, 0), logits(1, 40, 1)
    masked[:, 7] = -torch.inf
    token_ids = torch.zeros(1, dtype=torch.long)
    fewer = compare_logits(masked, plain, token_ids).kl
    more = compare_logits(plain, masked, token_ids).kl
    assert fewer is not None
    assert more is not None
    assert fewer.tolist() == pytest.approx(plain_kl(masked, plain), abs=1e-5)
    assert more.item() == math.inf


def test_logits_that_are_no_numbers_give_none_for_their_token_alone() -> None:
    unsteered, steered = logits(3, 40, 0), logits(3, 40, 1)
    steered[1, 3] = torch.nan
    found = compare_logits(steered, unsteered, torch.zeros(3, dtype=torch.long))
    assert found.kl is not None
    assert found.surprise is not None
    assert found.kl.isfinite().tolist() == [True, False, True]
    assert found.surprise.isfinite().all()


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("d_vocab", [5, 97, 640, 4096])
def test_alternatives_are_the_most_likely_tokens_with_both_probabilities(
    dtype: torch.dtype, d_vocab: int
) -> None:
    unsteered, steered = logits(30, d_vocab, 0, dtype=dtype), logits(30, d_vocab, 1, dtype=dtype)
    found = compare_logits(
        steered, unsteered, torch.zeros(30, dtype=torch.long), n_alternatives=5
    ).alternatives
    assert found is not None
    for at, row in enumerate(steered.double().tolist()):
        best = sorted(range(d_vocab), key=lambda token, row=row: (-row[token], token))[:5]
        # bfloat16 has many equal logits: which of those at the border come in is open
        assert [row[token] for token in found.token_ids[at].tolist()] == [row[token] for token in best]
        assert found.token_ids[at, 0].item() == best[0]
    p_steered, p_unsteered = steered.double().softmax(-1), unsteered.double().softmax(-1)
    assert torch.allclose(found.steered.double(), p_steered.gather(-1, found.token_ids), atol=1e-6)
    assert torch.allclose(found.unsteered.double(), p_unsteered.gather(-1, found.token_ids), atol=1e-6)


def test_among_equally_likely_alternatives_the_lower_token_comes_first_as_in_greedy_decoding() -> None:
    unsteered = torch.zeros(1, 1024)
    unsteered[0, [900, 300, 40]] = 5.0
    unsteered[0, 700] = 4.0
    found = compare_logits(None, unsteered, torch.zeros(1, dtype=torch.long), n_alternatives=4).alternatives
    assert found is not None
    assert found.token_ids.tolist() == [[40, 300, 900, 700]]
    assert torch.equal(found.steered, found.unsteered)


def test_a_vocabulary_smaller_than_asked_for_gives_all_of_it() -> None:
    found = compare_logits(None, logits(2, 3, 0), torch.zeros(2, dtype=torch.long), n_alternatives=5)
    assert found.alternatives is not None
    assert found.alternatives.token_ids.sort(-1).values.tolist() == [[0, 1, 2], [0, 1, 2]]


def test_what_was_not_asked_for_is_not_there() -> None:
    given_logits = logits(2, 10, 0), logits(2, 10, 1), torch.zeros(2, dtype=torch.long)
    bare = compare_logits(*given_logits, kl=False, surprise=False)
    assert (bare.kl, bare.surprise, bare.alternatives) == (None, None, None)
    only = compare_logits(*given_logits, kl=False, surprise=False, n_alternatives=2)
    both = compare_logits(*given_logits, n_alternatives=2)
    assert only.kl is None
    assert only.alternatives is not None
    assert both.alternatives is not None
    assert torch.equal(only.alternatives.steered, both.alternatives.steered)
    assert torch.equal(only.alternatives.unsteered, both.alternatives.unsteered)


def test_no_tokens_give_nothing() -> None:
    none = torch.zeros(0, 10)
    found = compare_logits(none, none, torch.zeros(0, dtype=torch.long), n_alternatives=2)
    assert found.kl is not None
    assert found.alternatives is not None
    assert found.kl.shape == (0,)
    assert found.alternatives.token_ids.shape == (0, 2)


def test_pieces_of_a_completion_join_to_what_the_whole_gives() -> None:
    unsteered, steered, token_ids = logits(6, 64, 0), logits(6, 64, 1), torch.arange(6)
    whole = compare_logits(steered, unsteered, token_ids, n_alternatives=2)
    pieces = [
        compare_logits(steered[part], unsteered[part], token_ids[part], n_alternatives=2)
        for part in (slice(0, 1), slice(1, 4), slice(4, 6))
    ]
    joined = Divergence.joined(pieces)
    assert joined.kl is not None
    assert whole.kl is not None
    assert joined.kl.tolist() == whole.kl.tolist()
    assert joined.surprise is not None
    assert whole.surprise is not None
    assert joined.surprise.tolist() == whole.surprise.tolist()
    assert joined.alternatives is not None
    assert whole.alternatives is not None
    assert joined.alternatives.token_ids.tolist() == whole.alternatives.token_ids.tolist()


def test_what_is_given_is_left_as_it_was() -> None:
    unsteered, steered = logits(4, 64, 0), logits(4, 64, 1)
    before = unsteered.clone(), steered.clone()
    compare_logits(steered, unsteered, torch.zeros(4, dtype=torch.long), n_alternatives=3)
    assert torch.equal(unsteered, before[0])
    assert torch.equal(steered, before[1])


def test_memory_stays_small_whatever_the_number_of_tokens() -> None:
    unsteered = logits(1, 50_000, 0, dtype=torch.bfloat16).expand(600, -1)
    steered = logits(1, 50_000, 1, dtype=torch.bfloat16).expand(600, -1)
    with torch.profiler.profile(profile_memory=True) as profiled:
        compare_logits(steered, unsteered, torch.zeros(600, dtype=torch.long), n_alternatives=5)
    largest = max(event.self_cpu_memory_usage for event in profiled.events())
    assert 2**20 < largest <= 16 * 2**20
