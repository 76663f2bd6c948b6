"""The main views in both themes: nothing serious to say for axe-core, and a picture of each for people."""

from __future__ import annotations

import os
import signal

from playwright.sync_api import expect

from tests.browser.accessibility import violations
from tests.browser.driving import (
    LONG,
    choose,
    fold_generation,
    press_run,
    reset,
    set_tokens,
    wait_run,
    wait_text,
)
from tests.browser.judging import judge
from tests.browser.open_notebook import OpenNotebook


def test_the_judge_sees(loaded: OpenNotebook) -> None:
    loaded.sw("root").evaluate("root => root.append(document.createElement('button'))")
    assert [one.partition(":")[0] for one in violations(loaded)] == ["button-name"]
    loaded.sw("root").evaluate("root => root.lastChild.remove()")


def test_empty(loaded: OpenNotebook) -> None:
    expect(loaded.sw("examples")).to_be_visible()
    judge(loaded, "empty")


def test_filled_running_and_done(loaded: OpenNotebook) -> None:
    nb = loaded
    reset(nb)
    choose(nb, (3548, 50), (180, 50), prompt="My plan for the weekend is", tokens=40)
    judge(nb, "filled")
    fold_generation(nb)
    press_run(nb)
    wait_run(nb, "done")
    judge(nb, "done")
    for tab in ("history", "worker"):
        nb.sw(f"tab-{tab}").click()
        expect(nb.sw(f"tab-{tab}")).to_have_attribute("aria-selected", "true")
        judge(nb, tab)
    nb.sw("tab-steer").click()
    set_tokens(nb, LONG)
    fold_generation(nb)
    press_run(nb)
    wait_text(nb, 2)
    judge(nb, "running")
    pid = nb.kernel.value("steerer.status.pid")
    assert isinstance(pid, int)
    os.kill(pid, signal.SIGKILL)
    wait_run(nb, "failed")
    nb.sw("strength-0").fill("a lot")
    expect(nb.sw("field-error-strength-0")).to_be_visible()
    nb.sw("run-error-details").locator("summary").click()
    judge(nb, "error")
