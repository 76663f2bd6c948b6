"""What fires, what tells apart, what a feature writes: asked by presses in JupyterLab's page."""

from __future__ import annotations

import json
import re

import pytest
from playwright.sync_api import Locator, expect

from tests.browser.driving import RUN_TIMEOUT_MS, choose, press_run, reset, wait_run
from tests.browser.judging import judge
from tests.browser.open_notebook import OpenNotebook

N_SHOWN = 20


@pytest.fixture(scope="module")
def texts(loaded: OpenNotebook) -> OpenNotebook:
    """A run of two columns that is done and measured; the window is so high that panels hang below."""
    nb = loaded
    reset(nb)
    choose(nb, (523, 60), prompt="They cooked soup and fresh bread", tokens=16)
    press_run(nb)
    wait_run(nb, "done")
    return nb


def listed(nb: OpenNotebook, test_id: str) -> list[int]:
    """Indices of the features of a list, in its order."""
    expect(nb.page.locator('[data-stale="true"]')).to_have_count(0, timeout=RUN_TIMEOUT_MS)
    rows = nb.sw(test_id).locator(":scope > li")
    expect(rows.first).to_be_visible(timeout=RUN_TIMEOUT_MS)
    return [int((one.get_attribute("data-testid") or "").rpartition("-")[2]) for one in rows.all()]


def token(nb: OpenNotebook, cell: int, at: int) -> Locator:
    return nb.sw(f"cell-text-{cell}").locator(f'[data-token="{at}"]')


def press_word(nb: OpenNotebook, cell: int) -> int:
    """Presses the middle of a word of a text that is drawn plainly; gives the number of its token."""
    texts = nb.kernel.value(f"list(steerer.widget.run.cells[{cell}].token_measures.texts)")
    assert isinstance(texts, list)
    at = next(i for i, text in enumerate(texts) if i > 3 and text[0] == " " and len(text) > 3)
    start = len("".join(texts[:at])) + 1  # behind the space
    box = nb.sw(f"cell-text-{cell}").evaluate(
        """(box, [start, stop]) => {
            const range = document.createRange();
            range.setStart(box.firstChild, start);
            range.setEnd(box.firstChild, stop);
            const { left, top, width, height } = range.getClientRects()[0];
            return [left + width / 2, top + height / 2];
        }""",
        [start, start + len(texts[at].strip())],
    )
    nb.page.mouse.click(*box)
    expect(nb.sw("token-panel").locator('[data-part="a"]')).to_have_text(texts[at].strip())
    return at


def test_a_press_on_a_word_of_a_text_finds_what_fires_there(texts: OpenNotebook) -> None:
    nb = texts
    nb.sw("cell-text-1").scroll_into_view_if_needed()
    at = press_word(nb, 1)
    expect(nb.sw("token-panel")).to_be_focused()
    shown = listed(nb, "fires")
    expect(token(nb, 1, at)).to_have_attribute("data-part", "a")
    found = nb.kernel.value(
        "[hit.feature.index for hit in "
        "[t for t in steerer.token_features(steerer.widget.run.cells[1], k=20).tokens if not t.is_prompt]"
        f"[{at}].hits]"
    )
    assert shown == found
    judge(nb, "fires-here")
    other = next(index for index in shown if index != 523)
    nb.sw(f"fires-{other}-add").click()
    nb.kernel.wait_value("[e.feature.index for e in steerer.widget.selection.edits]", [523, other])
    expect(nb.sw("feature-1")).to_be_visible()
    nb.page.keyboard.press("Escape")
    expect(nb.sw("token-panel")).to_have_count(0)
    nb.sw("remove-1").click()


def test_by_keyboard_a_stretch_is_marked_and_told_from_another_text(texts: OpenNotebook) -> None:
    nb = texts
    nb.sw("fires-in-1").focus()
    nb.page.keyboard.press("Enter")
    expect(nb.sw("token-panel")).to_be_focused()
    assert listed(nb, "fires") == nb.kernel.value(
        f"[hit.feature.index for hit in steerer.top_features(steerer.widget.run.cells[1], k={N_SHOWN})]"
    )
    nb.sw("pick-token").focus()
    nb.page.keyboard.press("Enter")
    expect(token(nb, 1, 0)).to_be_focused()
    nb.page.keyboard.press("ArrowRight")
    nb.page.keyboard.press("Enter")
    expect(token(nb, 1, 1)).to_have_attribute("data-part", "a")
    token(nb, 1, 1).focus()
    for _ in range(3):
        nb.page.keyboard.press("Shift+ArrowRight")
    expect(nb.sw("cell-text-1").locator('[data-part="a"]')).to_have_count(4)
    nb.sw("compare-with").click()
    nb.sw("fires-in-0").click(force=True)
    expect(nb.sw("token-panel").locator('[data-part="b"]')).to_have_text("the baseline")
    assert len(listed(nb, "fires")) > 1
    nb.page.keyboard.press("Escape")
    expect(nb.sw("token-panel")).to_have_count(0)


def test_a_text_is_told_from_the_baseline_by_its_own_feature(texts: OpenNotebook) -> None:
    nb = texts
    nb.sw("cell-1").hover()
    nb.sw("fires-in-1").click()
    nb.sw("against-baseline").click()
    expect(nb.sw("token-panel").locator('[data-part="b"]')).to_be_visible()
    shown = listed(nb, "fires")
    assert shown == nb.kernel.value(
        "[hit.feature.index for hit in "
        "steerer.contrast(steerer.widget.run.cells[1], steerer.widget.run.cells[0], k=20)]"
    )
    assert 523 in shown
    expect(nb.sw("fires-523")).to_have_attribute("data-side", "a")
    expect(nb.sw("fires-523")).to_contain_text("+")
    judge(nb, "contrast")
    nb.sw("panel-close").click()
    expect(nb.sw("token-panel")).to_have_count(0)


def test_tokens_of_a_prompt_are_pressed_too(texts: OpenNotebook) -> None:
    nb = texts
    nb.sw("tokens-toggle-0").click()
    chips = nb.sw("tokens-0").locator("[data-token]")
    expect(chips.first).to_be_visible(timeout=RUN_TIMEOUT_MS)
    chips.nth(2).click()
    assert listed(nb, "fires") == nb.kernel.value(
        "[hit.feature.index for hit in "
        "steerer.token_features('They cooked soup and fresh bread', k=20).tokens[2].hits]"
    )
    chips.nth(4).click(modifiers=["Shift"])
    expect(nb.sw("tokens-0").locator('[data-token][data-part="a"]')).to_have_count(3)
    nb.page.keyboard.press("Escape")
    nb.sw("tokens-toggle-0").click()


def test_a_card_tells_what_a_feature_writes_and_which_are_like_it(texts: OpenNotebook) -> None:
    nb = texts
    nb.sw("details-0").click()
    for ask in ("ReadLens", "FindNeighbours", "FindTogether", "ScoreOutput"):
        nb.sw(f"ask-{ask}").locator("summary").click()
        expect(nb.sw(f"ask-{ask}-answer")).to_be_visible(timeout=RUN_TIMEOUT_MS)
    lens = nb.kernel.value(
        "[[t.text for t in side] for side in (lambda l: (l.up, l.down))(steerer.logit_lens(523, k=12))]"
    )
    assert isinstance(lens, list)
    for side, tokens in zip(("up", "down"), lens, strict=True):
        chips = nb.sw(f"ask-ReadLens-answer-{side}").locator("li bdi")
        assert [text.strip("·⏎") for text in chips.all_inner_texts()] == [one.strip() for one in tokens]
    assert listed(nb, "ask-FindNeighbours-answer") == nb.kernel.value(
        "[hit.feature.index for hit in steerer.neighbours(523, k=12)]"
    )
    score = nb.kernel.value("steerer.output_score(523)")
    assert isinstance(score, float)
    said = nb.sw("ask-ScoreOutput-answer").inner_text()
    assert float(re.match(r"[\d.]+", said).group()) == pytest.approx(score, abs=0.006)  # type: ignore[union-attr]
    judge(nb, "card-explored")
    nb.sw("details-0").click()


def test_hits_are_ranked_by_how_well_they_steer(texts: OpenNotebook) -> None:
    nb = texts
    nb.sw("search").press_sequentially("war", delay=20)
    badges = nb.sw("hit-score")
    expect(nb.page.locator('[data-testid^="sw-hit-"][role="option"]').first).to_be_visible()
    expect(badges).to_have_count(0)
    nb.sw("rank").click()
    expect(badges.first).to_be_visible(timeout=RUN_TIMEOUT_MS)
    expect(nb.sw("search")).to_be_focused()
    shown = [float(text.split()[1]) for text in badges.all_inner_texts()]
    assert len(shown) > 5
    assert shown == sorted(shown, reverse=True)
    hits = nb.page.locator('[data-testid^="sw-hit-"][role="option"]').all()
    indices = [int((hit.get_attribute("data-testid") or "").rpartition("-")[2]) for hit in hits]
    scores = nb.kernel.value(f"[steerer.output_score(i) for i in {json.dumps(indices[:3])}]")
    assert isinstance(scores, list)
    assert shown[:3] == [round(score, 2) for score in scores]
    judge(nb, "ranked")
    nb.sw("rank").click()
    expect(badges).to_have_count(0)
    nb.page.keyboard.press("Escape")
