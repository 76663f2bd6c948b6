"""What the page asks by clicks on tokens and features: the questions to the worker, and the replies."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest

import steer_widget as sw
from steer_widget.history import Entry
from steer_widget.protocol import (
    CoFiringOf,
    ContrastOf,
    ErrorInfo,
    FeaturesOn,
    Firing,
    FiringFeature,
    LensOf,
    NeighboursOf,
    OutputScores,
    OutputScoresOf,
    Passage,
    TokenCounts,
)
from tests.unit.page import Page, asking, wait_until
from tests.unit.scripted import MODEL, READY, ScriptedBackend
from tests.unit.test_explorer import LENS, TOKENS
from tests.unit.test_feature_desk import answer, finished_run

FEATURE = {"kind": "feature", "index": 5}
PROMPT = {"type": "PromptPart", "prompt": "I went"}
ASKS: dict[str, dict[str, Any]] = {
    "FindAt": {"part": PROMPT},
    "FindContrast": {"a": [PROMPT], "b": [PROMPT]},
    "FindNeighbours": {"direction": FEATURE},
    "FindTogether": {"feature": FEATURE},
    "ReadLens": {"direction": FEATURE},
    "ScoreOutput": {"features": [FEATURE]},
}
each_ask = pytest.mark.parametrize("kind", ASKS)


@pytest.fixture
def steerer(demo_steerer: sw.Steerer) -> sw.Steerer:
    return demo_steerer


@pytest.fixture
def page(demo_page: Page) -> Page:
    return demo_page


def cell_part(run: sw.Run, cell: int, *tokens: int) -> dict[str, Any]:
    return {"type": "CellPart", "run": run.id, "cell": cell, "tokens": list(tokens)}


def completion_of(run: sw.Run, cell: int, *tokens: int) -> Passage:
    """As it is to be read: cells of `finished_run` have two tokens."""
    ids = run.cells[cell].token_ids
    assert ids
    return Passage("I went", completion=ids, part="completion", tokens=tokens)


def test_tokens_of_a_cell_are_read_behind_its_prompt_and_numbered_as_the_page_does(
    page: Page, steerer: sw.Steerer, backend: ScriptedBackend
) -> None:
    run = finished_run(steerer, backend)
    n_prompt = 2
    answer(backend, result=Firing((FiringFeature(5, 40.0, 9.0, 3),), TOKENS, n_prompt))
    result = page.ask("FindAt", part=cell_part(run, 1, 1), limit=7)["result"]
    (asked,) = backend.sent(FeaturesOn)
    assert asked.passage == completion_of(run, 1, 1)
    assert (asked.k, asked.sae, asked.density[5]) == (7, "", steerer.card(5).density)
    assert result["features"] == ({"index": 5, "max_act": 40.0, "mean_act": 9.0, "token": 1},)
    assert [token["token_id"] for token in result["tokens"]] == [
        token.token_id for token in TOKENS[n_prompt:]
    ]
    assert [card["label"] for card in result["cards"]] == [steerer.card(5).label]


def test_a_cell_of_a_chat_is_read_as_a_chat(
    page: Page, steerer: sw.Steerer, backend: ScriptedBackend
) -> None:
    run = steerer.compare("Hi", [steerer.feature(5).at(4)], generation=sw.Generation(chat=True))
    backend.started()
    backend.grow("one", " two")
    assert [cell.chat for cell in run.cells] == [True, True]
    answer(backend)
    page.ask("FindAt", part=cell_part(run, 0))
    assert backend.sent(FeaturesOn)[0].passage.chat is True


def test_tokens_of_a_prompt_keep_their_numbers(page: Page, backend: ScriptedBackend) -> None:
    answer(backend)
    part = {"type": "PromptPart", "prompt": "I went", "chat": True, "tokens": [1, 3]}
    result = page.ask("FindAt", part=part)["result"]
    assert backend.sent(FeaturesOn)[0].passage == Passage("I went", chat=True, tokens=(1, 3))
    assert [feature["token"] for feature in result["features"]] == [1, 3]
    assert len(result["tokens"]) == len(TOKENS)


def test_parts_of_any_kind_are_told_apart(page: Page, steerer: sw.Steerer, backend: ScriptedBackend) -> None:
    run = finished_run(steerer, backend)
    answer(backend)
    result = page.ask("FindContrast", a=[cell_part(run, 1)], b=[cell_part(run, 0, 0), PROMPT], limit=3)[
        "result"
    ]
    (asked,) = backend.sent(ContrastOf)
    assert asked.a == (completion_of(run, 1),)
    assert asked.b == (completion_of(run, 0, 0), Passage("I went"))
    assert (asked.k, asked.pool, (asked.density or {})[5]) == (3, "mean", steerer.card(5).density)
    assert result["features"] == ({"index": 7, "score": 0.75}, {"index": 5, "score": -0.5})
    assert [card["index"] for card in result["cards"]] == [7, 5]


def test_runs_of_the_history_are_read_from_the_disk(
    page: Page, steerer: sw.Steerer, backend: ScriptedBackend, tmp_path: Path
) -> None:
    run = finished_run(steerer, backend)
    wait_until(lambda: run.id in steerer.history() and steerer.history()[run.id].state == "done")
    other = ScriptedBackend()
    with sw.demo(backend=other, history=tmp_path / "data") as later:
        ask = asking(Page(later.widget))
        other.say(READY)
        answer(other)
        assert ask("FindAt", part=cell_part(run, 1, 0))["result"]["features"]
        assert other.sent(FeaturesOn)[0].passage == completion_of(run, 1, 0)
        assert ask("FindContrast", a=[cell_part(run, 1)], b=[cell_part(run, 0)])["result"]["features"]
        assert other.sent(ContrastOf)[0].b == (completion_of(run, 0),)
        assert ask("FindAt", part=cell_part(run, 9))["error"]["field"] == "cells"
        other.say(msgspec.structs.replace(READY, model=msgspec.structs.replace(MODEL, name="larger")))
        error = ask("FindAt", part=cell_part(run, 1))["error"]
        assert (error["field"], error["value"]) == ("run", "'tiny'")
        later.widget.close()


def test_no_cell_waits_while_the_disk_is_read(
    page: Page, steerer: sw.Steerer, backend: ScriptedBackend, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import threading

    run = finished_run(steerer, backend)
    wait_until(lambda: run.id in steerer.history() and steerer.history()[run.id].state == "done")
    disk, read = threading.Event(), Entry.result
    monkeypatch.setattr(Entry, "result", lambda entry: read(entry) if disk.wait(10) else None)
    other = ScriptedBackend()
    with sw.demo(backend=other, history=tmp_path / "data") as later:
        elsewhere = Page(later.widget)
        other.say(READY)
        answer(other)
        elsewhere.post({"id": "slow", "command": {"type": "FindAt", "part": cell_part(run, 1)}})
        assert not elsewhere.of("Reply")
        disk.set()
        wait_until(lambda: elsewhere.of("Reply"))
        assert elsewhere.of("Reply")[0]["error"] is None
        later.widget.close()


def test_neighbours_and_features_that_fire_together_come_with_their_cards(
    page: Page, steerer: sw.Steerer, backend: ScriptedBackend
) -> None:
    answer(backend)
    near = page.ask("FindNeighbours", direction=FEATURE, limit=4)["result"]
    (asked,) = backend.sent(NeighboursOf)
    assert (asked.direction, asked.k) == (sw.Feature(5), 4)
    together = page.ask("FindTogether", feature=FEATURE, limit=6)["result"]
    (co,) = backend.sent(CoFiringOf)
    assert (co.feature, co.k, co.sae, co.density[7]) == (5, 6, "", steerer.card(7).density)
    first = steerer.card(5).examples[0]
    assert co.passages[0] == Passage(first.left + first.token + first.right)
    for found in (near, together):
        assert [one["score"] for one in found["features"]] == [0.75, -0.5]
        assert [card["label"] for card in found["cards"]] == [steerer.card(7).label, steerer.card(5).label]


def test_the_lens_has_both_ends(page: Page, backend: ScriptedBackend) -> None:
    answer(backend)
    result = page.ask("ReadLens", direction=FEATURE, k=3)["result"]
    assert (backend.sent(LensOf)[0].direction, backend.sent(LensOf)[0].k) == (sw.Feature(5), 3)
    assert [token["text"] for token in result["up"]] == [token.text for token in LENS.up]
    assert result["down"][0]["logit"] == LENS.down[0].logit


def test_output_scores_are_asked_once(page: Page, steerer: sw.Steerer, backend: ScriptedBackend) -> None:
    answer(backend, result=OutputScores((0.5, None)))
    features = [FEATURE, {"kind": "feature", "index": 7}, FEATURE]
    for _ in range(2):
        assert page.ask("ScoreOutput", features=features)["result"]["scores"] == (0.5, None, 0.5)
    assert [asked.directions for asked in backend.sent(OutputScoresOf)] == [(sw.Feature(5), sw.Feature(7))]
    assert steerer.output_score(5) == 0.5
    assert len(backend.sent(OutputScoresOf)) == 1


def test_too_few_scores_are_no_answer(page: Page, backend: ScriptedBackend) -> None:
    answer(backend, result=OutputScores((0.5,)))
    features = [FEATURE, {"kind": "feature", "index": 7}]
    assert page.ask("ScoreOutput", features=features)["error"]["kind"] == "ProtocolError"


@each_ask
def test_each_request_gets_one_reply_that_is_json(page: Page, backend: ScriptedBackend, kind: str) -> None:
    answer(backend)
    reply = page.ask(kind, **ASKS[kind])
    assert reply["error"] is None
    json.dumps(reply, allow_nan=False)


@each_ask
def test_errors_of_the_worker_reach_the_page(page: Page, backend: ScriptedBackend, kind: str) -> None:
    answer(backend, error=ErrorInfo("PromptTooLong", "text: got 9.", field="text"))
    assert page.ask(kind, **ASKS[kind])["error"]["kind"] == "PromptTooLong"
    answer(backend, result=TokenCounts((3,)))
    assert page.ask(kind, **ASKS[kind])["error"]["kind"] == "ProtocolError"


@each_ask
def test_while_the_model_loads_the_page_is_told_so(
    steerer: sw.Steerer, backend: ScriptedBackend, kind: str
) -> None:
    assert "still being loaded" in Page(steerer.widget).ask(kind, **ASKS[kind])["error"]["message"]


@pytest.mark.parametrize(
    ("kind", "fields", "field"),
    [
        ("FindAt", {"part": {**PROMPT, "prompt": ""}}, "prompt"),
        ("FindAt", {"part": PROMPT, "limit": 0}, "limit"),
        ("FindAt", {"part": PROMPT, "sae": "nobody"}, "sae"),
        ("FindContrast", {"a": [], "b": [PROMPT]}, "a"),
        ("FindContrast", {"a": [PROMPT], "b": []}, "b"),
        ("FindContrast", {"a": [PROMPT], "b": [PROMPT], "sae": "nobody"}, "sae"),
        ("FindNeighbours", {"direction": {**FEATURE, "index": 99_999}}, "feature"),
        ("FindNeighbours", {"direction": FEATURE, "limit": 0}, "limit"),
        ("FindTogether", {"feature": {**FEATURE, "sae": "nobody"}}, "sae"),
        ("ReadLens", {"direction": FEATURE, "k": 0}, "k"),
        ("ReadLens", {"direction": {**FEATURE, "index": 99_999}}, "feature"),
        ("ScoreOutput", {"features": [FEATURE, {**FEATURE, "index": 99_999}]}, "feature"),
        ("ScoreOutput", {"features": [FEATURE] * 257}, "features"),
    ],
)
def test_what_is_refused_is_named_and_asks_nobody(
    page: Page, backend: ScriptedBackend, kind: str, fields: dict[str, Any], field: str
) -> None:
    n_before = len(backend.commands)
    assert page.ask(kind, **fields)["error"]["field"] == field
    assert len(backend.commands) == n_before


def test_cells_and_tokens_that_are_not_there_are_refused(
    page: Page, steerer: sw.Steerer, backend: ScriptedBackend
) -> None:
    run = steerer.compare("I went", [steerer.feature(5).at(4)])
    error = page.ask("FindAt", part=cell_part(run, 1))["error"]
    assert error["field"] == "cell"
    assert "queued" in error["message"]
    assert page.ask("FindAt", part=cell_part(run, 7))["error"]["field"] == "cells"
    gone = {"type": "CellPart", "run": "nobody", "cell": 0}
    assert asking(page)("FindAt", part=gone)["error"]["field"] == "run"
    assert not backend.sent(FeaturesOn)
