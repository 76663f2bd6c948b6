"""What a page's main thread does, by Chromium's trace: how long each task holds it, by the clock and by its own CPU time.

A task that the machine interrupts for other work is long by the clock alone; one that does too much, by both.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from playwright.sync_api import Page

CATEGORIES = ["devtools.timeline", "disabled-by-default-devtools.timeline"]
LONG_MS = 50.0


@dataclass
class MainThread:
    """Tasks of a page's main thread.

    Attributes:
        wall_ms: how long each lasted.
        cpu_ms: how much each computed, in the same order.
    """

    wall_ms: list[float] = field(default_factory=list)
    cpu_ms: list[float] = field(default_factory=list)

    @property
    def n_long(self) -> int:
        """Tasks that computed for more than 50 ms."""
        return sum(cpu_ms > LONG_MS for cpu_ms in self.cpu_ms)

    @property
    def n_long_by_clock(self) -> int:
        """Tasks that lasted more than 50 ms, as `PerformanceObserver` counts them."""
        return sum(wall_ms > LONG_MS for wall_ms in self.wall_ms)


@contextmanager
def traced(page: Page) -> Iterator[MainThread]:
    """Fills in, at the end of the block, the tasks that ran in it."""
    browser = page.context.browser
    assert browser is not None
    browser.start_tracing(page=page, categories=CATEGORIES)
    found = MainThread()
    try:
        yield found
    finally:
        _read(browser.stop_tracing(), found)


def _read(trace: bytes, found: MainThread) -> None:
    events = json.loads(trace)["traceEvents"]
    threads = {
        (e["pid"], e["tid"])
        for e in events
        if e["name"] == "thread_name" and e["args"]["name"] == "CrRendererMain"
    }
    tasks = [
        e
        for e in events
        if e["name"] in {"RunTask", "ThreadControllerImpl::RunTask"}
        and e["ph"] == "X"
        and (e["pid"], e["tid"]) in threads
    ]
    # some versions tell each task under both names
    names = {e["name"] for e in tasks}
    tasks = [e for e in tasks if e["name"] == min(names)]
    found.wall_ms.extend(e["dur"] / 1000 for e in tasks)
    found.cpu_ms.extend(e["tdur"] / 1000 for e in tasks if "tdur" in e)
