"""Suggestions without a model: wishes, candidates, effects, sureness, order, display, what is refused."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import steer_widget as sw
from steer_widget.catalog import Catalog, KnownSae
from steer_widget.cell import Cell
from steer_widget.features.table import FeatureTable
from steer_widget.protocol import Measures
from steer_widget.spec import Steering
from steer_widget.suggesting import Asked, Fluency
from steer_widget.suggesting.candidates import (
    Candidate,
    characteristic,
    is_form_of,
    labelled,
    merged,
)
from steer_widget.suggesting.effects import along, pair_of, way_between
from steer_widget.suggesting.ranking import Tried, columns_of, fluency_of, ranked
from steer_widget.suggesting.sureness import confidence_above, student_t, word_for
from steer_widget.suggesting.wish import topic_of, words_in

LINES: list[dict[str, Any]] = [
    {"index": 0, "label": "sea and ocean", "output_score": 0.0},
    {"index": 1, "label": "search engines", "output_score": 0.9},
    {"index": 2, "label": "seas", "output_score": 0.3},
    {"index": 3, "label": "war", "output_score": 0.1},
]


@pytest.fixture
def catalog(tmp_path: Path) -> Catalog:
    path = tmp_path / "table.jsonl"
    path.write_text("\n".join(map(json.dumps, LINES)))
    return Catalog(lambda: [KnownSae("sae", 8)], {0: FeatureTable.read(path)})


# ---- the wish


@pytest.mark.parametrize(
    ("wish", "topic"),
    [
        ("more about the sea", "the sea"),
        ("I'd like some more stories about a dog, please!", "a dog, please"),
        ("Make it sound sad.", "sad"),
        ("war", "war"),
        ("more", "more"),
        ("Tell me of things to come", "come"),
        ("the end of the war", "the end of the war"),
    ],
)
def test_the_topic_of_a_wish(wish: str, topic: str) -> None:
    assert topic_of(wish) == topic


@pytest.mark.parametrize("wish", ["", " .!", 5, "x" * 201, "less about the sea", "Write no poems"])
def test_what_is_no_wish_is_refused(wish: object) -> None:
    with pytest.raises(sw.InvalidInput) as refused:
        topic_of(wish)
    assert refused.value.field == "wish"


def test_small_words_find_no_label() -> None:
    assert words_in("the end of the war") == ("end", "war")
    assert words_in("to be") == ("to", "be")


# ---- candidates


@pytest.mark.parametrize(
    ("one", "other", "is_one"),
    [
        ("sea", "seas", True),
        ("walk", "walking", True),
        ("sea", "search", False),
        ("war", "warm", True),
        ("a", "b", False),
    ],
)
def test_forms_of_a_word(one: str, other: str, is_one: bool) -> None:
    assert is_form_of(one, other) is is_one
    assert is_form_of(other, one) is is_one


def test_labels_are_found_by_whole_words(catalog: Catalog) -> None:
    assert set(labelled(catalog, ("sea",), "")) == {0, 2}
    assert labelled(catalog, (), "") == []
    assert labelled(Catalog(lambda: [KnownSae("sae", 8)]), ("sea",), "") == []


def test_those_on_whom_several_sources_agree_come_first(catalog: Catalog) -> None:
    found = merged(catalog, "", {"label": [0, 3], "words": [], "texts": [7, 3]}, 3)
    assert [one.feature.index for one in found] == [3, 0, 7]
    assert found[0].sources == ("label", "texts", "output score")
    assert found[0].score == pytest.approx(1 / 12 + 1 / 12 + 0.5 / 11)
    assert found[1].feature.label == "sea and ocean"
    assert merged(catalog, "", {"label": [], "texts": []}, 3) == []


def test_characteristic_words_are_those_of_the_examples() -> None:
    examples = ["The ocean and the waves", "an ocean liner", "waves, waves"]
    assert characteristic(examples, ["the town and its office", "an office"]) == ("ocean", "waves")
    assert characteristic(["ocean waves"], ["town"]) == (), "of one text nobody can tell"
    assert characteristic(["ocean", "ocean"], ["ocean", "ocean"]) == ()


# ---- effects


def cell(index: int, text: str = "text", *, ppl: float = 10.0, state: str = "done", flags: Any = ()) -> Cell:
    return Cell(
        index=index,
        prompt="She",
        steering=Steering(),
        sample=0,
        state=state,  # type: ignore[arg-type]
        text=text,
        measures=Measures(perplexity=ppl, repetition=0.25, flags=flags),
    )


def test_the_topic_stands_behind_prompt_and_text() -> None:
    context, text = pair_of("the sea", cell(0, " saw the waves"))
    assert context == '"She saw the waves"\n\nThe text above contains words about'
    assert text == " the sea"


def test_the_way_to_the_examples_is_one_long() -> None:
    rng = np.random.default_rng(0)
    a, b, h = rng.normal(size=(5, 8)), rng.normal(size=(7, 8)), rng.normal(size=8)
    way = way_between(a.tolist(), b.tolist())
    w = a.mean(0) - b.mean(0)
    assert along(way, h.tolist()) == pytest.approx(float(h @ w / (w @ w)))
    assert along(way, a.mean(0).tolist()) - along(way, b.mean(0).tolist()) == pytest.approx(1)
    assert way_between([[1.0, 2.0]], [[1.0, 2.0]]) == [0.0, 0.0]


# ---- sureness


@pytest.mark.parametrize(
    ("t", "n_free", "p"),
    [  # quantiles out of a printed table of Student's t
        (1.0, 1, 0.75), (6.314, 1, 0.95), (2.920, 2, 0.95), (4.303, 2, 0.975), (2.353, 3, 0.95), (5.841, 3, 0.995),
        (2.365, 7, 0.975), (4.785, 7, 0.999), (1.812, 10, 0.95), (3.169, 10, 0.995), (1.684, 40, 0.95),
    ],
)  # fmt: skip
def test_student_s_t_is_that_of_the_tables(t: float, n_free: int, p: float) -> None:
    assert student_t(t, n_free) == pytest.approx(p, abs=2e-4)
    assert student_t(-t, n_free) == pytest.approx(1 - p, abs=2e-4)
    assert student_t(0.0, n_free) == 0.5


def test_confidence_is_that_of_the_t_test() -> None:
    values = [
        1.2,
        0.4,
        -0.3,
        0.9,
        1.5,
        0.2,
        0.8,
        -0.1,
    ]  # mean 0.575, stdev 0.6319, t 2.574, 7 degrees of freedom
    assert confidence_above(values) == pytest.approx(0.98160, abs=2e-4)
    assert confidence_above([-value for value in values]) == pytest.approx(1 - 0.98160, abs=2e-4)


def test_of_nothing_a_confidence_is_as_rare_as_it_says() -> None:
    rng = random.Random(5)
    found = [confidence_above([rng.gauss(0, 1) for _ in range(8)]) or 0.0 for _ in range(4000)]
    assert sum(one >= 0.9 for one in found) / 4000 == pytest.approx(0.1, abs=0.02)
    assert sum(one >= 0.99 for one in found) / 4000 == pytest.approx(0.01, abs=0.006)


def test_what_never_varies_is_sure_or_a_tie() -> None:
    assert confidence_above([1.0] * 4) == 1.0
    assert confidence_above([-1.0] * 4) == 0.0
    assert confidence_above([0.0] * 4) == 0.5
    assert confidence_above([1.0, 1.0]) is None


@pytest.mark.parametrize(
    ("zero", "chance", "n_tried", "word"),
    [
        (0.96, 0.96, 1, "clear"), (0.94, 1.0, 1, "likely"), (1.0, 0.79, 1, "a guess"),
        # Of twelve that were tried the best is lucky more often.
        (0.96, 0.96, 12, "a guess"), (0.985, 1.0, 12, "likely"), (0.9965, 0.9965, 12, "clear"),
        (0.9965, None, 12, "clear"), (None, 1.0, 12, "a guess"),
    ],
)  # fmt: skip
def test_words_are_bound_to_shares_and_to_how_many_were_tried(
    zero: float | None, chance: float | None, n_tried: int, word: str
) -> None:
    assert word_for(zero, chance, n_tried) == word


def test_of_many_without_an_effect_one_is_called_clear_in_five_of_a_hundred_searches() -> None:
    rng = random.Random(1)
    n_clear = 0
    for _ in range(1000):
        found = [confidence_above([rng.gauss(0, 1) for _ in range(8)]) for _ in range(12)]
        n_clear += any(word_for(one, None, 12) == "clear" for one in found)
    assert n_clear / 1000 == pytest.approx(0.05, abs=0.025)


# ---- the order


def tried(index: int, cells: tuple[Cell, ...]) -> Tried:
    return Tried(Candidate(sw.Feature(index), ("label",), 1.0), 40.0, cells)


def test_cells_are_told_apart_by_column() -> None:
    cells = [cell(index) for index in range(12)]  # 2 prompts × 3 columns × 2 samples
    assert [[one.index for one in column] for column in columns_of(cells, 3, 2)] == [
        [0, 1, 6, 7],
        [2, 3, 8, 9],
        [4, 5, 10, 11],
    ]


def test_fluent_ones_come_first_then_the_larger_effect() -> None:
    baseline = tuple(cell(at) for at in range(4))
    columns = [
        tuple(cell(10 * n + at, ppl=200.0 if n == 3 else 12.0) for at in range(4)) for n in range(1, 5)
    ]
    effects = {1: 1.0, 2: 2.0, 3: 9.0, 4: 0.5}
    scores = dict.fromkeys(range(4), 5.0)
    scores |= {10 * n + at: 5.0 + effect + at / 10 for n, effect in effects.items() for at in range(4)}
    found = ranked([tried(n, columns[n - 1]) for n in (1, 2, 3)], baseline, [columns[3]], scores, 3)
    assert [one.feature.index for one in found] == [2, 1, 3]
    assert [one.fluency.is_fluent for one in found] == [True, True, False]
    assert found[0].effect == pytest.approx(2.15)
    assert found[0].effects == pytest.approx((2.0, 2.1, 2.2, 2.3))
    assert found[0].above_random == 1.0
    assert found[0].above_next == 1.0
    assert found[2].above_next is None
    assert found[0].sureness == "clear"
    assert found[0].edit == sw.Feature(2).at(40, unit="raw", method="add", positions="all")
    assert [one.feature.index for one in ranked([tried(1, columns[0])], baseline, [], scores, 9)] == [1]


def test_texts_without_a_score_leave_the_effect_open() -> None:
    baseline = tuple(cell(at) for at in range(4))
    stopped = tuple(cell(10 + at, state="stopped") for at in range(4))
    (one,) = ranked([tried(1, stopped)], baseline, [], {0: 1.0}, 3)
    assert one.effect is None
    assert one.sureness == "a guess"
    assert one.fluency.perplexity is None


def test_fluency_is_measured_on_what_is_done() -> None:
    cells = [cell(0, ppl=10.0), cell(1, ppl=40.0, flags=("looping",)), cell(2, ppl=1e9, state="failed")]
    assert fluency_of(cells, [cell(9, ppl=5.0)]) == Fluency(
        pytest.approx(20.0), pytest.approx(5.0), 0.25, 0.5
    )
    assert Fluency(None, None, None, 0.6).is_fluent is False
    assert Fluency(39.0, 5.0, None, 0.0).is_fluent
    assert not Fluency(41.0, 5.0, None, 0.0).is_fluent


# ---- what is asked


def test_samples_make_eight_texts_unless_all_would_be_the_same() -> None:
    assert Asked.of("war").samples == 2
    assert Asked.of("war", prompts="She").samples == 8
    assert Asked.of("war", prompts=["a"] * 20).samples == 2
    assert Asked.of("war", generation=sw.Generation(temperature=0)).samples == 1
    assert Asked.of("war", chat=True).generation.chat


@pytest.mark.parametrize(
    ("wish", "given", "field"),
    [
        (None, {}, "wish"),
        ("war", {"examples": ["a"]}, "wish"),
        ("war", {"against": ["a"]}, "against"),
        (None, {"examples": []}, "examples"),
        (None, {"examples": ["a"], "against": [5]}, "against"),
        ("war", {"k": 0}, "k"),
        ("war", {"samples": 1.5}, "samples"),
        ("war", {"n_candidates": 101}, "n_candidates"),
        ("war", {"prompts": ["a"] * 33}, "prompts"),
        ("war", {"samples": 1000}, "samples"),
        ("war", {"generation": "hot"}, "generation"),
        ("war", {"kl": 0}, "kl"),
        ("war", {"kl": float("nan")}, "kl"),
        ("war", {"kl": "1"}, "kl"),
    ],
)
def test_what_cannot_be_tried_is_refused(wish: object, given: dict[str, Any], field: str) -> None:
    with pytest.raises(sw.InvalidInput) as refused:
        Asked.of(wish, **given)
    assert refused.value.field == field


def test_a_steerer_refuses_before_it_waits(steerer: sw.Steerer) -> None:
    with pytest.raises(sw.InvalidInput, match="less of something"):
        steerer.suggest("less about the sea")
    with pytest.raises(sw.InvalidInput) as refused:
        steerer.suggest("more about the sea", sae="nobody's")
    assert refused.value.field == "sae"
