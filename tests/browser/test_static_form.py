"""What a saved notebook holds of a run for readers without a kernel, and that nobody who has one is disturbed by it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import nbformat
from playwright.sync_api import expect

from tests.browser.conftest import OpenCells
from tests.browser.driving import DEMO, choose, press_run, set_tokens, texts_in_page, wait_ready, wait_run
from tests.browser.jupyter_server import JupyterServer
from tests.browser.open_notebook import OpenNotebook

RESTART = "() => window.jupyterapp.shell.currentWidget.sessionContext.session.kernel.restart()"
RENEW_TIMEOUT_MS = 10_000
COUNT = "import time\nfor i in range(12):\n    print(i, flush=True)\n    time.sleep(0.25)"


def saved_outputs(nb: OpenNotebook, server: JupyterServer, cell: int = 0) -> list[dict[str, Any]]:
    nb.save()
    [path] = Path(server.work).glob("test_a_saved_notebook*.ipynb")
    outputs: list[dict[str, Any]] = nbformat.read(path, as_version=4).cells[cell].outputs
    return outputs


def run_and_wait(nb: OpenNotebook, tokens: int) -> list[str]:
    """Runs with so many tokens, and waits until the copy has the texts."""
    set_tokens(nb, tokens)
    press_run(nb)
    wait_run(nb, "done")
    texts = texts_in_page(nb, 2)
    expect(nb.page.locator(".sw-static td").last).to_contain_text(texts[1].strip(), timeout=RENEW_TIMEOUT_MS)
    return texts


def test_a_saved_notebook_holds_the_latest_run(notebook: OpenCells, server: JupyterServer) -> None:
    nb = notebook(DEMO, COUNT)
    nb.run_cell(0)
    wait_ready(nb)
    choose(nb, (523, 60), tokens=8)
    copy = nb.page.locator(".sw-static")
    expect(copy).to_have_count(1)

    nb.run_cell(1, wait=False)  # its outputs are none of the copy's business
    nb.sw("root").evaluate("root => { root.dataset.isFirst = true; }")
    texts = run_and_wait(nb, 8)
    expect(nb.sw("root")).to_have_attribute("data-is-first", "true")  # the same widget, not one drawn anew
    expect(copy).to_be_hidden()
    view, static = saved_outputs(nb, server)
    assert "application/vnd.jupyter.widget-view+json" in view["data"]
    for text in texts:
        assert text.strip() in static["data"]["text/html"]
    assert all(word in static["data"]["text/plain"] for text in texts for word in text.split())
    expect(nb.page.locator(".jp-OutputArea-output pre").last).to_contain_text("11")
    [printed] = saved_outputs(nb, server, 1)
    assert printed["text"].split() == [str(i) for i in range(12)]

    nb.reload()
    wait_ready(nb)
    wait_run(nb, "done")
    expect(copy).to_be_hidden()
    texts = run_and_wait(nb, 12)
    _view, static = saved_outputs(nb, server)
    assert texts[1].strip() in static["data"]["text/html"]

    nb.page.evaluate(RESTART)
    nb.close_and_open()
    expect(nb.page.get_by_text("model not found")).to_be_visible()
    expect(nb.page.locator(".sw-static")).to_be_visible()
    expect(nb.page.locator(".sw-static td").last).to_contain_text(texts[1].strip())
    nb.screenshot("static-form-lab")
