"""Features that fire together, against counts of what sae-lens reads."""

from __future__ import annotations

import math
from typing import Any

import pytest
import torch

from steer_widget.errors import InvalidInput, UnknownFeature
from steer_widget.protocol import CoFiringOf, Passage, Scored
from steer_widget.worker import co_firing
from tests.tiny import make
from tests.worker.test_firing import activations

TEXTS = (
    "The mountains were white with snow, and nobody spoke. She said",
    "I saw snow and mountains. White snow.",
    "What do you do with good news?",
    "She said that the letter had come too late; he did not answer",
)


def ask(engine: Any, feature: int, texts: Any = TEXTS, **options: Any) -> Scored:
    passages = tuple(map(Passage, texts))
    return engine.co_firing(CoFiringOf(1, feature, passages, **{"k": make.D_SAE, **options}))


def fires(engine: Any, texts: Any = TEXTS) -> torch.Tensor:
    """Which features fire on which tokens `[tokens, d_sae]`."""
    tokenizer = engine.adapter.tokenizer
    return torch.cat([activations(engine, tokenizer(text)["input_ids"]) > 0 for text in texts])


def scores(engine: Any, feature: int, density: dict[int, float]) -> dict[int, float]:
    """By the formula, from counts."""
    texts, on = [fires(engine, [text]) for text in TEXTS], fires(engine)
    with_f, without = on[on[:, feature]], on[~on[:, feature]]
    found = {}
    for other in range(on.shape[1]):
        both = int(with_f[:, other].sum())
        p = max(min(max(density.get(other, 0.01), 1e-6), 1.0), float(without[:, other].double().mean()))
        q = (both + 4 * p) / (len(with_f) + 4)
        n_texts = sum(bool((one[:, feature] & one[:, other]).any()) for one in texts)
        if other != feature and both >= 3 and n_texts >= 2 and q > p:
            found[other] = q * math.log(q / p)
    return found


@pytest.mark.parametrize("n_numbers", [1 << 24, 100])
def test_scores_are_those_of_the_counts(engine: Any, monkeypatch: Any, n_numbers: int) -> None:
    monkeypatch.setattr(co_firing, "_N_NUMBERS", n_numbers)
    on = fires(engine)
    some = [n for n in range(make.D_SAE) if 6 <= int(on[:, n].sum()) < len(on) - 6]
    assert len(some) > 5
    density = {some[1]: 0.3, some[2]: 0.001}
    for feature in some[:5]:
        wanted = scores(engine, feature, density)
        found = {one.index: one.score for one in ask(engine, feature, density=density).features}
        assert found == pytest.approx(wanted, rel=1e-6)
        assert list(found.values()) == sorted(found.values(), reverse=True)
        assert (
            ask(engine, feature, density=density, k=2).features
            == ask(engine, feature, density=density).features[:2]
        )
    assert len(wanted) > 2


def test_neither_what_always_fires_nor_what_never_does_wins(engine: Any) -> None:
    on = fires(engine)
    feature = next(n for n in range(make.D_SAE) if 6 <= int(on[:, n].sum()) < len(on) - 6)
    best = ask(engine, feature).features[0].index
    found = {one.index for one in ask(engine, feature, density={best: 1.0}).features}
    assert best not in found
    never = [n for n in range(make.D_SAE) if not bool(on[:, n].any())]
    seldom = [n for n in range(make.D_SAE) if int((on[:, n] & on[:, feature]).sum()) < 3]
    assert not found & {*never, *seldom, feature}
    assert ask(engine, feature, density=dict.fromkeys(seldom, 0.0)).features[0].index == best


def test_what_fires_together_in_one_text_of_several_does_not_count(engine: Any) -> None:
    texts = (TEXTS[0], TEXTS[2])
    first, second = (fires(engine, [text]) for text in texts)
    n_told = 0
    for feature in range(make.D_SAE):
        if int(first[:, feature].sum()) < 3 or not bool(second[:, feature].any()):
            continue
        alone = {one.index for one in ask(engine, feature, texts[:1]).features}
        elsewhere = {n for n in range(make.D_SAE) if bool((second[:, n] & second[:, feature]).any())}
        assert not {one.index for one in ask(engine, feature, texts).features} - elsewhere
        n_told += len(alone - elsewhere)
    assert n_told > 5


def test_texts_on_which_it_hardly_fires_are_refused(engine: Any) -> None:
    n_fires = fires(engine, TEXTS[:1]).sum(0).tolist()
    feature = min(range(make.D_SAE), key=lambda n: n_fires[n])
    assert n_fires[feature] < 3
    with pytest.raises(InvalidInput, match="3 times or more") as caught:
        ask(engine, feature, TEXTS[:1])
    assert caught.value.field == "texts"
    with pytest.raises(UnknownFeature):
        ask(engine, make.D_SAE)
