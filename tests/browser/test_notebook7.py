"""Notebook 7: what people do in JupyterLab works there too."""

from __future__ import annotations

from tests.browser.conftest import OpenCells
from tests.browser.driving import (
    DEMO,
    LONG,
    choose,
    press_run,
    reload_in_mid_run,
    set_tokens,
    texts_in_page,
    texts_in_python,
    wait_ready,
    wait_run,
    wait_text,
)


def test_run_stop_retry_and_a_reload_in_mid_run(notebook: OpenCells) -> None:
    nb = notebook(DEMO, app="notebook")
    nb.run_cell(0)
    wait_ready(nb)
    choose(nb, (523, 60), tokens=12)
    press_run(nb)
    wait_run(nb, "done")
    assert texts_in_python(nb) == texts_in_page(nb, 2)
    set_tokens(nb, LONG)
    press_run(nb)
    wait_text(nb, 1)
    nb.sw("stop").click()
    wait_run(nb, "stopped")
    stopped = texts_in_page(nb, 2)[1]
    nb.sw("retry").click()
    wait_run(nb, "running")
    reload_in_mid_run(nb)
    assert texts_in_page(nb, 2)[1].startswith(stopped[:20])  # greedy: the retry wrote the same
    nb.screenshot("notebook7", nb.sw("root"), part_width=900)
