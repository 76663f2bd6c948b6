"""Bands of strengths in JupyterLab: found by a press, drawn on the dial, used as a unit."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.browser.accessibility import violations
from tests.browser.driving import choose, press_run, reset, wait_run
from tests.browser.open_notebook import OpenNotebook
from tests.browser.screens import pictures

CALIBRATION_TIMEOUT_MS = 170_000


def test_calibrate_draws_the_band_and_auto_counts_in_it(loaded: OpenNotebook) -> None:
    nb = loaded
    reset(nb)
    choose(nb, (3284, 20), prompt="My plan for the weekend is", tokens=16)
    expect(nb.sw("dial-0-band")).to_have_count(0)
    nb.sw("calibrate-0").click()
    expect(nb.sw("dial-0-band")).to_be_visible(timeout=CALIBRATION_TIMEOUT_MS)
    iso_kl = nb.kernel.value("steerer.band(3284).iso_kl")
    assert isinstance(iso_kl, float)
    assert nb.kernel.value("steerer.card(3284).band == steerer.band(3284)") is True
    assert nb.kernel.value("len(steerer.status.tasks)") == 0
    assert violations(nb) == []
    pictures(nb, "band")
    nb.sw("set-iso-0").click()
    strength = float(nb.sw("strength-0").input_value())
    assert abs(strength / iso_kl - 1) < 0.01
    nb.sw("unit-0").select_option("auto")
    expect(nb.sw("strength-0")).to_have_value("1")
    press_run(nb)
    wait_run(nb, "done")
    steered = nb.kernel.value("[(e.strength, e.unit) for e in steerer.widget.run.grid.steerings[1].edits][0]")
    assert isinstance(steered, (list, tuple))
    assert steered[1] == "raw"
    assert abs(steered[0] / iso_kl - 1) < 0.01
