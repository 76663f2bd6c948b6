"""The notebook that `make lab` opens, as a new user meets it."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import OpenCells
from tests.browser.jupyter_server import JupyterServer

QUICKSTART = Path(__file__).resolve().parents[2] / "notebooks" / "01_quickstart.ipynb"
RUN_TIMEOUT_MS = 180_000


@pytest.mark.parametrize("app", ["lab", "notebook"])
def test_it_reads_before_and_runs_after(app: str, notebook: OpenCells, server: JupyterServer) -> None:
    path = f"quickstart_{app}.ipynb"
    shutil.copy(QUICKSTART, server.work / path)
    nb = notebook(app=app, path=path)
    # saved outputs are there before any cell has run
    expect(nb.page.get_by_role("heading", name="The story of one feature").first).to_be_visible()
    expect(nb.page.locator(".jp-OutputArea table").first).to_be_attached()
    nb.page.set_default_timeout(RUN_TIMEOUT_MS)
    nb.run_all()
    nb.sw("root").first.scroll_into_view_if_needed()
    expect(nb.sw("progress")).to_have_attribute("data-state", "done", timeout=RUN_TIMEOUT_MS)
    texts = [nb.sw(f"cell-text-{cell}").text_content() for cell in range(3)]
    assert len(set(texts)) == 3
    assert nb.kernel.value("[c.text for c in steerer.widget.run.cells]") == texts
    assert nb.kernel.value("len(steerer.runs)") == 5
    nb.screenshot(f"quickstart-{app}", nb.sw("root"))
