"""Kernels that restart, notebooks that are saved and opened again: what the page says, and what brings it back."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import expect

from tests.browser.conftest import OpenCells
from tests.browser.driving import (
    DEMO,
    LOAD_TIMEOUT_MS,
    choose,
    press_run,
    texts_in_page,
    wait_ready,
    wait_run,
)
from tests.browser.open_notebook import OpenNotebook

RESTART = "() => window.jupyterapp.shell.currentWidget.sessionContext.session.kernel.restart()"
SAVE_WIDGETS = "@jupyter-widgets/jupyterlab-manager:saveWidgetState"  # an entry of JupyterLab's menu Settings


@contextmanager
def saving_widgets(nb: OpenNotebook) -> Iterator[None]:
    """With the state of widgets saved: a setting of the server, which other tests use, too."""
    nb.command(SAVE_WIDGETS)
    try:
        yield
    finally:
        nb.command(SAVE_WIDGETS)


def test_closed_saved_restarted_and_run_again(notebook: OpenCells) -> None:
    nb = notebook(DEMO)
    nb.run_cell(0)
    wait_ready(nb)
    choose(nb, (523, 60), tokens=8)
    press_run(nb)
    wait_run(nb, "done")
    texts = texts_in_page(nb, 2)

    nb.save()
    nb.close_and_open()  # the kernel goes on
    wait_run(nb, "done")
    wait_ready(nb)
    assert texts_in_page(nb, 2) == texts

    with saving_widgets(nb):
        nb.save()
        nb.page.evaluate(RESTART)
        # In the page that saw the restart; then in one opened later, from what the file holds.
        for _ in range(2):
            expect(nb.sw("status")).to_have_attribute("data-state", "offline", timeout=LOAD_TIMEOUT_MS)
            expect(nb.sw("status")).to_contain_text("No kernel: read-only")
            expect(nb.sw("status")).to_contain_text("run the notebook's cell again")
            expect(nb.sw("run")).to_be_disabled()
            expect(nb.sw("stop")).to_be_disabled()
            expect(nb.sw("strength-0")).to_be_disabled()
            expect(nb.sw("prompt-0")).to_be_disabled()
            assert texts_in_page(nb, 2) == texts
            expect(nb.sw("strength-0")).to_have_value("60")
            nb.screenshot("no-kernel", nb.sw("root"), part_width=900)
            nb.reload()

    nb.run_cell(0)
    wait_ready(nb)
    choose(nb, (523, 60), tokens=8)
    press_run(nb)
    wait_run(nb, "done")
    assert texts_in_page(nb, 2) == texts
