"""What a user of the widget does and sees, in the words of the tests."""

from __future__ import annotations

import re

from playwright.sync_api import expect

from tests.browser.open_notebook import OpenNotebook
from tests.browser.open_widget import OpenWidget

DEMO = "import steer_widget as sw\nsteerer = sw.demo()\nsteerer"
LOAD_TIMEOUT_MS = 60_000
RUN_TIMEOUT_MS = 60_000
LONG = 2000  # tokens: a run that lasts until it is stopped
WALK = "Yesterday I went for a walk and"


RESET = """
if steerer.widget.run is not None and not steerer.widget.run.done:
    steerer.widget.stop()
    steerer.widget.run.result()
steerer.ready()
steerer.widget.prompts = ()
steerer.widget.selection = sw.Selection()
steerer.widget.generation = sw.Generation()
"""


def wait_ready(nb: OpenWidget) -> None:
    expect(nb.sw("status")).to_have_attribute("data-worker", "ready", timeout=LOAD_TIMEOUT_MS)


def press_run(nb: OpenWidget) -> None:
    """Presses Run and waits until the page shows the new run and not the one before."""
    shown = nb.sw("progress")
    before = shown.get_attribute("data-run") if shown.count() else ""
    nb.sw("run").click()
    expect(shown).not_to_have_attribute("data-run", before or "", timeout=RUN_TIMEOUT_MS)


def wait_run(nb: OpenWidget, state: str) -> None:
    expect(nb.sw("progress")).to_have_attribute("data-state", state, timeout=RUN_TIMEOUT_MS)


def wait_text(nb: OpenWidget, cell: int) -> str:
    """Waits until a cell of a run that goes on has text."""
    expect(nb.sw(f"cell-text-{cell}")).to_have_text(re.compile(r"\w+ \w+ \w+"), timeout=RUN_TIMEOUT_MS)
    return nb.sw(f"cell-text-{cell}").inner_text()


def choose(nb: OpenWidget, *columns: tuple[int, float], prompt: str = WALK, tokens: int = 20) -> None:
    """Fills the form as a user does."""
    nb.sw("prompt-0").fill(prompt)
    for row, (feature, strength) in enumerate(columns):
        nb.sw("search").fill(str(feature))
        nb.sw(f"hit-{feature}").click()
        nb.sw(f"strength-{row}").fill(str(strength))
    set_tokens(nb, tokens)


def fold_generation(nb: OpenWidget) -> None:
    if nb.sw("gen-max_new_tokens").is_visible():
        nb.sw("gen-toggle").click()


def set_tokens(nb: OpenWidget, tokens: int) -> None:
    if not nb.sw("gen-max_new_tokens").is_visible():
        nb.sw("gen-toggle").click()
    nb.sw("gen-max_new_tokens").fill(str(tokens))
    nb.sw("gen-max_new_tokens").blur()


def texts_in_page(nb: OpenWidget, n_cells: int) -> list[str]:
    return [nb.sw(f"cell-text-{cell}").text_content() or "" for cell in range(n_cells)]


def texts_in_python(nb: OpenNotebook) -> object:
    return nb.kernel.value("[cell.text for cell in steerer.widget.run.cells]")


def reset(nb: OpenNotebook) -> None:
    """Nothing runs, nothing is selected, the worker is ready."""
    nb.kernel.run(RESET)
    expect(nb.sw("feature-0")).to_have_count(0)
    expect(nb.sw("prompt-0")).to_have_value("")


def reload_in_mid_run(nb: OpenNotebook) -> None:
    """Reloads the page while WALK runs, steered at 60: everything is back, the texts go on, and Stop ends them."""
    before = wait_text(nb, 1)
    nb.save()
    nb.reload()
    after = wait_text(nb, 1)
    assert nb.kernel.value("steerer.widget.run.state") == "running"
    assert after.startswith(before)
    expect(nb.sw("prompt-0")).to_have_value(WALK)
    expect(nb.sw("strength-0")).to_have_value("60")
    expect(nb.sw("cell-text-1")).not_to_have_text(after)
    nb.sw("stop").click()
    wait_run(nb, "stopped")
    assert texts_in_python(nb) == texts_in_page(nb, 2)
