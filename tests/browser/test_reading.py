"""Reading results in JupyterLab: differences, tokens, summaries, past runs, the worker."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.browser.driving import (
    RUN_TIMEOUT_MS,
    WALK,
    choose,
    fold_generation,
    press_run,
    reset,
    wait_run,
)
from tests.browser.open_notebook import OpenNotebook
from tests.browser.screens import pictures

PLAN = "My plan for the weekend is"


@pytest.fixture(scope="module")
def done(loaded: OpenNotebook) -> OpenNotebook:
    """A run of two prompts and three columns that is done."""
    nb = loaded
    choose(nb, (3548, 50), (523, 70), prompt=PLAN, tokens=24)
    nb.sw("add-prompt").click()
    nb.sw("prompt-1").fill(WALK)
    fold_generation(nb)
    press_run(nb)
    wait_run(nb, "done")
    return nb


@pytest.fixture
def read(done: OpenNotebook) -> OpenNotebook:
    """The same with its texts in sight."""
    done.sw("tab-steer").click()
    done.sw("view-texts").check(force=True)
    done.sw("cell-1").scroll_into_view_if_needed()
    return done


def test_words_that_the_baseline_lacks_are_marked(read: OpenNotebook) -> None:
    nb = read
    nb.sw("changes").check(force=True)
    text = nb.sw("cell-text-1")
    marked = text.locator("ins")
    expect(marked.first).to_be_visible(timeout=RUN_TIMEOUT_MS)
    baseline, steered = (
        str(nb.kernel.value(f"steerer.widget.run.cells[{cell}].text")).split() for cell in range(2)
    )
    assert text.inner_text().split() == steered, "marking changes no word"
    kept = text.evaluate(
        "node => { const bare = node.cloneNode(true); bare.querySelectorAll('ins').forEach(one => one.remove());"
        " return bare.textContent; }"
    )
    rest = iter(re.findall(r"\w+", " ".join(baseline)))
    assert all(word in rest for word in re.findall(r"\w+", kept)), (
        "what is not marked stands in the baseline, in this order"
    )
    pictures(nb, "differences")
    nb.sw("changes").uncheck(force=True)


def test_tokens_are_coloured_and_tell_their_alternatives(read: OpenNotebook) -> None:
    nb = read
    nb.sw("colour-by").select_option("kl")
    tokens = nb.sw("cell-text-1").locator("[data-token]")
    expect(tokens.first).to_be_visible(timeout=RUN_TIMEOUT_MS)
    expect(nb.sw("legend")).to_contain_text("nats")
    measured = "steerer.widget.run.cells[1].token_measures"
    texts = nb.kernel.value(f"list({measured}.texts)")
    assert tokens.all_text_contents() == texts
    tip = nb.sw("token-tip")
    expect(tip).not_to_be_visible()
    tokens.nth(2).hover()
    expect(tip).to_be_visible()
    best = nb.kernel.value(f"{measured}.alternatives[2][0].text.strip()")
    expect(tip).to_contain_text(str(best))
    assert tip.evaluate("tip => tip.scrollWidth <= tip.clientWidth"), "nothing sticks out of it"
    pictures(nb, "tokens-kl")
    nb.sw("colour-by").select_option("nothing")


def test_prompts_are_sorted_and_sifted(read: OpenNotebook) -> None:
    nb = read
    nb.sw("sift").click()
    nb.sw("sort-by").select_option("perplexity")
    nb.sw("sort-column").select_option("0")
    perplexities = nb.kernel.value("[steerer.widget.run.cells[3 * p].measures.perplexity for p in range(2)]")
    assert isinstance(perplexities, list)
    rows = nb.page.locator('[data-testid^="sw-prompt-row-"]')
    first = nb.sw(f"prompt-row-{perplexities.index(max(perplexities))}")
    expect(rows.first).to_have_attribute("data-testid", str(first.get_attribute("data-testid")))
    nb.sw("sift-text").fill("no text has these words")
    expect(nb.sw("no-match")).to_be_visible()
    nb.sw("sift-reset").first.click()
    expect(nb.sw("cell-5")).to_be_visible()
    nb.sw("sift").click()


def test_a_text_is_pinned_and_opened_whole(read: OpenNotebook) -> None:
    nb = read
    text = str(nb.kernel.value("steerer.widget.run.cells[2].text")).strip()
    nb.sw("cell-2").hover()
    nb.sw("pin-2").click()
    expect(nb.sw("pinned-text-2")).to_have_text(text)
    nb.sw("cell-2").hover()
    nb.sw("expand-2").click()
    expect(nb.sw("dialog")).to_be_visible()
    expect(nb.sw("dialog-text")).to_have_text(text)
    pictures(nb, "whole-text")
    nb.page.keyboard.press("Escape")
    expect(nb.sw("dialog")).not_to_be_visible()
    nb.sw("unpin-2").click()
    expect(nb.sw("pins")).to_have_count(0)


def test_the_heatmap_leads_to_the_text(read: OpenNotebook) -> None:
    nb = read
    nb.sw("view-summary").check(force=True)
    nb.sw("summary-measure").select_option("perplexity")
    perplexity = nb.kernel.value("steerer.widget.run.cells[4].measures.perplexity")
    assert isinstance(perplexity, float)
    expect(nb.sw("heat-1-1")).to_contain_text(f"{perplexity:.{1 if perplexity >= 9.995 else 2}f}")
    pictures(nb, "heatmap")
    nb.sw("heat-1-1").click()
    expect(nb.sw("cell-4")).to_be_visible()
    assert nb.page.evaluate("document.activeElement.closest('[data-testid=sw-cell-4]') !== null")


def test_a_sweep_as_curves(read: OpenNotebook) -> None:
    nb = read
    nb.kernel.run(
        "sweep = steerer.sweep('My plan for the weekend is', 3548, [-50, 0, 50, 100], "
        "generation=sw.Generation(max_new_tokens=16))"
    )
    expect(nb.sw("cell-4")).to_have_attribute("data-state", "done", timeout=RUN_TIMEOUT_MS)
    nb.sw("view-summary").check(force=True)
    expect(nb.page.locator('[data-testid^="sw-point-kl-0-"]')).to_have_count(4)
    pictures(nb, "curves")
    nb.sw("point-kl-0-2").click()
    expect(nb.sw("cell-3")).to_be_visible()


def test_past_runs_are_found_named_compared_deleted_and_brought_back(read: OpenNotebook) -> None:
    nb = read
    nb.sw("tab-history").click()
    # other notebooks of the tests have runs in the history too: these are of this one, newest first
    ids = nb.kernel.value("[run.id for run in reversed(steerer.runs)][-2:]")
    assert isinstance(ids, list)
    for run in ids:
        expect(nb.sw(f"past-open-{run}")).to_be_visible(timeout=RUN_TIMEOUT_MS)
    nb.sw(f"past-note-{ids[1]}").click()
    nb.sw("note-name").fill("two prompts")
    nb.sw("note-tags").fill("weekend")
    nb.sw("note-save").click()
    expect(nb.sw(f"past-{ids[1]}")).to_contain_text("two prompts")
    assert nb.kernel.value(f"steerer.history()[{ids[1]!r}].tags") == ["weekend"]
    for run in ids:
        nb.sw(f"past-mark-{run}").check(force=True)
    pictures(nb, "history")
    nb.sw("history-compare").click()
    expect(nb.sw("differences")).to_contain_text("New tokens")
    pictures(nb, "comparison")
    nb.sw("comparison-back").click()
    nb.sw("history-search").fill("weekend two")
    nb.sw(f"past-delete-{ids[1]}").click()
    nb.kernel.wait_value(f"{ids[1]!r} in steerer.history()", False)
    nb.sw("history-undo").click()
    nb.kernel.wait_value(f"{ids[1]!r} in steerer.history()", True)
    assert nb.kernel.value(f"steerer.history()[{ids[1]!r}].name") == "two prompts"
    nb.sw("history-search").fill("")
    with nb.page.expect_download() as waiting:
        nb.sw(f"past-export-{ids[1]}").click()
        nb.sw(f"past-export-{ids[1]}-csv").click()
    table = waiting.value.path().read_text(encoding="utf-8-sig")
    assert table.count(PLAN) >= 3
    nb.sw(f"past-open-{ids[1]}").click()
    expect(nb.sw("tab-steer")).to_have_attribute("aria-selected", "true")
    expect(nb.sw("prompt-0")).to_have_value(PLAN)
    expect(nb.sw("cell-5")).to_have_attribute("data-state", "done")


def test_the_worker_is_told_of_and_started_afresh(read: OpenNotebook) -> None:
    nb = read
    before = nb.kernel.value("steerer.status.pid")
    nb.sw("tab-worker").click()
    expect(nb.sw("process-facts")).to_contain_text(str(before))
    expect(nb.sw("model-facts")).to_contain_text("134,515,008")
    pictures(nb, "worker")
    nb.sw("restart").click()
    nb.kernel.wait_value(f"steerer.status.pid not in (None, {before}) and steerer.status.worker", "ready")
    nb.sw("tab-steer").click()
    press_run(nb)
    wait_run(nb, "done")
    reset(nb)
