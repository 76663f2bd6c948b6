"""The widget in marimo: another host, without JupyterLab's variables, in a shadow root."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.driving import LONG, press_run, set_tokens, texts_in_page, wait_ready, wait_run, wait_text
from tests.browser.marimo_app import MarimoPage, marimo_app

APP = """# /// script
# [tool.marimo.display]
# theme = "dark"
# ///
import marimo

app = marimo.App(width="medium")


@app.cell
def _():
    import steer_widget as sw

    steerer = sw.demo()
    steerer
    return (steerer,)
"""


@pytest.fixture
def shown(browser: Browser, tmp_path: Path) -> Iterator[MarimoPage]:
    app = tmp_path / "app.py"
    app.write_text(APP)
    with marimo_app(app) as url:
        page = MarimoPage(browser, url)
        yield page
        page.screenshot("end-marimo")
        page.close()
        assert page.foreign == []
        assert page.errors == []


def test_it_shows_runs_and_stops(shown: MarimoPage) -> None:
    page = shown
    wait_ready(page)
    root = page.sw("root")
    assert root.evaluate("e => e.getRootNode() instanceof ShadowRoot")
    expect(root).to_have_attribute("data-theme", "dark")
    page.screenshot("marimo-empty", root, part_width=900)
    page.sw("example-0").click()
    set_tokens(page, 20)
    press_run(page)
    wait_run(page, "done")
    texts = texts_in_page(page, 2)
    assert len({text for text in texts if text}) == 2
    page.screenshot("marimo-done", root, part_width=900)
    assert stripped_buttons(page) == []
    set_tokens(page, LONG)
    press_run(page)
    begun = wait_text(page, 1)
    expect(page.sw("cell-text-1")).not_to_have_text(begun)
    page.sw("stop").click()
    wait_run(page, "stopped")
    expect(page.sw("stop-late")).to_have_count(0)
    assert texts_in_page(page, 2)[1].strip().startswith(begun.strip())
    n_tokens = int(page.sw("cell-1").get_attribute("data-n-tokens") or -1)
    assert 0 < n_tokens < LONG
    expect(page.sw("retry")).to_have_text(re.compile("Retry 2 cells"))


def stripped_buttons(page: MarimoPage) -> list[str]:
    """Buttons of the run bar that the host's reset has stripped of border, ground or room."""
    return [
        name
        for name in ("run", "stop")
        if page.sw(name).evaluate(
            """e => {
              const { minHeight, paddingLeft, borderTopStyle, cursor } = getComputedStyle(e);
              return minHeight !== "32px" || parseFloat(paddingLeft) < 12 || borderTopStyle !== "solid"
                || !["pointer", "not-allowed"].includes(cursor);
            }"""
        )
    ]
