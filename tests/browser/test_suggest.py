"""Suggestions in JupyterLab: from a wish to a row at the strength at which it was tried."""

from __future__ import annotations

import re

from playwright.sync_api import expect

from tests.browser.accessibility import violations
from tests.browser.open_notebook import OpenNotebook
from tests.browser.screens import pictures

SUGGEST_TIMEOUT_MS = 170_000


def test_a_wish_becomes_a_row(demo: OpenNotebook) -> None:
    nb = demo
    nb.sw("suggest").click()
    expect(nb.sw("wish-go")).to_be_disabled()
    nb.sw("wish").fill("more about war")
    nb.sw("wish-go").click()
    expect(nb.sw("wish-go")).to_have_text("Stop")
    expect(nb.sw("wish-note")).not_to_contain_text("working", timeout=SUGGEST_TIMEOUT_MS)
    pictures(nb, "suggesting")
    expect(nb.sw("wish-go")).to_have_text("Suggest", timeout=SUGGEST_TIMEOUT_MS)
    expect(nb.sw("wish-note")).to_contain_text(re.compile("clearly|probably"))
    first = nb.page.locator('[data-testid^="sw-suggestion-"]').first
    expect(first).to_contain_text("war")
    expect(first).to_contain_text(re.compile("clear|likely"))
    assert violations(nb) == []
    pictures(nb, "suggested")
    first.get_by_test_id("sw-add-suggestion").click()
    expect(nb.sw("feature-0")).to_contain_text("war")
    tried = nb.kernel.value(
        "any(abs(e.strength - steerer.widget.selection.edits[0].strength) < 0.5"
        " and e.feature == steerer.widget.selection.edits[0].feature"
        " for s in steerer.runs[-1].grid.steerings for e in s.edits)"
    )
    assert tried is True
