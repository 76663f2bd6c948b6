"""The widget in JupyterLab, on the embedded model: each test looks at the page and at Python."""

from __future__ import annotations

import json
import re
import signal

from playwright.sync_api import expect

from tests.browser.driving import (
    LONG,
    RUN_TIMEOUT_MS,
    WALK,
    choose,
    fold_generation,
    press_run,
    reload_in_mid_run,
    set_tokens,
    texts_in_page,
    texts_in_python,
    wait_run,
    wait_text,
)
from tests.browser.open_notebook import OpenNotebook


def test_a_run_from_the_page(demo: OpenNotebook) -> None:
    nb = demo
    nb.sw("search").fill("war")
    nb.sw("hit-523").click()
    choose(nb, prompt=WALK)
    nb.sw("strength-0").fill("70")
    nb.sw("search").fill("3530")
    nb.sw("hit-3530").click()
    nb.sw("strength-1").fill("60")
    set_tokens(nb, 24)
    press_run(nb)
    wait_run(nb, "done")
    texts = texts_in_page(nb, 3)
    assert len({text for text in texts if text}) == 3
    assert texts_in_python(nb) == texts
    assert nb.kernel.value(
        "[steerer.widget.run.state, [len(c.token_ids) for c in steerer.widget.run.cells]]"
    ) == [
        "done",
        [24, 24, 24],
    ]
    assert nb.kernel.value(
        "[[(e.feature.index, e.strength) for e in c.steering.edits] for c in steerer.widget.run.cells]"
    ) == [[], [[523, 70.0]], [[3530, 60.0]]]
    assert nb.kernel.value("steerer.widget.prompts") == [WALK]


def test_cells_stream_and_stop(demo: OpenNotebook) -> None:
    nb = demo
    choose(nb, (3548, 50), (3530, 50), tokens=LONG)
    press_run(nb)
    first = wait_text(nb, 1)
    expect(nb.sw("progress")).to_contain_text("tokens/s")
    expect(nb.sw("progress")).to_contain_text("left")
    expect(nb.sw("cell-text-1")).not_to_have_text(first)
    nb.sw("stop").click()
    wait_run(nb, "stopped")
    texts = texts_in_page(nb, 3)
    assert texts[1].strip().startswith(first.strip())
    assert texts_in_python(nb) == texts
    assert nb.kernel.value("[c.state for c in steerer.widget.run.cells]") == ["stopped"] * 3
    assert nb.kernel.value("max(len(c.token_ids) for c in steerer.widget.run.cells)") < LONG


def test_what_a_run_looks_like_while_it_grows(demo: OpenNotebook) -> None:
    nb = demo
    nb.kernel.run(
        "steerer.widget.prompts = 'My plan for the weekend is'\n"
        "steerer.widget.selection = [steerer.feature(3548).at(50), steerer.feature(180).at(50)]\n"
        "steerer.widget.generation = sw.Generation(max_new_tokens=60, repetition_penalty=1.1)"
    )
    expect(nb.sw("strength-1")).to_have_value("50")
    fold_generation(nb)
    press_run(nb)
    expect(nb.sw("cell-2")).to_have_attribute(
        "data-n-tokens", re.compile(r"^(2[5-9]|[3-5]\d)$"), timeout=RUN_TIMEOUT_MS
    )
    nb.screenshot("mid-run", nb.sw("root"))
    wait_run(nb, "done")
    assert texts_in_python(nb) == texts_in_page(nb, 3)


def test_selection_is_the_same_on_both_sides(demo: OpenNotebook) -> None:
    nb = demo
    nb.kernel.run(
        "seen = []\n"
        "steerer.widget.observe(lambda change: seen.append(change.new), 'selection')\n"
        "f, g = steerer.feature(523), steerer.feature(3530)\n"
        "steerer.widget.selection = sw.Selection((f.at(40), g.at(-6)), layout='combined', samples=2)\n"
        "steerer.widget.prompts = 'set in Python'\n"
    )
    expect(nb.sw("strength-0")).to_have_value("40")
    expect(nb.sw("strength-1")).to_have_value("-6")
    expect(nb.sw("feature-0")).to_contain_text("war, in 'during the war'")
    expect(nb.sw("layout-combined")).to_be_checked()
    expect(nb.sw("samples")).to_have_value("2")
    expect(nb.sw("prompt-0")).to_have_value("set in Python")
    nb.sw("strength-0").fill("55.5")
    nb.sw("remove-1").click()
    nb.sw("layout-separate").check()
    expect(nb.sw("count")).to_contain_text("2 columns")
    nb.sw("prompt-0").fill("typed in the page")
    nb.sw("prompt-0").blur()
    nb.run_cell(1)  # a reply to it comes after the replies to all that was changed before
    assert nb.kernel.value(
        "[[(e.feature.index, e.strength) for e in seen[-1].edits], seen[-1].layout, seen[-1].samples]"
    ) == [[[523, 55.5]], "separate", 2]
    assert nb.kernel.value("seen[-1] == steerer.widget.selection")
    assert nb.kernel.value("steerer.widget.prompts") == ["typed in the page"]


def test_a_reload_in_mid_run_goes_on(demo: OpenNotebook) -> None:
    nb = demo
    choose(nb, (523, 60), tokens=LONG)
    press_run(nb)
    reload_in_mid_run(nb)


def test_runs_from_code_appear(demo: OpenNotebook) -> None:
    nb = demo
    nb.kernel.run(
        f"run = steerer.compare({WALK!r}, [steerer.feature(3548).at(50)], "
        "generation=sw.Generation(max_new_tokens=16))\nresult = run.result()"
    )
    expect(nb.sw("progress")).to_have_attribute("data-run", str(nb.kernel.value("run.id")))
    wait_run(nb, "done")
    assert nb.kernel.value("[cell.text for cell in result.cells]") == texts_in_page(nb, 2)
    assert nb.kernel.value("steerer.widget.run.id == run.id")


def test_a_killed_worker_is_told_in_full_and_replaced(demo: OpenNotebook) -> None:
    nb = demo
    choose(nb, (523, 60), tokens=LONG)
    press_run(nb)
    wait_text(nb, 1)
    pid = nb.kernel.value("steerer.status.pid")
    nb.kernel.run(f"import os\nos.kill({pid}, {int(signal.SIGKILL)})")
    wait_run(nb, "failed")
    error = nb.sw("run-error")
    expect(error).to_contain_text("SIGKILL")
    details = nb.sw("run-error-details").locator("pre")
    expect(details).to_be_hidden()
    nb.sw("run-error-details").locator("summary").click()
    expect(details).to_contain_text("WorkerDied")
    assert nb.kernel.value("steerer.widget.run.state") == "failed"
    assert nb.kernel.value("[type(c.error).__name__ for c in steerer.widget.run.cells]") == ["WorkerDied"] * 2
    nb.screenshot("worker-killed", nb.sw("root"))
    set_tokens(nb, 12)
    press_run(nb)
    wait_run(nb, "done")
    assert nb.kernel.value("steerer.status.pid") != pid
    assert texts_in_python(nb) == texts_in_page(nb, 2)


def test_bad_input_is_named_and_kept(demo: OpenNotebook) -> None:
    nb = demo
    choose(nb)
    # Chosen in Python, so that 60 is what Python holds however fast the page is typed in.
    nb.kernel.run("steerer.widget.selection = [steerer.feature(523).at(60)]")
    expect(nb.sw("strength-0")).to_have_value("60")
    nb.sw("strength-0").fill("a lot")
    expect(nb.sw("field-error-strength-0")).to_contain_text("strength: got 'a lot'; allowed: a finite number")
    expect(nb.sw("run")).to_be_disabled()
    nb.sw("strength-0").blur()
    expect(nb.sw("strength-0")).to_have_value("a lot")
    assert nb.kernel.value("steerer.widget.selection.edits[0].strength") == 60.0
    nb.sw("strength-0").fill("61")
    expect(nb.sw("field-error-strength-0")).to_be_hidden()
    nb.sw("gen-max_new_tokens").fill("-5")
    nb.sw("gen-max_new_tokens").blur()
    expect(nb.sw("field-error-max_new_tokens")).to_contain_text("max_new_tokens: got")
    expect(nb.sw("gen-max_new_tokens")).to_have_value("-5")
    set_tokens(nb, 8200)
    long_prompt = "walk " * 4000
    nb.sw("prompt-0").fill(long_prompt)
    press_run(nb)
    expect(nb.sw("run-error")).to_contain_text(re.compile("prompt.*8,?192", re.DOTALL))
    expect(nb.sw("prompt-0")).to_have_value(long_prompt)
    assert nb.kernel.value("steerer.widget.run.state") == "failed"
    nb.sw("search").fill("99999")
    expect(nb.sw("no-hits")).to_contain_text("indices go from 0 to 4,607")


def test_text_is_never_markup(demo: OpenNotebook) -> None:
    nb = demo
    markup = '<img src=x onerror="window.broken = 1"><b>bold</b> & <script>window.broken = 2</script>'
    choose(nb, (523, 60), prompt=markup, tokens=8)
    nb.kernel.run("steerer.widget.selection = [sw.Feature(523, '<i>label</i>').at(60)]")
    expect(nb.sw("feature-0")).to_contain_text("<i>label</i>")
    press_run(nb)
    wait_run(nb, "done")
    expect(nb.sw("results")).to_contain_text(markup)
    assert nb.sw("results").locator("img, b, i, script").count() == 0
    assert nb.page.evaluate("window.broken ?? null") is None
    assert nb.kernel.value("steerer.widget.run.cells[0].prompt") == markup


def test_dark_theme(demo: OpenNotebook) -> None:
    nb = demo
    nb.use_theme("JupyterLab Dark")
    expect(nb.sw("root")).to_have_attribute("data-theme", "dark")
    choose(nb, (3548, 60), (3530, 60), tokens=30)
    press_run(nb)
    wait_run(nb, "done")
    background = nb.sw("root").evaluate("e => getComputedStyle(e).backgroundColor")
    channels = [int(value) for value in re.findall(r"\d+", background)[:3]]
    assert max(channels, default=0) < 80, json.dumps(background)
    nb.screenshot("done-dark", nb.sw("root"))
    nb.use_theme("JupyterLab Light")
    expect(nb.sw("root")).to_have_attribute("data-theme", "light")
    assert nb.kernel.value("steerer.widget.run.state") == "done"
