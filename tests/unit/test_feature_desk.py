"""What the page asks about features, prompts, tokens and cells: the questions to the worker, and the replies."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import msgspec
import pytest

import steer_widget as sw
from steer_widget.history import Entry
from steer_widget.protocol import (
    Answer,
    ErrorInfo,
    FeaturesOn,
    Firing,
    FiringFeature,
    NextTokenOf,
    Passage,
    PromptTokens,
    TokenCounts,
    TokensOf,
)
from tests.unit.page import PATIENCE_S, Page, asking, wait_until
from tests.unit.scripted import READY, TOKENS_MEASURED, ScriptedBackend
from tests.unit.test_explorer import READ, REPLIES, TOKENS

EDIT = {"feature": {"kind": "feature", "index": 5}, "strength": 4}
STEERING = {"edits": [EDIT]}
ASKS: dict[str, dict[str, Any]] = {
    "FindFiring": {"prompt": "I went"},
    "ReadTokens": {"prompt": "I went", "chat": False, "columns": [STEERING]},
    "ReadNextToken": {"prompt": "I went", "chat": False, "steering": STEERING},
}
each_ask = pytest.mark.parametrize("kind", ASKS)


@pytest.fixture
def steerer(demo_steerer: sw.Steerer) -> sw.Steerer:
    return demo_steerer


@pytest.fixture
def page(demo_page: Page) -> Page:
    return demo_page


def answer(backend: ScriptedBackend, **said: Any) -> None:
    def on_send(command: Any) -> None:
        if type(command) in REPLIES:
            backend.say(Answer(command.request, **(said or {"result": REPLIES[type(command)]})))

    backend.on_send = on_send


def test_features_that_fire_come_with_their_cards(
    page: Page, steerer: sw.Steerer, backend: ScriptedBackend
) -> None:
    answer(backend)
    result = page.ask("FindFiring", prompt="I went", chat=True, limit=7)["result"]
    (asked,) = backend.sent(FeaturesOn)
    assert (asked.passage, asked.k, asked.sae) == (Passage("I went", chat=True), 7, "")
    assert asked.density[5] == steerer.card(5).density
    assert [feature["index"] for feature in result["features"]] == [5, 7]
    assert result["features"][0] == {"index": 5, "max_act": 40.0, "mean_act": 9.0, "token": 1}
    assert [card["label"] for card in result["cards"]] == [steerer.card(5).label, steerer.card(7).label]
    assert [token["text"] for token in result["tokens"]] == [token.text for token in TOKENS]


def test_tokens_are_asked_with_defaults_filled_in(page: Page, backend: ScriptedBackend) -> None:
    answer(backend)
    chat = [{"role": "user", "content": "Hi"}]
    columns = [{"edits": []}, STEERING, {"edits": [{**EDIT, "positions": "generated"}]}]
    result = page.ask("ReadTokens", prompt=chat, chat=False, columns=columns)["result"]
    (asked,) = backend.sent(TokensOf)
    assert asked.prompt == (sw.Message("user", "Hi"),)
    assert [column.edits[0].positions for column in asked.columns[1:]] == ["all", "generated"]
    assert (asked.columns[1].edits[0].method, asked.columns[1].edits[0].skip_special) == ("add", False)
    assert result["steered"] == ((1, 3),)
    assert result["tokens"][0] == {"text": "<|user|>", "token_id": 2, "is_special": True}


def test_the_next_token_is_asked_with_defaults_and_maxima(
    page: Page, steerer: sw.Steerer, backend: ScriptedBackend
) -> None:
    answer(backend)
    steering = {"edits": [{**EDIT, "unit": "max_act"}, {**EDIT, "method": "clamp"}]}
    result = page.ask("ReadNextToken", prompt="I went", chat=False, steering=steering, k=3)["result"]
    (asked,) = backend.sent(NextTokenOf)
    assert [(edit.unit, edit.method) for edit in asked.steering.edits] == [
        ("max_act", "add"),
        ("raw", "clamp"),
    ]
    assert (asked.k, asked.max_act) == (3, {"/5": steerer.card(5).max_act})
    assert (result["kl"], result["dose"]) == (READ.kl, READ.dose)
    assert result["tokens"][0] == {"token_id": 5, "text": " <b>sea</b>", "steered": 0.5, "unsteered": 0.125}


@each_ask
def test_nothing_waits_and_each_request_gets_one_reply(
    page: Page, backend: ScriptedBackend, kind: str
) -> None:
    page.post({"id": "later", "command": {"type": kind, **ASKS[kind]}})
    assert page.of("Reply") == []
    question = next(command for command in backend.commands if type(command) in REPLIES)
    backend.say(Answer(question.request, result=REPLIES[type(question)]))  # type: ignore[union-attr]
    backend.say(Answer(question.request, result=REPLIES[type(question)]))  # type: ignore[union-attr]
    (reply,) = page.of("Reply")
    assert (reply["id"], reply["error"]) == ("later", None)


@each_ask
def test_errors_of_the_worker_reach_the_page(page: Page, backend: ScriptedBackend, kind: str) -> None:
    answer(backend, error=ErrorInfo("Superseded", "A newer one came."))
    assert page.ask(kind, **ASKS[kind])["error"]["kind"] == "Superseded"
    answer(backend, result=TokenCounts((3,)))
    assert page.ask(kind, **ASKS[kind])["error"]["kind"] == "ProtocolError"
    backend.on_send = lambda command: backend.die() if type(command) in REPLIES else None
    assert page.ask(kind, **ASKS[kind])["error"]["kind"] == "WorkerDied"
    assert "steerer.ready()" in page.ask(kind, **ASKS[kind])["error"]["message"]


@each_ask
def test_while_the_model_loads_the_page_is_told_so(
    steerer: sw.Steerer, backend: ScriptedBackend, kind: str
) -> None:
    page = Page(steerer.widget)
    assert "still being loaded" in page.ask(kind, **ASKS[kind])["error"]["message"]


def test_a_feature_that_cannot_be_is_told_to_the_page(page: Page, backend: ScriptedBackend) -> None:
    answer(backend, result=Firing((FiringFeature(999_999, 1.0, 1.0, 0),), TOKENS, 4))
    assert page.ask("FindFiring", prompt="x")["error"]["kind"] == "UnknownFeature"


@pytest.mark.parametrize(
    ("kind", "fields", "field"),
    [
        ("FindFiring", {"prompt": ""}, "prompt"),
        ("FindFiring", {"prompt": "x", "limit": 0}, "limit"),
        ("FindFiring", {"prompt": "x", "sae": "nobody"}, "sae"),
        (
            "ReadTokens",
            {"prompt": "x", "chat": False, "columns": [{"edits": [{**EDIT, "method": "x"}]}]},
            "method",
        ),
        ("ReadNextToken", {"prompt": "x", "chat": False, "steering": STEERING, "k": 0}, "k"),
        (
            "ReadNextToken",
            {
                "prompt": "x",
                "chat": False,
                "steering": {"edits": [{**EDIT, "feature": {"kind": "feature", "index": 99_999}}]},
            },
            "feature",
        ),
    ],
)
def test_what_is_refused_is_named_and_asks_nobody(
    page: Page, backend: ScriptedBackend, kind: str, fields: dict[str, Any], field: str
) -> None:
    n_before = len(backend.commands)
    error = page.ask(kind, **fields)["error"]
    assert error["field"] == field
    assert len(backend.commands) == n_before


# ---- cells token by token


def finished_run(steerer: sw.Steerer, backend: ScriptedBackend) -> sw.Run:
    run = steerer.compare("I went", [steerer.feature(5).at(4)])
    backend.started()
    backend.grow("one", " two")
    for cell in (0, 1):
        backend.end_cell(cell)
    backend.measure_cell(1)
    backend.end()
    return run


def test_cells_of_a_run_are_read_token_by_token(
    page: Page, steerer: sw.Steerer, backend: ScriptedBackend
) -> None:
    run = finished_run(steerer, backend)
    result = page.ask("ReadCells", run=run.id, cells=[1, 0, 1])["result"]
    assert result["run"] == run.id
    assert [cell["index"] for cell in result["cells"]] == [1, 0]
    assert result["cells"][0]["tokens"] == msgspec.to_builtins(TOKENS_MEASURED)
    assert result["cells"][1]["tokens"]["kl"] == ()
    assert page.ask("ReadCells", run=run.id, cells=[2])["error"]["field"] == "cells"


def test_cells_of_the_history_are_read_by_the_run_s_id(
    page: Page, steerer: sw.Steerer, backend: ScriptedBackend, tmp_path: Path
) -> None:
    run = finished_run(steerer, backend)
    wait_until(lambda: run.id in steerer.history() and steerer.history()[run.id].state == "done")
    other = ScriptedBackend()
    with sw.demo(backend=other, history=tmp_path / "data") as later:
        ask = asking(Page(later.widget))
        for cells in ([1], [0, 1]):
            result = ask("ReadCells", run=run.id, cells=cells)["result"]
            assert [cell["index"] for cell in result["cells"]] == cells
            assert result["cells"][-1]["tokens"] == msgspec.json.decode(msgspec.json.encode(TOKENS_MEASURED))
        assert ask("ReadCells", run=run.id, cells=[-1])["error"]["field"] == "cells"
        later.history().delete(run.id)
        assert ask("ReadCells", run=run.id, cells=[0])["error"]["field"] == "run"
        later.widget.close()


def test_no_cell_waits_while_cells_of_the_history_are_read(
    steerer: sw.Steerer, backend: ScriptedBackend, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    backend.say(READY)
    run = finished_run(steerer, backend)
    wait_until(lambda: run.id in steerer.history() and steerer.history()[run.id].state == "done")
    disk, read = threading.Event(), Entry.result
    monkeypatch.setattr(Entry, "result", lambda entry: read(entry) if disk.wait(PATIENCE_S) else None)
    with sw.demo(backend=ScriptedBackend(), history=tmp_path / "data") as later:
        elsewhere = Page(later.widget)
        elsewhere.post({"id": "slow", "command": {"type": "ReadCells", "run": run.id, "cells": [1]}})
        assert not elsewhere.of("Reply")  # the handler is back, and the disk has not answered
        disk.set()
        wait_until(lambda: elsewhere.of("Reply"))
        assert elsewhere.of("Reply")[0]["result"]["cells"][0]["index"] == 1
        later.widget.close()


def test_prompts_without_columns_are_read_too(page: Page, backend: ScriptedBackend) -> None:
    answer(backend, result=PromptTokens(TOKENS, ()))
    assert page.ask("ReadTokens", prompt="x", chat=False, columns=[])["result"]["steered"] == ()
