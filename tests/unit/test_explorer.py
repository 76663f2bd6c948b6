"""What Python asks of features, tokens and the next token: the questions, the answers, and how they show."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import msgspec
import numpy as np
import pytest

import steer_widget as sw
from steer_widget.protocol import (
    Alternative,
    Answer,
    CoFiringOf,
    Command,
    ContrastOf,
    ErrorInfo,
    FeaturesByToken,
    FeaturesOn,
    Firing,
    FiringByToken,
    FiringFeature,
    Lens,
    LensOf,
    LensToken,
    NeighboursOf,
    NextTokenOf,
    NextTokens,
    OutputScores,
    OutputScoresOf,
    PromptToken,
    PromptTokens,
    Question,
    Scored,
    ScoredFeature,
    TokenCounts,
    TokenFeature,
    TokensOf,
)
from tests.unit.scripted import READY, ScriptedBackend

TOKENS = (
    PromptToken("<|user|>", 2, is_special=True),
    PromptToken("a\n", 7),
    PromptToken("", 8),
    PromptToken(" \x1b[31m🌍", 9),
)
READ = NextTokens(
    (Alternative(5, " <b>sea</b>", 0.5, 0.125), Alternative(6, "\x1b[31m\n", 0.001, 0.75)), 1.25, 0.31
)
SCORED = Scored((ScoredFeature(7, 0.75), ScoredFeature(5, -0.5)))
LENS = Lens(
    (LensToken(5, " <b>sea</b>", 2.5), LensToken(6, "\x1b[31m\n", 0.001)), (LensToken(7, " the", -1.25),)
)
REPLIES: dict[type, Any] = {
    NextTokenOf: READ,
    TokensOf: PromptTokens(TOKENS, ((1, 3),)),
    FeaturesOn: Firing((FiringFeature(5, 40.0, 9.0, 1), FiringFeature(7, 8.0, 2.0, 3)), TOKENS, 2),
    FeaturesByToken: FiringByToken(TOKENS, ((), (TokenFeature(5, 40.0),), (), ()), (1, 3), 2),
    LensOf: LENS,
    NeighboursOf: SCORED,
    ContrastOf: SCORED,
    CoFiringOf: SCORED,
    OutputScoresOf: OutputScores((0.25,)),
}
CALLS: dict[str, Callable[..., Any]] = {
    "next_token": lambda steerer, **options: steerer.next_token("I went", **options),
    "top_features": lambda steerer, **options: steerer.top_features("I went", **options),
    "tokens": lambda steerer, **options: steerer.tokens("I went", **options),
    "logit_lens": lambda steerer, **options: steerer.logit_lens(**{"f": 5, **options}),
    "neighbours": lambda steerer, **options: steerer.neighbours(**{"f": 5, **options}),
    "contrast": lambda steerer, **options: steerer.contrast(**{"a": "I went", "b": "I came", **options}),
    "token_features": lambda steerer, **options: steerer.token_features("I went", **options),
    "co_firing": lambda steerer, **options: steerer.co_firing(**{"f": 5, "texts": "I went", **options}),
    "output_score": lambda steerer, **options: steerer.output_score(**{"f": 5, **options}),
    "output_scores": lambda steerer, **options: steerer.output_scores(**{"features": [5], **options}),
}
each_call = pytest.mark.parametrize("call", CALLS)


@pytest.fixture
def steerer(backend: ScriptedBackend) -> Any:
    with sw.demo(backend=backend) as made:
        backend.say(READY)
        yield made


def answer(backend: ScriptedBackend, **said: Any) -> None:
    def on_send(command: Command) -> None:
        if isinstance(command, Question):
            reply = Answer(command.request, **(said or {"result": REPLIES[type(command)]}))
            threading.Thread(target=backend.say, args=(reply,)).start()

    backend.on_send = on_send


def test_the_next_token_is_asked_with_every_default_filled_in(
    steerer: sw.Steerer, backend: ScriptedBackend
) -> None:
    answer(backend)
    f, g = steerer.feature(5), steerer.feature(7)
    found = steerer.next_token("I went", [f.at(4), g.at(2, method="scale"), f.at(1, unit="max_act")], k=3)
    assert (found.tokens, found.kl, found.dose) == (READ.tokens, 1.25, 0.31)
    (asked,) = backend.sent(NextTokenOf)
    edits = asked.steering.edits
    assert [(e.unit, e.method, e.positions, e.skip_special) for e in edits] == [
        ("raw", "add", "all", False),
        ("raw", "scale", "all", False),
        ("max_act", "add", "all", False),
    ]
    assert asked.steering.preserve_norm is False
    assert asked.max_act == {"/5": steerer.card(5).max_act}
    assert (asked.prompt, asked.chat, asked.k) == ("I went", False, 3)
    steerer.next_token([{"role": "user", "content": "Hi"}], chat=True)
    asked = backend.sent(NextTokenOf)[-1]
    assert (asked.prompt, asked.steering.edits, asked.chat, asked.k) == (
        (sw.Message("user", "Hi"),),
        (),
        True,
        10,
    )
    kept = sw.Steering((f.at(4, positions="generated"),), preserve_norm=True)
    steerer.next_token("x", kept)
    asked = backend.sent(NextTokenOf)[-1]
    assert asked.steering.preserve_norm is True
    assert asked.steering.edits[0].positions == "generated"


def test_the_next_token_shows_as_a_table_in_which_texts_are_texts(
    steerer: sw.Steerer, backend: ScriptedBackend
) -> None:
    answer(backend)
    found = steerer.next_token("I went", steerer.feature(5).at(4))
    assert repr(found).splitlines() == [
        "KL 1.25 nats · dose 0.31",
        "token           unsteered  steered     change",
        '" <b>sea</b>"       12.5%    50.0%   +37.5 pp',
        '"\\u001b[31m\\n"      75.0%     0.1%   -74.9 pp',
    ]
    html = found._repr_html_()
    assert "&lt;b&gt;sea&lt;/b&gt;" in html
    assert "<b>" not in html
    assert "37.5 pp" in html
    with pytest.raises(AttributeError):
        found.kl = 0.0  # type: ignore[misc]
    assert isinstance(found, sw.NextToken)


def test_a_question_that_was_superseded_is_asked_again(steerer: sw.Steerer, backend: ScriptedBackend) -> None:
    n_left = [3]

    def on_send(command: Command) -> None:
        if isinstance(command, NextTokenOf):
            n_left[0] -= 1
            error = ErrorInfo("Superseded", "A newer one came.") if n_left[0] else None
            backend.say(Answer(command.request, error, None if error else READ))

    backend.on_send = on_send
    assert steerer.next_token("I went").kl == 1.25
    assert len(backend.sent(NextTokenOf)) == 3


def test_a_card_is_asked_for_by_anything_that_names_a_feature(steerer: sw.Steerer) -> None:
    wanted = steerer.card(5)
    assert steerer.card(np.int64(5)) == wanted
    assert steerer.card(steerer.feature(5)) == wanted
    with pytest.raises(sw.UnknownFeature, match=r"^feature: got 'a label that nobody has'"):
        steerer.card("a label that nobody has")  # type: ignore[arg-type]


def test_tokens_say_which_are_steered(steerer: sw.Steerer, backend: ScriptedBackend) -> None:
    answer(backend)
    found = steerer.tokens("I went", [steerer.feature(5).at(4)], chat=True)
    (asked,) = backend.sent(TokensOf)
    assert (asked.prompt, asked.chat, len(asked.columns)) == ("I went", True, 1)
    assert (asked.columns[0].edits[0].method, asked.columns[0].edits[0].positions) == ("add", "all")
    assert isinstance(found, sw.TokenizedPrompt)
    assert (found.tokens, found.steered) == (TOKENS, (1, 3))
    assert found.text == "<|user|>a\n \x1b[31m🌍"
    assert repr(found).splitlines() == [
        "4 tokens, 2 steered (▸)",
        '  0  "<|user|>"  special',
        '▸ 1  "a\\n"',
        '  2  ""',
        '▸ 3  " \\u001b[31m🌍"',
    ]
    steerer.tokens("I went")
    assert backend.sent(TokensOf)[-1].columns == (sw.Steering((), preserve_norm=False),)


@pytest.mark.parametrize(
    ("call", "options", "field"),
    [
        ("next_token", {"steering": "x"}, "steering"),
        ("next_token", {"steering": sw.Feature(5000).at(1)}, "feature"),
        ("next_token", {"steering": sw.Feature(5).at(1, method="teleport")}, "method"),
        ("next_token", {"steering": sw.Feature(5).at(1, unit="norm", method="scale")}, "unit"),
        ("next_token", {"k": 0}, "k"),
        ("next_token", {"k": True}, "k"),
        ("next_token", {"k": 10**20}, "k"),
        ("next_token", {"chat": 1}, "chat"),
        ("next_token", {"timeout": -1}, "timeout"),
        ("top_features", {"k": -3}, "k"),
        ("top_features", {"k": 10**20}, "k"),
        ("top_features", {"sae": "nobody"}, "sae"),
        ("top_features", {"chat": "yes"}, "chat"),
        ("top_features", {"timeout": "x"}, "timeout"),
        ("tokens", {"edits": 3}, "steering"),
        ("tokens", {"edits": sw.Feature(5).at(1, method="teleport")}, "method"),
        ("tokens", {"chat": None}, "chat"),
        ("tokens", {"timeout": -0.1}, "timeout"),
        ("logit_lens", {"f": 5000}, "feature"),
        ("logit_lens", {"f": sw.Feature(5000).control()}, "feature"),
        ("logit_lens", {"f": sw.Feature(5, sae="nobody")}, "sae"),
        ("logit_lens", {"f": 2.5}, "feature"),
        ("logit_lens", {"f": sw.Feature(5).at(1)}, "feature"),
        ("logit_lens", {"k": 0}, "k"),
        ("logit_lens", {"timeout": -1}, "timeout"),
        ("neighbours", {"f": "a label that nobody has"}, "feature"),
        ("neighbours", {"sae": "nobody"}, "sae"),
        ("neighbours", {"k": True}, "k"),
        ("neighbours", {"timeout": "x"}, "timeout"),
        ("contrast", {"a": ""}, "a"),
        ("contrast", {"a": 3}, "a"),
        ("contrast", {"b": []}, "b"),
        ("contrast", {"sae": "nobody"}, "sae"),
        ("contrast", {"pool": "max"}, "pool"),
        ("contrast", {"k": -1}, "k"),
        ("contrast", {"density_penalty": 1}, "density_penalty"),
        ("contrast", {"timeout": -1}, "timeout"),
        ("contrast", {"rank_by": "best"}, "rank_by"),
        ("top_features", {"rank_by": None}, "rank_by"),
        ("neighbours", {"rank_by": "outputscore"}, "rank_by"),
        ("token_features", {"k": 0}, "k"),
        ("token_features", {"sae": "nobody"}, "sae"),
        ("token_features", {"chat": 1}, "chat"),
        ("co_firing", {"f": 5000}, "feature"),
        ("co_firing", {"f": sw.Vector([1.0] * 32)}, "feature"),  # type: ignore[arg-type]
        ("co_firing", {"texts": []}, "texts"),
        ("co_firing", {"k": 0}, "k"),
        ("co_firing", {"rank_by": 3}, "rank_by"),
        ("output_score", {"f": 5000}, "feature"),
        ("output_scores", {"features": 5}, "features"),
        ("output_scores", {"features": [5, 5000]}, "feature"),
        ("output_scores", {"timeout": -1}, "timeout"),
    ],
)
def test_what_is_refused_is_named_before_anything_is_asked(
    steerer: sw.Steerer, backend: ScriptedBackend, call: str, options: dict[str, Any], field: str
) -> None:
    with pytest.raises(sw.InvalidInput) as caught:
        CALLS[call](steerer, **options)
    assert caught.value.field == field
    assert not [command for command in backend.commands if isinstance(command, Question)]


@pytest.mark.parametrize("prompt", ["", 3, None, [], ["one", "two"], {"role": "user"}])
def test_one_prompt_is_asked_about_at_a_time(steerer: sw.Steerer, prompt: Any) -> None:
    for ask in (steerer.next_token, steerer.top_features, steerer.tokens):
        with pytest.raises(sw.InvalidInput) as caught:
            ask(prompt)
        assert caught.value.field == "prompt"


@each_call
def test_refusals_of_the_worker_are_raised(steerer: sw.Steerer, backend: ScriptedBackend, call: str) -> None:
    answer(backend, error=ErrorInfo("PromptTooLong", "prompt: got 9.", field="prompt"))
    with pytest.raises(sw.PromptTooLong) as caught:
        CALLS[call](steerer)
    assert caught.value.field == "prompt"


@each_call
def test_no_answer_in_time_says_how_to_wait(steerer: sw.Steerer, backend: ScriptedBackend, call: str) -> None:
    with pytest.raises(sw.WorkerTimeout, match=rf"steerer\.{call}\(\.\.\., timeout=") as caught:
        CALLS[call](steerer, timeout=0.05)
    assert "busy" not in str(caught.value)
    steerer.compare("x", [steerer.feature(5).at(1)])
    with pytest.raises(sw.WorkerTimeout, match="busy with a run"):
        CALLS[call](steerer, timeout=0.05)


@each_call
def test_an_answer_to_something_else_is_told(
    steerer: sw.Steerer, backend: ScriptedBackend, call: str
) -> None:
    answer(backend, result=TokenCounts((3,)))
    with pytest.raises(sw.ProtocolError, match="does not fit"):
        CALLS[call](steerer)


@each_call
def test_a_worker_that_dies_is_told(steerer: sw.Steerer, backend: ScriptedBackend, call: str) -> None:
    def on_send(command: Command) -> None:
        if isinstance(command, Question):
            threading.Thread(target=backend.die).start()

    backend.on_send = on_send
    with pytest.raises(sw.WorkerDied):
        CALLS[call](steerer)


@each_call
def test_loading_is_waited_for(backend: ScriptedBackend, call: str) -> None:
    answer(backend)
    with sw.demo(backend=backend) as steerer:
        later = threading.Timer(0.1, backend.say, args=(msgspec.structs.replace(READY),))
        later.start()
        assert CALLS[call](steerer)
        later.join()
