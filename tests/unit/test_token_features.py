"""Features of each token, as text and as HTML."""

from __future__ import annotations

import re

import msgspec
import pytest

import steer_widget as sw
from steer_widget.protocol import FiringByToken, TokenFeature
from steer_widget.token_features import TokenFeatures

TOKENS = (
    sw.PromptToken("<|im_start|>", 1, is_special=True),
    sw.PromptToken(" \x1b[31msnow", 7),
    sw.PromptToken("<b>", 8),
    sw.PromptToken("\n", 9),
)
HITS = (
    (),
    (
        sw.Hit(sw.Feature(5, "snow & ice"), 92.1, 20.0),
        sw.Hit(sw.Feature(7), 4.6, 1.0),
    ),
    (sw.Hit(sw.Feature(12, "<script>alert(1)</script> " + "long " * 30), 3.0, 0.65432),),
    (),
)


@pytest.fixture
def found() -> TokenFeatures:
    features = tuple(tuple(TokenFeature(hit.feature.index, hit.act or 0.0) for hit in hits) for hits in HITS)
    return TokenFeatures.of(FiringByToken(TOKENS, features, counts=(1, 2, 3), n_prompt=2), HITS)


def test_each_token_says_what_fires_on_it(found: TokenFeatures) -> None:
    assert isinstance(found, sw.TokenFeatures)
    assert (len(found), found.text) == (4, "<|im_start|> \x1b[31msnow<b>\n")
    assert found[1] == sw.TokenHits(TOKENS[1], HITS[1], is_left_out=False, is_prompt=True)
    assert [one.is_left_out for one in found.tokens] == [True, False, False, False]
    assert [one.is_prompt for one in found.tokens] == [True, True, False, False]


def test_as_text_it_says_what_was_left_out(found: TokenFeatures) -> None:
    head, *lines = repr(found).splitlines()
    assert head.startswith("4 tokens, 1 left out (special, or attention sinks);")
    assert lines[0] == '0  "<|im_start|>"     left out'
    assert lines[1] == '1  " \\u001b[31msnow"  5 snow & ice 20 · 7 1'
    assert re.fullmatch(r'2  "<b>" +12 <script>alert\(1\)</script> long .*… 0\.654', lines[2])
    assert lines[3] == '3  "\\n"'


def test_as_html_texts_and_labels_are_texts(found: TokenFeatures) -> None:
    html = found._repr_html_()
    assert "<script>" not in html
    assert "&lt;script&gt;alert(1)" in html
    assert "snow &amp; ice" in html
    assert "\x1b" not in html
    assert html.count("<tr>") == 4
    assert html.count(">left out<") == 1
    assert "1 left out (special, or attention sinks)" in html
    assert html.endswith("the prompt is faint</div>")
    whole = TokenFeatures(tuple(msgspec.structs.replace(one, is_prompt=True) for one in found.tokens))
    assert "faint" not in whole._repr_html_()
