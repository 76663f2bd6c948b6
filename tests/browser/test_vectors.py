"""Vectors of one's own in JupyterLab: made of texts, steered by, shared as files."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import expect

from tests.browser.accessibility import violations
from tests.browser.driving import RUN_TIMEOUT_MS, WALK, press_run, set_tokens, texts_in_page, wait_run
from tests.browser.open_notebook import OpenNotebook
from tests.browser.screens import pictures

SEA = (
    "The waves rolled onto the beach and the gulls cried over the harbour.",
    "We sailed along the coast until the wind dropped.",
    "Fishermen hauled their nets out of the salty water.",
    "The tide came in and the ship left for the open ocean.",
)
TOWN = (
    "The clerk stamped the form and put it on the pile.",
    "We waited in the office until the meeting was over.",
    "The committee discussed the budget for the next year.",
    "The bus stopped at the corner and the driver opened the door.",
)


def test_a_vector_is_made_used_and_shared(demo: OpenNotebook, tmp_path: Path) -> None:
    nb = demo
    nb.sw("prompt-0").fill(WALK)
    set_tokens(nb, 20)
    nb.sw("sets-vectors").click()
    expect(nb.sw("make-vector")).to_be_disabled()
    nb.sw("vector-positive").fill("\n".join(SEA))
    nb.sw("vector-negative").fill("\n".join(TOWN))
    nb.sw("vector-name").fill("the sea")
    nb.sw("make-vector").click()
    expect(nb.sw("set-vectors")).to_contain_text("the sea", timeout=RUN_TIMEOUT_MS)
    assert violations(nb) == []
    pictures(nb, "vectors")
    made = nb.kernel.value(
        f"steerer.vectors['the sea'] == steerer.contrast_vector({SEA!r}, {TOWN!r}, name='the sea')"
    )
    assert made is True
    with nb.page.expect_download() as caught:
        nb.sw("export-set").click()
    path = tmp_path / caught.value.suggested_filename
    caught.value.save_as(path)
    assert path.name == "the-sea.safetensors"
    assert nb.kernel.value(f"sw.load_vector({str(path)!r}) == steerer.vectors['the sea']") is True
    nb.sw("delete-set").click()
    nb.sw("delete-set-sure").click()
    expect(nb.sw("set-vectors")).to_have_count(0)
    nb.sw("import-set-vectors-input").set_input_files(path)
    expect(nb.sw("set-vectors")).to_contain_text("the sea")
    nb.sw("add-set").click()
    expect(nb.sw("sets-vectors-panel")).to_have_count(0)
    expect(nb.sw("feature-0")).to_contain_text("the sea")
    press_run(nb)
    wait_run(nb, "done")
    baseline, steered = texts_in_page(nb, 2)
    assert "sea" in steered
    assert "sea" not in baseline
    pictures(nb, "vector-row")
    nb.kernel.run("del steerer.vectors['the sea']")
