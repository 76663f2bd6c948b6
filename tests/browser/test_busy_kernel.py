"""Stop while the notebook runs a cell, on each line of ipykernel: it works at once, or the page says why not."""

from __future__ import annotations

from typing import Literal

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import OpenCells
from tests.browser.driving import (
    DEMO,
    LONG,
    RUN_TIMEOUT_MS,
    choose,
    press_run,
    wait_ready,
    wait_run,
    wait_text,
)
from tests.browser.ipykernels import INSTALLED, kernel_of
from tests.browser.jupyter_server import JupyterServer
from tests.browser.open_notebook import OpenNotebook

ASLEEP = "the cell is asleep"
SLEEPS = f"import time\nprint({ASLEEP!r}, flush=True)\ntime.sleep(30)"
AWAITS = f"import asyncio\nprint({ASLEEP!r}, flush=True)\nawait asyncio.sleep(30)"
AT_ONCE_MS = 3_000

Answer = Literal["at once", "after the cell"]


@pytest.mark.parametrize(
    ("version", "when_asleep", "when_awaiting"),
    [
        ("6.31.0", "after the cell", "after the cell"),
        ("7.3.0", "at once", "at once"),
        (INSTALLED, "at once", "at once"),
    ],
)
def test_stop_while_a_cell_runs(
    version: str, when_asleep: Answer, when_awaiting: Answer, notebook: OpenCells, server: JupyterServer
) -> None:
    nb = notebook(DEMO, SLEEPS, AWAITS, kernel=kernel_of(server, version))
    nb.run_cell(0)
    wait_ready(nb)
    assert nb.kernel.value("__import__('ipykernel').__version__") == version
    choose(nb, (523, 60), tokens=LONG)
    for cell, answer in ((1, when_asleep), (2, when_awaiting)):
        press_run(nb)
        wait_text(nb, 1)
        nb.run_cell(cell, wait=False)
        output = nb.page.locator(".jp-Notebook .jp-Cell").nth(cell).locator(".jp-OutputArea")
        expect(output).to_contain_text(ASLEEP, timeout=RUN_TIMEOUT_MS)
        nb.sw("stop").click()
        if answer == "at once":
            expect(nb.sw("progress")).to_have_attribute("data-state", "stopped", timeout=AT_ONCE_MS)
            expect(nb.sw("stop-late")).to_have_count(0)
            nb.command("notebook:interrupt-kernel")
        else:
            say_so_and_interrupt(nb)
        # On 7.x a cell that awaits notices the interrupt with the next message only.
        nb.kernel.wait_answer()
        expect(output).to_contain_text("KeyboardInterrupt" if cell == 1 else "CancelledError")
        assert nb.kernel.value("steerer.widget.run.state") == "stopped"
        assert nb.kernel.value("max(len(c.token_ids) for c in steerer.widget.run.cells)") < LONG


def say_so_and_interrupt(nb: OpenNotebook) -> None:
    """The page says that the kernel is busy, and the interrupt that it offers lets Stop through."""
    notice = nb.sw("stop-late")
    expect(notice).to_contain_text("The kernel is busy", timeout=AT_ONCE_MS)
    expect(nb.sw("stop")).to_contain_text("Stopping")
    nb.sw("interrupt").click()
    nb.sw("interrupt-confirm").click()
    wait_run(nb, "stopped")
    expect(notice).to_have_count(0)
