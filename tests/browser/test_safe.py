"""Whatever texts hold is data: it shows as text, harms nothing beside it, and stays as it is."""

from __future__ import annotations

import json
import os
import signal

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import OpenCells
from tests.browser.driving import (
    DEMO,
    RUN_TIMEOUT_MS,
    choose,
    press_run,
    texts_in_page,
    wait_ready,
    wait_run,
)
from tests.browser.open_notebook import OpenNotebook

MARKUP = '<img src=x onerror="window.broken = 1"><b onclick="window.broken = 2">bold</b><script>window.broken = 3</script>'
ESCAPES = "\x1b[31mred\x1b[0m \x1b]0;title\x07 bell\x07"
DIRECTIONS = "before \u202eright to left\u2067 and on"
INVISIBLE = "a\u200bb\u200d\ufeffc\u2060d"
HOSTILE = f"{MARKUP} {ESCAPES} {DIRECTIONS} {INVISIBLE}"
N_LONG = 1_000_000
RESPONSIVE_MS = 1500

SHOW = """
import msgspec
def shown_as(number, prompt, label, text):
    '''Shows a past run whose prompt, label and texts are these.'''
    past = steerer.widget.run.partial()
    columns = (sw.Steering(), sw.Steering((sw.Feature(523, label).at(60),)))
    grid = msgspec.structs.replace(past.grid, prompts=(prompt,), steerings=columns)
    cells = tuple(
        msgspec.structs.replace(cell, prompt=prompt, steering=column, text=text)
        for cell, column in zip(past.cells, columns, strict=True)
    )
    steerer.widget.show(msgspec.structs.replace(past, run=f'hostile-{number}', grid=grid, cells=cells))
"""
# The page's own words, and those of them whose first letter does not stand left of their last.
READING_ORDER = """(root, marks) => {
  const walk = document.createTreeWalker(root, NodeFilter.SHOW_TEXT);
  const at = (node, i) => {
    const range = document.createRange();
    range.setStart(node, i);
    range.setEnd(node, i + 1);
    return range.getClientRects()[0];
  };
  const [seen, wrong] = [[], []];
  for (let node = walk.nextNode(); node !== null; node = walk.nextNode()) {
    const text = node.data;
    if (marks.some(mark => text.includes(mark)) || !/^[A-Za-z].*[A-Za-z]$/s.test(text)) continue;
    const [first, last] = [at(node, 0), at(node, text.length - 1)];
    if (!first || !last || first.top !== last.top || first.width === 0) continue;
    seen.push(text);
    if (first.left > last.left) wrong.push(text);
  }
  return [seen, wrong];
}"""
TWO_FRAMES_MS = """() => new Promise(done => {
  const start = performance.now();
  requestAnimationFrame(() => requestAnimationFrame(() => done(performance.now() - start)));
})"""
PRESS_KEY = """(box, text) => new Promise(done => {
  box.focus();
  box.setSelectionRange(box.value.length, box.value.length);
  const start = performance.now();
  document.execCommand('insertText', false, text);
  requestAnimationFrame(() => requestAnimationFrame(() => done(performance.now() - start)));
})"""
TYPE = """(box, text) => {
  box.focus();
  box.value = text;
  box.dispatchEvent(new Event('input', { bubbles: true }));
}"""


@pytest.fixture(scope="module")
def loaded(shared_notebook: OpenCells) -> OpenNotebook:
    """A notebook whose widget is loaded and has run once."""
    nb = shared_notebook(DEMO)
    nb.run_cell(0)
    wait_ready(nb)
    choose(nb, (523, 60), prompt=HOSTILE, tokens=4)
    press_run(nb)
    wait_run(nb, "done")
    nb.kernel.run(SHOW)
    return nb


def show(nb: OpenNotebook, number: int, prompt: str, label: str, text: str) -> None:
    nb.kernel.run(f"shown_as({number}, {prompt!r}, {label!r}, {text!r})")
    expect(nb.sw("progress")).to_have_attribute("data-run", f"hostile-{number}")


def test_a_hostile_prompt_reaches_the_model_unharmed(loaded: OpenNotebook) -> None:
    nb = loaded
    assert nb.kernel.value("steerer.runs[0].cells[0].prompt") == HOSTILE
    assert nb.kernel.value("steerer.runs[0].state") == "done"


def test_hostile_texts_show_as_text_and_turn_nothing_around(demo: OpenNotebook) -> None:
    nb = demo
    show(nb, 1, HOSTILE, HOSTILE, HOSTILE)
    assert nb.sw("prompt-0").input_value() == HOSTILE
    assert texts_in_page(nb, 2) == [HOSTILE] * 2
    expect(nb.sw("feature-0").locator(".sw-label")).to_have_text(HOSTILE, use_inner_text=False)
    assert HOSTILE in (nb.sw("results").text_content() or "")
    assert nb.sw("root").locator("img, b, script").count() == 0
    nb.sw("cell-text-1").click()
    assert nb.page.evaluate("window.broken ?? null") is None
    seen, reversed_words = nb.sw("root").evaluate(READING_ORDER, ["\u202e", "\u2067"])
    assert {"Baseline", "unsteered", "done"} <= set(seen)
    assert reversed_words == []
    nb.screenshot("hostile", nb.sw("root"))
    # A copy is the text itself.
    assert nb.kernel.value("steerer.widget.run.cells[1].text") == HOSTILE
    assert nb.kernel.value("steerer.widget.selection.edits[0].feature.label") == HOSTILE


@pytest.mark.parametrize("where", ["prompt", "label", "text"])
def test_a_megabyte_leaves_the_page_responsive(demo: OpenNotebook, where: str) -> None:
    nb = demo
    long = ("word " * (N_LONG // 5))[: N_LONG - 1] + "."
    texts = {"prompt": "short", "label": "short", "text": "short", where: "LONG"}
    nb.kernel.run(f"LONG = ('word ' * {N_LONG // 5})[:{N_LONG - 1}] + '.'")
    arguments = ", ".join("LONG" if text == "LONG" else repr(text) for text in texts.values())
    nb.kernel.run(f"shown_as({where!r}, {arguments})")
    expect(nb.sw("progress")).to_have_attribute("data-run", f"hostile-{where}", timeout=RUN_TIMEOUT_MS)
    if where == "text":
        assert (nb.sw("cell-text-1").text_content() or "") == long
    if where == "prompt":
        assert nb.sw("prompt-0").input_value() == long
    nb.page.evaluate(TWO_FRAMES_MS)
    nb.sw("strength-0").fill("33")
    waited_ms = nb.page.evaluate(TWO_FRAMES_MS)
    assert waited_ms < RESPONSIVE_MS
    nb.kernel.wait_value("steerer.widget.selection.edits[0].strength", 33.0)
    held = {
        "prompt": "steerer.widget.prompts[0]",
        "label": "steerer.widget.selection.edits[0].feature.label",
        "text": "steerer.widget.run.cells[1].text",
    }[where]
    assert nb.kernel.value(f"{held} == LONG")


def test_a_megabyte_that_is_typed_arrives_whole(demo: OpenNotebook) -> None:
    nb = demo
    long = "typed " * (N_LONG // 6)
    nb.sw("prompt-0").evaluate(TYPE, long)
    nb.sw("prompt-0").blur()
    nb.kernel.wait_value("[len(steerer.widget.prompts[0]) if steerer.widget.prompts else 0]", [len(long)])
    key_ms = nb.sw("prompt-0").evaluate(PRESS_KEY, "more")
    assert key_ms < RESPONSIVE_MS
    nb.sw("prompt-0").blur()
    nb.kernel.wait_value("steerer.widget.prompts[0][-10:]", "typed more")


def test_half_a_character_is_refused_by_name_and_nothing_is_lost(demo: OpenNotebook) -> None:
    nb = demo
    choose(nb, (523, 60), prompt="whole")
    nb.kernel.wait_value("steerer.widget.prompts", ["whole"])
    nb.sw("prompt-0").evaluate("(box, type) => eval(type)(box, 'half ' + String.fromCharCode(0xd83d))", TYPE)
    nb.sw("prompt-0").blur()
    expect(nb.sw("field-error-prompt-0")).to_contain_text("prompt: got")
    expect(nb.sw("field-error-prompt-0")).to_contain_text("text of whole characters")
    expect(nb.sw("run")).to_be_disabled()
    assert nb.sw("prompt-0").evaluate("box => box.value.charCodeAt(5)") == 0xD83D
    for code in (
        "steerer.widget.prompts = 'half \\ud83d'",
        "steerer.widget.selection = [sw.Feature(523, 'half \\ud83d').at(1)]",
    ):
        with pytest.raises(RuntimeError, match="text of whole characters"):
            nb.kernel.run(code)
    assert nb.kernel.value("[e.strength for e in steerer.widget.selection.edits]") == [60.0]
    nb.sw("prompt-0").fill("whole again")
    expect(nb.sw("field-error-prompt-0")).to_have_count(0)
    nb.kernel.wait_value("steerer.widget.prompts", ["whole again"])


def test_what_notebooks_may_save_holds_no_log(demo: OpenNotebook) -> None:
    nb = demo
    show(nb, 2, "I went", "walking", "and came back")
    pid = nb.kernel.value("steerer.status.pid")
    assert isinstance(pid, int)
    os.kill(pid, signal.SIGKILL)
    expect(nb.sw("status")).to_have_attribute("data-worker", "stopped")
    expect(nb.sw("status-error")).to_contain_text("SIGKILL")
    details = nb.kernel.value("steerer.status.error.details")
    assert isinstance(details, str)
    assert details != ""
    state = nb.kernel.value(
        "{k: v for k, v in steerer.widget.get_state().items() if k not in ('_esm', '_css')}"
    )
    assert isinstance(state, dict)
    assert state["status"]["error"]["details"] == ""
    assert json.dumps(details)[1:-1] not in json.dumps(state)
    log = nb.sw("worker-log")
    expect(log).to_be_hidden()
    nb.sw("status-error-details").locator("summary").click()
    for line in details.splitlines():
        expect(log).to_contain_text(line)
    for theme in ("Dark", "Light"):
        nb.use_theme(f"JupyterLab {theme}")
        nb.screenshot(f"worker-died-{theme.lower()}", nb.sw("root"))
    nb.sw("reload").click()
    expect(nb.sw("loading")).to_contain_text("so far")
    nb.screenshot("loading", nb.sw("root"))
    expect(nb.sw("status-error")).to_have_count(0)
    assert nb.foreign == []
