"""What notebooks show of each object: a text and HTML, both with what is in it, both harmless."""

from __future__ import annotations

import pytest
from IPython.core.formatters import DisplayFormatter

import steer_widget as sw
from steer_widget.catalog import Hit
from steer_widget.hits import Hits
from steer_widget.protocol import PromptToken
from steer_widget.spec import Band, BandPoint, Feature
from steer_widget.tokenized_prompt import TokenizedPrompt
from tests.history.results import NASTY, a_result
from tests.unit.page import wait_until
from tests.unit.scripted import ScriptedBackend

FOUND = Hits([Hit(Feature(3, NASTY), 0.5, act=2.0), Hit(Feature(4444, "plain"), 0.25)])


def shown(thing: object) -> tuple[str, str]:
    """Text and HTML, as IPython takes them."""
    bundle, _ = DisplayFormatter().format(thing, include={"text/plain", "text/html"})
    return bundle["text/plain"], bundle["text/html"]


@pytest.mark.parametrize(
    ("thing", "words"),
    [
        (FOUND, ["3", "4444", "plain", "0.25", "activation"]),
        (Hits(), ["no features"]),
        (a_result(text=NASTY), ["alert(1)", "label"]),
        (TokenizedPrompt((PromptToken(NASTY, 1), PromptToken("two", 2)), (1,)), ["two", "1 steered"]),
        (Band(1.5, 20, None, (BandPoint(10.0, 0.2, 0.5, 1.5, 1.1, 0.25),)), ["onset 1.5", "KL p95", "25%"]),
    ],
)
def test_it_is_shown_as_text_and_as_html(thing: object, words: list[str]) -> None:
    for text in shown(thing):
        assert [word for word in words if word not in text] == []
        assert not {"\x1b", "\u202e"} & set(text)
    assert "<script" not in shown(thing)[1]


def test_hits_are_a_list_as_ever() -> None:
    assert [Hit(Feature(3, NASTY), 0.5, act=2.0), Hit(Feature(4444, "plain"), 0.25)] == FOUND
    assert [hit.feature.index for hit in FOUND[:1]] == [3]
    assert "output score" not in repr(FOUND)


def test_a_run_shows_what_it_has_so_far(steerer: sw.Steerer, backend: ScriptedBackend) -> None:
    run = steerer.compare("I went", [Feature(3, "three").at(2)])
    wait_until(lambda: backend.last_run().run == run.id)
    text, html = shown(run)
    assert run.id in text
    assert "3 three +2" in html
    backend.finish()
    run.result()
    assert "one two" in shown(run)[1]
