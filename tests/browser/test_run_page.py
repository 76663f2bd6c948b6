"""A run's own page in a real browser: from the disk, offline, sorted, coloured, charted, read without scripts."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Literal

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.accessibility import violations
from tests.browser.open_file import OpenFile, opened_file
from tests.history.results import NASTY, a_result
from tests.unit.measured_run import LABEL, N_TOKENS, measured_run

N_CELLS = 60


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return measured_run().to_html(tmp_path_factory.mktemp("page") / "run.html", "Food at nine strengths")


def prompts_in_order(file: OpenFile) -> list[int]:
    tops = [file.sw(f"prompt-row-{at}").bounding_box() for at in range(6)]
    return sorted(range(6), key=lambda at: (tops[at] or {"y": 0})["y"])


def colour(file: OpenFile, by: str) -> None:
    file.sw("colour-by").select_option(by)
    expect(file.sw("cell-text-1").locator("[data-token]")).to_have_count(N_TOKENS)


def test_texts_are_compared_filtered_sorted_and_read_by_themselves(browser: Browser, saved: Path) -> None:
    cells = measured_run().cells
    with opened_file(browser, saved) as file:
        expect(file.page).to_have_title("Food at nine strengths · steer_widget")
        expect(file.sw("cell-text-1")).to_have_text(cells[1].text)
        assert file.page.locator(".sw-cell").count() == N_CELLS
        file.sw("changes").check()
        expect(file.sw("cell-text-1").locator(".sw-added").first).to_be_visible()

        file.sw("sift").click()
        file.sw("sort-by").select_option("repetition")
        file.sw("sort-column").select_option("3")
        repetition = [cells[10 * at + 3].measures.repetition or 0.0 for at in range(6)]
        wanted = sorted(range(6), key=lambda at: -repetition[at])
        expect(file.sw("sort-turn")).to_have_attribute("aria-label", re.compile("Largest first"))
        assert prompts_in_order(file) == wanted
        file.sw("sift-text").fill("Plan 4")
        expect(file.sw("sift-count")).to_have_text("1 of 6 prompts.")
        file.sw("sift-reset").click()

        file.sw("cell-12").hover()
        file.sw("expand-12").click()
        expect(file.sw("dialog-text")).to_have_text(cells[12].text)
        file.sw("dialog-close").click()


def test_tokens_are_coloured_by_each_measure_and_tell_their_values(browser: Browser, saved: Path) -> None:
    tokens = measured_run().cells[1].token_measures
    with opened_file(browser, saved) as file:
        for by in ("kl", "surprise", "activation"):
            colour(file, by)
            expect(file.sw("cell-text-1")).to_have_attribute("data-colour-by", by)
        file.sw("cell-text-1").locator('[data-token="3"]').hover()
        tip = file.sw("token-tip")
        expect(tip).to_contain_text(f"{tokens.surprise[3]:.2f} nats")
        for one in tokens.alternatives[3]:
            expect(tip).to_contain_text(one.text.strip())
        expect(tip).to_contain_text(f"{100 * tokens.alternatives[3][0].steered:.1f} %")


def test_the_summary_draws_curves_heatmap_and_table(browser: Browser, saved: Path) -> None:
    with opened_file(browser, saved) as file:
        file.sw("view-summary").check(force=True)
        expect(file.sw("curve-kl")).to_be_visible()
        expect(file.page.locator("[data-testid^=sw-point-kl-0-]")).to_have_count(9)
        file.sw("summary-kind-heatmap").check(force=True)
        expect(file.sw("heat-5-9")).to_be_visible()
        file.sw("summary-kind-table").check(force=True)
        expect(file.sw("summary-table")).to_contain_text(LABEL)
        file.sw("summary-column-2").click()
        expect(file.sw("cell-2")).to_be_focused()


def test_what_needs_a_kernel_is_not_offered(browser: Browser, saved: Path) -> None:
    with opened_file(browser, saved) as file:
        file.sw("cell-1").hover()
        expect(file.sw("expand-1")).to_be_visible()
        for name in ("fires-in-1", "apart-1", "run", "stop", "retry"):
            expect(file.sw(name)).to_have_count(0)
        colour(file, "kl")
        file.sw("cell-text-1").locator('[data-token="3"]').click()
        expect(file.sw("token-panel")).to_have_count(0)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_core_finds_nothing(browser: Browser, saved: Path, theme: Literal["light", "dark"]) -> None:
    with opened_file(browser, saved, theme=theme) as file:
        expect(file.sw("root")).to_have_attribute("data-theme", theme)
        file.sw("changes").check()
        file.sw("sift").click()
        file.page.get_by_text("How it was made").click()
        expect(file.sw("page-facts")).to_contain_text("max_new_tokens=60")
        colour(file, "kl")
        file.screenshot(f"run-page-texts-{theme}")
        found = violations(file, "html")
        file.sw("view-summary").check(force=True)
        for kind in ("curves", "heatmap"):
            file.sw(f"summary-kind-{kind}").check(force=True)
            file.screenshot(f"run-page-{kind}-{theme}")
            found += violations(file, "html")
        assert found == []


def test_without_scripts_it_is_a_table(browser: Browser, saved: Path) -> None:
    cells = measured_run().cells
    with opened_file(browser, saved, scripts=False) as file:
        table = file.page.locator("main table")
        expect(table.locator("td").filter(has_text=cells[59].text.strip())).to_be_visible()
        expect(table.locator("th").nth(1)).to_have_text(f"3548 {LABEL} +10")
        file.screenshot("run-page-table")


def test_texts_stay_texts_whatever_they_hold(browser: Browser, tmp_path: Path) -> None:
    path = a_result("abc1", text=NASTY, prompt=NASTY, label=NASTY).to_html(tmp_path / "run.html", NASTY)
    with opened_file(browser, path) as file:
        expect(file.sw("cell-text-0")).to_contain_text("<script>alert(1)</script>")
        expect(file.page.locator("h1")).to_contain_text("<script>alert(1)</script>")
        assert file.page.locator("script").count() == 2


def test_it_prints_every_text_and_no_controls(browser: Browser, saved: Path) -> None:
    with opened_file(browser, saved) as file:
        expect(file.sw("cell-59")).to_be_attached()
        file.page.emulate_media(media="print")
        expect(file.sw("toolbar")).to_be_hidden()
        box, last = file.page.locator(".sw-scroll").bounding_box(), file.sw("cell-59").bounding_box()
        assert box is not None
        assert last is not None
        assert last["y"] + last["height"] <= box["y"] + box["height"] + 1
        assert last["x"] + last["width"] <= box["x"] + box["width"] + 1
