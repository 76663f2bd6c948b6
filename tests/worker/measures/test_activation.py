"""What a plain SAE reads in completions, against loops over single tokens."""

from __future__ import annotations

import math
from dataclasses import dataclass

import pytest
import torch
from torch import Tensor

from steer_widget.worker.measures import activation
from steer_widget.worker.measures.activation import feature_activations, largest_shifts, mean_activations
from steer_widget.worker.measures.sinks import without_sinks

D_IN, D_SAE = 12, 40


@dataclass
class PlainSae:
    """ReLU(W·h + b), and how much it was asked for at once."""

    weight: Tensor
    bias: Tensor
    largest: int = 0

    @property
    def d_sae(self) -> int:
        return len(self.bias)

    def encode(self, h: Tensor) -> Tensor:
        found = torch.relu(h.float() @ self.weight.T + self.bias)
        self.largest = max(self.largest, found.numel())
        return found

    def activations(self, h: Tensor, features: Tensor) -> Tensor:
        return torch.relu(h.float() @ self.weight[features].T + self.bias[features])


@pytest.fixture
def sae() -> PlainSae:
    generator = torch.Generator().manual_seed(0)
    return PlainSae(torch.randn(D_SAE, D_IN, generator=generator), torch.randn(D_SAE, generator=generator))


def hidden(*shape: int, seed: int = 1, dtype: torch.dtype = torch.float32) -> Tensor:
    return torch.randn(*shape, D_IN, generator=torch.Generator().manual_seed(seed)).to(dtype)


def one_by_one(sae: PlainSae, h: Tensor, mask: Tensor) -> list[list[float]]:
    """All features on each token that counts."""
    rows = []
    for token, counts in zip(h.double(), mask.tolist(), strict=True):
        if counts:
            products = (sae.weight.double() * token).sum(-1) + sae.bias.double()
            rows.append([max(x, 0.0) for x in products.tolist()])
    return rows


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16, torch.float16])
def test_a_features_mean_and_maximum_are_over_the_tokens_that_count(
    sae: PlainSae, dtype: torch.dtype
) -> None:
    h, mask = hidden(9, dtype=dtype), torch.tensor([True, True, False, True, True, True, False, True, False])
    found = feature_activations(sae, h, [7, 0, 31], mask)
    rows = one_by_one(sae, h, mask)
    for k, feature in enumerate([7, 0, 31]):
        column = [row[feature] for row in rows]
        assert found.mean[k].item() == pytest.approx(sum(column) / len(column), abs=1e-5)
        assert found.max[k].item() == pytest.approx(max(column), abs=1e-5)
    every = one_by_one(sae, h, torch.ones(9, dtype=torch.bool))
    assert found.per_token.shape == (9, 3)
    assert found.per_token[:, 1].tolist() == pytest.approx([row[0] for row in every], abs=1e-5)


def test_completions_side_by_side_are_read_as_each_alone(sae: PlainSae) -> None:
    h, mask = hidden(3, 5), torch.rand(3, 5, generator=torch.Generator().manual_seed(2)) > 0.3
    together = feature_activations(sae, h, [4, 9], mask)
    means = mean_activations(sae, h, mask)
    assert means.shape == (3, D_SAE)
    for at in range(3):
        alone = feature_activations(sae, h[at], [4, 9], mask[at])
        assert torch.allclose(together.mean[at], alone.mean)
        assert torch.equal(together.max[at], alone.max)
        assert torch.equal(together.per_token[at], alone.per_token)
        assert torch.allclose(means[at], mean_activations(sae, h[at], mask[at]))


@pytest.mark.parametrize("numbers_at_once", [1, 3 * D_SAE, 7 * D_SAE, 13 * D_SAE, 10**6])
def test_means_do_not_depend_on_how_many_tokens_are_read_at_once(
    sae: PlainSae, monkeypatch: pytest.MonkeyPatch, numbers_at_once: int
) -> None:
    h, mask = hidden(4, 6), torch.rand(4, 6, generator=torch.Generator().manual_seed(2)) > 0.3
    monkeypatch.setattr(activation, "_N_NUMBERS", numbers_at_once)
    found = mean_activations(sae, h, mask)
    for at in range(4):
        rows = one_by_one(sae, h[at], mask[at])
        expected = [sum(column) / len(rows) for column in zip(*rows, strict=True)]
        assert found[at].tolist() == pytest.approx(expected, abs=1e-5)
    assert sae.largest <= max(numbers_at_once, D_SAE)


def test_where_no_token_counts_there_is_no_number(sae: PlainSae) -> None:
    h, mask = hidden(2, 3), torch.tensor([[False] * 3, [True] * 3])
    found = feature_activations(sae, h, [1], mask)
    assert found.mean.isnan().tolist() == [[True], [False]]
    assert found.max.isnan().tolist() == [[True], [False]]
    assert mean_activations(sae, h, mask).isnan().all(-1).tolist() == [True, False]
    none = feature_activations(sae, hidden(0), [1], torch.ones(0, dtype=torch.bool))
    assert math.isnan(none.max.item())
    assert mean_activations(sae, hidden(0), torch.ones(0, dtype=torch.bool)).isnan().all()


def test_a_token_left_out_cannot_spoil_the_others_with_infinities(sae: PlainSae) -> None:
    h, mask = hidden(4), torch.tensor([True, False, True, True])
    h[1] = torch.inf
    assert feature_activations(sae, h, [3], mask).mean.isfinite().all()
    assert mean_activations(sae, h, mask).isfinite().all()


def test_no_features_give_nothing(sae: PlainSae) -> None:
    found = feature_activations(sae, hidden(5), [], torch.ones(5, dtype=torch.bool))
    assert (found.per_token.shape, found.mean.shape, found.max.shape) == ((5, 0), (0,), (0,))


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16, torch.float16])
def test_sinks_are_the_tokens_that_dwarf_the_usual_ones(dtype: torch.dtype) -> None:
    usual = 170.0
    h = torch.nn.functional.normalize(hidden(4), dim=-1) * torch.tensor([[170], [340], [900], [15_000]])
    assert without_sinks(h.to(dtype), usual).tolist() == [True, True, False, False]


def test_the_largest_shifts_come_first_without_those_left_out() -> None:
    baseline = torch.tensor([1.0, 2.0, 0.0, 5.0, 1.0, 3.0])
    mean = torch.tensor([1.5, 2.0, 9.0, 1.0, 0.0, 3.75])
    assert largest_shifts(mean, baseline, [2], 3) == [(3, -4.0), (4, -1.0), (5, 0.75)]
    assert largest_shifts(mean, baseline, [], 1) == [(2, 9.0)]
    assert largest_shifts(mean, baseline, [2, 3, 4, 5], 9) == [(0, 0.5)]
    assert mean[2] == 9.0


def test_what_did_not_move_or_is_not_known_is_no_shift() -> None:
    mean = torch.tensor([1.0, 2.0, torch.nan])
    assert largest_shifts(mean, torch.tensor([1.0, 1.0, 0.0]), [], 3) == [(1, 1.0)]
    assert largest_shifts(mean, torch.full((3,), torch.nan), [], 3) == []
