"""What the page shows when something breaks: connections, tabs, the worker. Python is asked each time."""

from __future__ import annotations

import os
import re
import signal

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import OpenCells
from tests.browser.driving import (
    LONG,
    RUN_TIMEOUT_MS,
    WALK,
    choose,
    fold_generation,
    press_run,
    texts_in_page,
    texts_in_python,
    wait_ready,
    wait_run,
    wait_text,
)
from tests.browser.open_notebook import OpenNotebook

# One row at a time, so that a run that breaks has finished cells and others.
DEMO = "import steer_widget as sw\nsteerer = sw.demo(max_batch_rows=1)\nsteerer"
CELLS = "[[c.state, c.text, len(c.token_ids)] for c in steerer.widget.run.cells]"
PRESS_OFTEN = """async button => {
  for (let i = 0; i < 200; i++) {
    button.click();
    if (i % 8 === 0) await new Promise(go => setTimeout(go, 2));
  }
}"""


@pytest.fixture(scope="module")
def loaded(shared_notebook: OpenCells) -> OpenNotebook:
    """A notebook whose widget is loaded, with a cell that shows it once more."""
    nb = shared_notebook(DEMO, "steerer.widget")
    nb.run_cell(0)
    wait_ready(nb)
    nb.save()
    return nb


def shown_cells(nb: OpenNotebook, n_cells: int) -> list[list[object]]:
    """State, text and number of tokens of each cell, as the page has them."""
    cells = [nb.sw(f"cell-{i}") for i in range(n_cells)]
    texts = texts_in_page(nb, n_cells)
    return [
        [cell.get_attribute("data-state"), text, int(cell.get_attribute("data-n-tokens") or -1)]
        for cell, text in zip(cells, texts, strict=True)
    ]


def kill_worker(nb: OpenNotebook) -> int:
    pid = nb.kernel.value("steerer.status.pid")
    assert isinstance(pid, int)
    os.kill(pid, signal.SIGKILL)
    return pid


def test_two_hundred_presses_are_one_run_and_one_retry(demo: OpenNotebook) -> None:
    nb = demo
    choose(nb, (523, 60), tokens=LONG)
    before = nb.kernel.value("len(steerer.runs)")
    assert isinstance(before, int)
    nb.sw("run").evaluate(PRESS_OFTEN)
    wait_text(nb, 0)
    nb.sw("stop").click()
    wait_run(nb, "stopped")
    nb.sw("retry").evaluate(PRESS_OFTEN)
    wait_text(nb, 0)
    assert nb.kernel.value("len(steerer.runs)") == before + 1
    expect(nb.sw("error")).to_have_count(0)
    nb.sw("stop").click()
    wait_run(nb, "stopped")
    assert nb.kernel.value(CELLS) == shown_cells(nb, 2)


def test_a_killed_worker_leaves_what_is_finished_and_retry_brings_the_rest(demo: OpenNotebook) -> None:
    nb = demo
    choose(nb, (3548, 50), (3530, 50), tokens=12)
    fold_generation(nb)
    press_run(nb)
    wait_run(nb, "done")
    undisturbed = texts_in_page(nb, 3)
    press_run(nb)
    expect(nb.sw("cell-0")).to_have_attribute("data-state", "done", timeout=RUN_TIMEOUT_MS)
    pid = kill_worker(nb)
    wait_run(nb, "failed")
    assert [cell[0] for cell in shown_cells(nb, 3)] == ["done", "failed", "failed"]
    assert nb.kernel.value(CELLS) == shown_cells(nb, 3)
    assert texts_in_page(nb, 3)[0] == undisturbed[0]
    expect(nb.sw("cell-error-1")).to_contain_text("SIGKILL")
    nb.sw("cell-error-1-details").locator("summary").click()
    expect(nb.sw("cell-error-1-details").locator("pre")).to_contain_text("WorkerDied")
    nb.sw("cell-error-1-details").locator("summary").click()
    for theme in ("Dark", "Light"):
        nb.use_theme(f"JupyterLab {theme}")
        nb.screenshot(f"retry-{theme.lower()}", nb.sw("root"))
    # One cell, by keyboard.
    nb.sw("retry-2").focus()
    nb.page.keyboard.press("Enter")
    expect(nb.sw("cell-2")).to_have_attribute("data-state", "done", timeout=RUN_TIMEOUT_MS)
    wait_run(nb, "done")
    assert [cell[0] for cell in shown_cells(nb, 3)] == ["done", "failed", "done"]
    expect(nb.sw("retry")).to_have_text("Retry 1 cell")
    nb.sw("retry").click()
    expect(nb.sw("cell-1")).to_have_attribute("data-state", "done", timeout=RUN_TIMEOUT_MS)
    wait_run(nb, "done")
    assert texts_in_page(nb, 3) == undisturbed == texts_in_python(nb)
    assert nb.kernel.value("steerer.status.pid") != pid
    expect(nb.sw("retry")).to_have_count(0)


def test_the_page_closed_and_opened_in_mid_run(demo: OpenNotebook) -> None:
    nb = demo
    choose(nb, (523, 60), tokens=LONG)
    press_run(nb)
    before = wait_text(nb, 0)
    nb.close_and_open()
    after = wait_text(nb, 0)
    assert after.startswith(before)
    expect(nb.sw("progress")).to_have_attribute("data-state", "running")
    expect(nb.sw("cell-text-0")).not_to_have_text(after)
    nb.sw("stop").click()
    wait_run(nb, "stopped")
    assert nb.kernel.value(CELLS) == shown_cells(nb, 2)


def test_a_connection_that_breaks_and_comes_back(demo: OpenNotebook) -> None:
    nb = demo
    choose(nb, (523, 60), tokens=LONG)
    press_run(nb)
    before = wait_text(nb, 0)
    with nb.cut_off():
        n_before = nb.kernel.value("sum(len(c.token_ids) for c in steerer.widget.run.cells)")
        # Both sides change something meanwhile; neither change is lost.
        nb.kernel.run("steerer.widget.prompts = 'set while away'")
        nb.sw("strength-0").fill("61")
        nb.page.wait_for_timeout(1000)
    expect(nb.sw("prompt-0")).to_have_value("set while away", timeout=RUN_TIMEOUT_MS)
    nb.kernel.wait_value("[e.strength for e in steerer.widget.selection.edits]", [61.0])
    n_after = nb.kernel.value("sum(len(c.token_ids) for c in steerer.widget.run.cells)")
    assert isinstance(n_before, int)
    assert isinstance(n_after, int)
    assert n_after > n_before
    assert (nb.sw("cell-text-0").text_content() or "").strip().startswith(before.strip())
    nb.sw("stop").click()
    wait_run(nb, "stopped")
    assert nb.kernel.value(CELLS) == shown_cells(nb, 2)
    expect(nb.sw("status")).to_have_attribute("data-state", re.compile("ready|busy"))


def test_a_second_tab_shows_the_same(demo: OpenNotebook) -> None:
    nb = demo
    choose(nb, (523, 60), tokens=LONG)
    press_run(nb)
    wait_text(nb, 0)
    first = nb.page
    second = nb.open_tab("-second")
    nb.page = second
    wait_text(nb, 0)
    expect(nb.sw("strength-0")).to_have_value("60")
    nb.sw("strength-0").fill("45")
    nb.sw("strength-0").blur()
    expect(first.get_by_test_id("sw-strength-0")).to_have_value("45")
    nb.sw("stop").click()
    for page in (first, second):
        nb.page = page
        wait_run(nb, "stopped")
        assert nb.kernel.value(CELLS) == shown_cells(nb, 2)
    second.close()
    nb.page = first


def test_two_views_of_one_widget_follow_each_other(demo: OpenNotebook) -> None:
    nb = demo
    nb.run_cell(1)
    roots = [nb.page.get_by_test_id("sw-root").nth(i) for i in range(2)]
    part = [lambda name, root=root: root.get_by_test_id(f"sw-{name}") for root in roots]
    expect(roots[1]).to_be_visible()
    n_runs = nb.kernel.value("len(steerer.runs)")
    assert isinstance(n_runs, int)
    part[0]("prompt-0").fill(WALK)
    expect(part[1]("prompt-0")).to_have_value(WALK)
    part[1]("search").fill("523")
    part[1]("hit-523").click()
    part[1]("strength-0").fill("55")
    expect(part[0]("strength-0")).to_have_value("55")
    nb.kernel.wait_value("[e.strength for e in steerer.widget.selection.edits]", [55.0])
    nb.kernel.run("steerer.widget.generation = sw.Generation(max_new_tokens=12)")
    expect(part[1]("gen-toggle")).to_contain_text("12 tokens")
    part[1]("run").click()
    for view in part:
        expect(view("progress")).to_have_attribute("data-state", "done", timeout=RUN_TIMEOUT_MS)
    found = nb.kernel.value(CELLS)
    for view in part:
        shown = [
            [
                view(f"cell-{i}").get_attribute("data-state"),
                view(f"cell-text-{i}").text_content(),
                int(view(f"cell-{i}").get_attribute("data-n-tokens") or -1),
            ]
            for i in range(2)
        ]
        assert shown == found
    assert nb.kernel.value("len(steerer.runs)") == n_runs + 1
    nb.command("notebook:clear-cell-output")
    expect(nb.page.get_by_test_id("sw-root")).to_have_count(1)


def test_runs_that_wait_say_what_is_before_them(demo: OpenNotebook) -> None:
    nb = demo
    nb.kernel.run(
        f"long = [steerer.run({WALK!r}, [sw.Steering()], generation=sw.Generation(max_new_tokens={LONG})) "
        "for _ in range(3)]"
    )
    expect(nb.sw("progress")).to_contain_text("Waiting for its turn")
    expect(nb.sw("backlog")).to_contain_text("2 runs before it")
    nb.kernel.run("long[0].cancel(); long[1].cancel()")
    wait_text(nb, 0)
    expect(nb.sw("backlog")).to_have_count(0)
    nb.kernel.run("long[2].cancel()")
    wait_run(nb, "stopped")
    nb.kernel.run(
        f"run = steerer.compare({WALK!r}, [steerer.feature(3548).at(50), steerer.feature(180).at(50)], "
        f"generation=sw.Generation(max_new_tokens={LONG}), limits=sw.Limits(soft_s=1.5))\n"
        f"more = steerer.run({WALK!r}, [sw.Steering()], generation=sw.Generation(max_new_tokens=24))"
    )
    wait_run(nb, "done")  # the short one, which overtakes
    expect(nb.sw("backlog")).to_contain_text("1 run still on")
    for theme in ("Dark", "Light"):
        nb.use_theme(f"JupyterLab {theme}")
        nb.screenshot(f"backlog-{theme.lower()}", nb.sw("results"))
    expect(nb.sw("backlog")).to_have_count(0, timeout=RUN_TIMEOUT_MS)
    assert nb.kernel.value("run.state") == "stopped"


def test_a_run_at_its_time_limit_says_so(demo: OpenNotebook) -> None:
    nb = demo
    nb.kernel.run(
        f"run = steerer.compare({WALK!r}, [steerer.feature(3548).at(50)], "
        f"generation=sw.Generation(max_new_tokens={LONG}), limits=sw.Limits(soft_s=1))"
    )
    wait_run(nb, "stopped")
    expect(nb.sw("progress")).to_contain_text("Stopped at its time limit")
    expect(nb.sw("run-error")).to_have_attribute("data-notice", "true")
    expect(nb.sw("retry")).to_have_text("Retry 2 cells")
    assert nb.kernel.value(CELLS) == shown_cells(nb, 2)


def test_a_worker_that_keeps_dying_is_started_again_from_the_page(demo: OpenNotebook) -> None:
    nb = demo
    choose(nb, tokens=12)
    for _ in range(3):
        kill_worker(nb)
        nb.kernel.wait_value("steerer.status.pid", None)
        press_run(nb)
        nb.kernel.wait_value("steerer.status.pid is not None or steerer.status.worker == 'failed'", True)
    expect(nb.sw("status")).to_have_attribute("data-worker", "failed")
    expect(nb.sw("run-error")).to_contain_text("died 3 times in a row")
    assert nb.kernel.value("type(steerer.status.error.rebuild()).__name__") == "WorkerCrashLoop"
    expect(nb.sw("reload")).to_be_visible()
    nb.sw("reload").click()
    expect(nb.sw("loading")).to_contain_text("so far")
    wait_ready(nb)
    nb.sw("retry").click()
    wait_run(nb, "done")
