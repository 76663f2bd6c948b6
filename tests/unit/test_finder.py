"""What Python finds: the questions to the worker, the hits, their ranking, and how features of tokens show."""

from __future__ import annotations

import math
from typing import Any

import msgspec
import numpy as np
import pytest

import steer_widget as sw
from steer_widget.output_book import OutputBook
from steer_widget.protocol import (
    Activations,
    Answer,
    CoFiringOf,
    Command,
    ContrastOf,
    FeaturesByToken,
    FeaturesOn,
    LensOf,
    NeighboursOf,
    OutputScores,
    OutputScoresOf,
    Passage,
    Question,
    ReadMeans,
)
from tests.unit.scripted import READY, ScriptedBackend
from tests.unit.test_explorer import LENS, REPLIES, answer

CELL = sw.Cell(
    index=1,
    prompt="Hi",
    steering=sw.Steering(),
    sample=0,
    chat=True,
    state="done",
    text=" sea",
    token_ids=(9, 8),
)
CHAT = [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Hello"}]


@pytest.fixture
def steerer(backend: ScriptedBackend) -> Any:
    with sw.demo(backend=backend) as made:
        sae = msgspec.structs.replace(READY.saes[0], d_sae=4608)
        backend.say(msgspec.structs.replace(READY, saes=(sae,)))
        yield made


def test_top_features_are_hits_by_their_surprise(steerer: sw.Steerer, backend: ScriptedBackend) -> None:
    answer(backend)
    hits = steerer.top_features("I went", 7)
    (asked,) = backend.sent(FeaturesOn)
    assert (asked.passage, asked.k, asked.sae) == (Passage("I went"), 7, "")
    assert len(asked.density) > 1000
    card = steerer.card(5)
    assert card.density
    assert asked.density[5] == card.density
    assert [hit.feature.index for hit in hits] == [5, 7]
    assert hits[0].feature.label == card.label != ""
    assert hits[0].score == pytest.approx(40.0 * -math.log(card.density))
    assert [(hit.act, hit.output_score) for hit in hits] == [(40.0, None), (8.0, None)]
    assert all(isinstance(hit, sw.Hit) for hit in hits)


def test_a_logit_lens_is_asked_for_anything_that_has_a_direction(
    steerer: sw.Steerer, backend: ScriptedBackend
) -> None:
    answer(backend)
    f, vector = steerer.feature(5), sw.Vector([1.0] * 32)  # type: ignore[arg-type]
    for direction in (f, f.control(3), vector, vector.control()):
        found = steerer.logit_lens(direction, 7)
        asked = backend.sent(LensOf)[-1]
        assert (asked.direction, asked.k) == (direction, 7)
    for name in (5, np.int64(5), f.label):
        steerer.logit_lens(name)
        assert backend.sent(LensOf)[-1].direction == f
    assert isinstance(found, sw.LogitLens)
    assert (found.up, found.down) == (LENS.up, LENS.down)
    assert repr(found).splitlines() == [
        "raised           logit  lowered  logit",
        '" <b>sea</b>"     +2.5  " the"   -1.25',
        '"\\u001b[31m\\n"  +0.001',
    ]
    html = found._repr_html_()
    assert "&lt;b&gt;sea&lt;/b&gt;" in html
    assert "<b>" not in html
    assert "-1.25" in html


def test_neighbours_are_hits_by_their_cosine(steerer: sw.Steerer, backend: ScriptedBackend) -> None:
    answer(backend)
    hits = steerer.neighbours(5, 3)
    (asked,) = backend.sent(NeighboursOf)
    assert (asked.direction, asked.sae, asked.k) == (steerer.feature(5), "", 3)
    assert hits == [sw.Hit(steerer.feature(7), 0.75), sw.Hit(steerer.feature(5), -0.5)]
    assert hits[0].feature.label
    vector = sw.Vector([1.0] * 32)  # type: ignore[arg-type]
    steerer.neighbours(vector, sae="tiny-sae")
    asked = backend.sent(NeighboursOf)[-1]
    assert (asked.direction, asked.sae, asked.k) == (vector, "tiny-sae", 20)


def test_a_contrast_is_asked_with_what_is_known_of_rarity(
    steerer: sw.Steerer, backend: ScriptedBackend
) -> None:
    answer(backend)
    hits = steerer.contrast("I went", ["I came", [{"role": "user", "content": "Hi"}]], 3)
    (asked,) = backend.sent(ContrastOf)
    assert asked.a == (Passage("I went"),)
    assert asked.b == (Passage("I came"), Passage((sw.Message("user", "Hi"),)))
    assert (asked.sae, asked.pool, asked.k) == ("", "mean", 3)
    assert asked.density is not None
    assert asked.density[5] == steerer.card(5).density
    assert hits == [sw.Hit(steerer.feature(7), 0.75), sw.Hit(steerer.feature(5), -0.5)]
    steerer.contrast("I went", "I came", pool="last", density_penalty=False, sae="tiny-sae")
    asked = backend.sent(ContrastOf)[-1]
    assert (asked.pool, asked.density, asked.sae) == ("last", None, "tiny-sae")


def test_where_no_density_is_known_none_is_sent(backend: ScriptedBackend) -> None:
    answer(backend)
    with sw.load("a/b", "c/d", backend=backend) as steerer:
        backend.say(READY)
        hits = steerer.top_features("I went", sae="tiny-sae")
        assert backend.sent(FeaturesOn)[0].density == {}
        assert [hit.score for hit in hits] == pytest.approx([-40 * math.log(0.01), -8 * math.log(0.01)])
        assert hits[0].feature.sae == "tiny-sae"


# ---- what is read


def test_a_cell_is_read_behind_its_prompt_as_its_run_was(
    steerer: sw.Steerer, backend: ScriptedBackend
) -> None:
    answer(backend)
    steerer.top_features(CELL)
    assert backend.sent(FeaturesOn)[0].passage == Passage(
        "Hi", chat=True, completion=(9, 8), part="completion"
    )
    steerer.token_features(CELL)
    assert backend.sent(FeaturesByToken)[0].passage == Passage("Hi", chat=True, completion=(9, 8))


def test_cells_chats_and_texts_are_told_apart_in_any_mixture(
    steerer: sw.Steerer, backend: ScriptedBackend
) -> None:
    answer(backend)
    completion = Passage("Hi", chat=True, completion=(9, 8), part="completion")
    reply = Passage((sw.Message("user", "Hi"),), answer="Hello", part="completion")
    steerer.contrast(CELL, [CELL, "snow", CHAT])
    (asked,) = backend.sent(ContrastOf)
    assert (asked.a, asked.b) == ((completion,), (completion, Passage("snow"), reply))
    steerer.contrast(CHAT, [CHAT, CHAT[:1]])
    asked = backend.sent(ContrastOf)[-1]
    assert (asked.a, asked.b) == ((reply,), (reply, Passage((sw.Message("user", "Hi"),))))
    steerer.co_firing(5, [CHAT, CELL])
    whole = Passage((sw.Message("user", "Hi"), sw.Message("assistant", "Hello")))
    assert backend.sent(CoFiringOf)[0].passages == (whole, completion)
    answer(backend, result=Activations("blocks.2.hook_resid_post", ((1.0, 0.0), (0.0, 1.0))))
    assert steerer.contrast_vector([CELL], CHAT).numbers() == [1.0, -1.0]
    assert backend.sent(ReadMeans)[0].texts == (completion, reply)


def test_a_cell_without_a_completion_is_refused_and_says_why(steerer: sw.Steerer) -> None:
    waiting = msgspec.structs.replace(CELL, state="queued", token_ids=(), text="")
    for ask in (
        lambda: steerer.top_features(waiting),
        lambda: steerer.token_features(waiting),
        lambda: steerer.contrast([CELL, waiting], "snow"),
        lambda: steerer.co_firing(5, waiting),
    ):
        with pytest.raises(sw.InvalidInput, match="It is queued") as caught:
            ask()
        assert caught.value.field == "cell"


def test_columns_of_a_result_are_cells(steerer: sw.Steerer, backend: ScriptedBackend) -> None:
    answer(backend)
    grid = sw.Grid(
        ("a", "b"), (sw.Steering(), sw.Steering((sw.Feature(5).at(4),))), 2, sw.Generation(chat=True)
    )
    cells = tuple(
        msgspec.structs.replace(CELL, index=n, prompt="ab"[n // 4], sample=n % 2, token_ids=(n,))
        for n in range(8)
    )
    result = sw.RunResult(run="r", state="done", grid=grid, cells=cells)
    assert [cell.index for cell in result.column(1)] == [2, 3, 6, 7]
    steerer.contrast(result.column(1), result.column(0))
    (asked,) = backend.sent(ContrastOf)
    assert [passage.completion for passage in asked.a] == [(2,), (3,), (6,), (7,)]
    assert [passage.prompt for passage in asked.b] == ["a", "a", "b", "b"]
    with pytest.raises(sw.InvalidInput, match=r"result\.column"):
        steerer.contrast(result, "x")  # type: ignore[arg-type]
    for wrong in (2, -1, True, "baseline"):
        with pytest.raises(sw.InvalidInput) as caught:
            result.column(wrong)  # type: ignore[arg-type]
        assert caught.value.field == "steering"


def test_without_texts_a_feature_s_own_examples_are_read(
    steerer: sw.Steerer, backend: ScriptedBackend
) -> None:
    answer(backend)
    hits = steerer.co_firing(5, k=3)
    (asked,) = backend.sent(CoFiringOf)
    first = steerer.card(5).examples[0]
    assert (asked.feature, asked.sae, asked.k) == (5, "", 3)
    assert asked.passages[0] == Passage(first.left + first.token + first.right)
    assert len(asked.passages) == len(set(asked.passages)) > 1
    assert asked.density[7] == steerer.card(7).density
    assert hits == [sw.Hit(steerer.feature(7), 0.75), sw.Hit(steerer.feature(5), -0.5)]


def test_where_no_examples_are_known_texts_are_asked_for(backend: ScriptedBackend) -> None:
    with sw.load("a/b", "c/d", backend=backend) as steerer:
        backend.say(READY)
        with pytest.raises(sw.InvalidInput, match=r"texts=\[…\]") as caught:
            steerer.co_firing(5)
        assert caught.value.field == "texts"


# ---- output scores and ranking


def scoring(backend: ScriptedBackend) -> None:
    """Feature n has the output score n / 10,000; 7 has none."""

    def on_send(command: Command) -> None:
        if isinstance(command, OutputScoresOf):
            indices = [getattr(direction, "index", 0) for direction in command.directions]
            scores = tuple(None if index == 7 else index / 10_000 for index in indices)
            backend.say(Answer(command.request, result=OutputScores(scores)))
        elif isinstance(command, Question):
            backend.say(Answer(command.request, result=REPLIES[type(command)]))

    backend.on_send = on_send


def test_output_scores_are_asked_in_batches_and_kept(steerer: sw.Steerer, backend: ScriptedBackend) -> None:
    scoring(backend)
    wanted = [*range(600), 7, 5]
    assert steerer.output_scores(wanted) == [None if n == 7 else n / 10_000 for n in wanted]
    assert [len(asked.directions) for asked in backend.sent(OutputScoresOf)] == [128, 128, 128, 128, 88]
    assert steerer.output_scores([sw.Hit(steerer.feature(9), 1.0), steerer.card(3).label]) == [0.0009, 0.0003]
    assert steerer.output_score(np.int64(4)) == 0.0004  # type: ignore[arg-type]
    assert len(backend.sent(OutputScoresOf)) == 5
    vector = sw.Vector([1.0] * 32)  # type: ignore[arg-type]
    assert steerer.output_scores([vector, 1, vector.control()]) == [0.0, 0.0001, 0.0]
    assert backend.sent(OutputScoresOf)[-1].directions == (vector, vector.control())
    assert steerer.output_scores([]) == []


def test_what_was_scored_before_a_time_out_is_kept(steerer: sw.Steerer, backend: ScriptedBackend) -> None:
    scoring(backend)
    answers = backend.on_send

    def only_first(command: Command) -> None:
        if len(backend.sent(OutputScoresOf)) < 2 and answers is not None:
            answers(command)

    backend.on_send = only_first
    with pytest.raises(sw.WorkerTimeout, match="output_scores"):
        steerer.output_scores(range(200), timeout=0.2)
    backend.on_send = answers
    assert len(steerer.output_scores(range(200))) == 200
    assert [asked.directions[0] for asked in backend.sent(OutputScoresOf)[1:]] == [steerer.feature(128)] * 2


def test_an_answer_with_too_few_scores_is_told(steerer: sw.Steerer, backend: ScriptedBackend) -> None:
    answer(backend)
    with pytest.raises(sw.ProtocolError, match="does not fit"):
        steerer.output_scores([1, 2])


def test_every_search_can_be_ranked_by_output_score(steerer: sw.Steerer, backend: ScriptedBackend) -> None:
    scoring(backend)
    ranked = {
        "top_features": steerer.top_features("I went", 2, rank_by="output_score"),
        "contrast": steerer.contrast("I went", "I came", 2, rank_by="output_score"),
        "neighbours": steerer.neighbours(3, 2, rank_by="output_score"),
        "co_firing": steerer.co_firing(3, "I went", 2, rank_by="output_score"),
    }
    for hits in ranked.values():
        assert [(hit.feature.index, hit.output_score) for hit in hits] == [(5, 0.0005), (7, None)]
    assert [hit.score for hit in ranked["contrast"]] == [-0.5, 0.75]
    for kind in (FeaturesOn, ContrastOf, NeighboursOf, CoFiringOf):
        assert backend.sent(kind)[0].k == 10  # five candidates for each hit
    assert len(backend.sent(OutputScoresOf)) == 1, "a second ranking asks nobody"
    assert [hit.feature.index for hit in steerer.contrast("a", "b", 1, rank_by="output_score")] == [5]


def test_a_search_by_words_is_ranked_too_and_asks_the_worker_only_then(
    steerer: sw.Steerer, backend: ScriptedBackend
) -> None:
    scoring(backend)
    plain = steerer.search("war", 30)
    assert not backend.sent(OutputScoresOf)
    assert {hit.output_score for hit in plain} == {None}
    ranked = steerer.search("war", 6, rank_by="output_score")
    best = sorted((hit.feature.index for hit in plain), reverse=True)[:6]
    assert [hit.feature.index for hit in ranked] == best != [hit.feature.index for hit in plain[:6]]
    scores = {hit.feature.index: hit.score for hit in plain}
    assert all(hit.score == scores[hit.feature.index] for hit in ranked)
    with pytest.raises(sw.InvalidInput) as caught:
        steerer.search("war", rank_by="best")  # type: ignore[arg-type]
    assert caught.value.field == "rank_by"


def test_the_book_keeps_those_that_were_needed_last() -> None:
    book, features = OutputBook(2), [sw.Feature(n) for n in range(3)]
    book.learn(features[:2], [0.5, None])
    assert book.missing([*features, *features]) == (features[2],)
    assert (book.get(features[0]), book.get(features[1]), book.get(features[2])) == (0.5, None, None)
    assert book.get(features[0]) == 0.5
    book.learn(features[2:], [0.25])
    assert book.missing(features) == (features[1],)
    assert sw.Feature(0, sae="other") in book.missing([sw.Feature(0, sae="other")])
