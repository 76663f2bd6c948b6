"""The page in a real JupyterLab: how soon the first token shows, how soon Stop is answered, how free the page stays."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

from .bench import Bench
from .measured import Measured, NotAvailable
from .subject import FEATURE, PROMPT

if TYPE_CHECKING:
    from tests.browser.open_notebook import OpenNotebook

_STRENGTH = 60.0
_LONG = 2000  # tokens: such a run goes on until it is stopped
_N_COLUMNS, _WORDS = 15, (" saw", " met", " found", " lost")
_TIMEOUT_MS = 900_000
_CAN_RUN = """() => !document.querySelector('[data-testid="sw-run"]').disabled"""

# Times, of every run that the page starts, how long its first tokens take from the worker's taking it.
_CLOCK = """
import threading, time
own_s, start = [], steerer.start
def watch(run, begun_s):
    for event in run:
        if type(event).__name__ == "Tokens":
            own_s.append(time.perf_counter() - begun_s)
            return
def timed_start(*args, **kwargs):
    begun_s = time.perf_counter()
    run = start(*args, **kwargs)
    threading.Thread(target=watch, args=(run, begun_s)).start()
    return run
steerer.start = timed_start
"""
# Presses a button and waits, frame by frame, until a condition holds; milliseconds until the frame that shows it.
_PRESS = """([button, condition]) => new Promise(done => {
  const part = id => document.querySelector(`[data-testid="sw-${id}"]`);
  const before = part("progress")?.dataset.run;
  const holds = {
    token: () => part("progress")?.dataset.run !== before
      && [...document.querySelectorAll('[data-testid^="sw-cell-text-"]')].some(e => e.textContent !== ""),
    stopping: () => part("stop").textContent.includes("Stopping") || part("progress").dataset.state === "stopped",
    stopped: () => part("progress").dataset.state === "stopped",
  }[condition];
  const start = performance.now();
  const look = () => requestAnimationFrame(() => holds() ? done(performance.now() - start) : look());
  part(button).click();
  look();
})"""


def page_first_token(bench: Bench) -> Measured:
    """Milliseconds from pressing Run to the frame with the first text, less the model's own of the same run.

    The model's own: from handing the run to the worker until its first tokens are back in the kernel. So what
    else the machine does weighs on both alike. Two cells, steered and not; every other Stop is timed until
    the page says that it stops, the others until the run has stopped.
    """
    page_ms, own_ms, stop_ms, said_ms = [], [], [], []
    with _widget() as nb:
        nb.kernel.run(
            f"steerer.widget.prompts = {PROMPT!r}\n"
            f"steerer.widget.selection = [steerer.feature({FEATURE}).at({_STRENGTH})]\n"
            f"steerer.widget.generation = sw.Generation(max_new_tokens={_LONG})\n{_CLOCK}"
        )
        nb.page.wait_for_function(_CAN_RUN, timeout=_TIMEOUT_MS)
        for attempt in range(2 * bench.scale.n_quick_pairs + 1):
            found_ms = nb.page.evaluate(_PRESS, ["run", "token"])
            is_said = attempt % 2 == 0
            stopped_ms = nb.page.evaluate(_PRESS, ["stop", "stopping" if is_said else "stopped"])
            _wait_state(nb, "stopped")
            nb.kernel.wait_value("len(own_s)", attempt + 1)
            if attempt == 0:  # the first run of anything pays for what later ones find done
                continue
            own_s = nb.kernel.value("own_s[-1]")
            if not isinstance(own_s, float):
                raise TypeError(f"the kernel's clock gave {own_s!r}")
            page_ms.append(found_ms)
            own_ms.append(own_s * 1000)
            (said_ms if is_said else stop_ms).append(stopped_ms)
    above_ms = [page - own for page, own in zip(page_ms, own_ms, strict=True)]
    return Measured(
        above_ms,
        {
            "press_to_token_ms": median(page_ms),
            "own_token_ms": median(own_ms),
            "least_above_own_ms": min(above_ms),
            "stop_to_said_ms": median(said_ms),
            "stop_to_stopped_ms": median(stop_ms),
        },
        {
            "n_runs": len(page_ms),
            "press_to_token_ms": page_ms,
            "own_ms": own_ms,
            "stop_to_stopped_ms": stop_ms,
        },
    )


def page_long_tasks(bench: Bench) -> Measured:
    """Tasks that keep the page's main thread computing for more than 50 ms while 60 cells stream, run by run.

    By the thread's own time: what others do on the machine makes tasks long by the clock only. The first run,
    which draws the grid, is counted too.
    """
    traces, cells = [], []
    with _widget() as nb:
        from tests.browser.main_thread import traced

        nb.kernel.run(
            f"steerer.widget.prompts = [{PROMPT!r} + word for word in {_WORDS}]\n"
            f"steerer.widget.selection = [steerer.feature({FEATURE} + i).at({_STRENGTH}) "
            f"for i in range({_N_COLUMNS - 1})]\n"
            f"steerer.widget.generation = sw.Generation(max_new_tokens={bench.scale.n_tokens_many})"
        )
        nb.page.wait_for_function(_CAN_RUN, timeout=_TIMEOUT_MS)
        for _ in range(bench.scale.n_pairs):
            with traced(nb.page) as found:
                nb.page.evaluate(_PRESS, ["run", "token"])
                _wait_state(nb, "done")
            traces.append(found)
            cells.append(nb.kernel.value("[len(steerer.widget.run.cells), steerer.widget.run.state]"))
    longest_ms = [max(found.cpu_ms) for found in traces]
    return Measured(
        [found.n_long for found in traces],
        {
            "longest_ms": max(longest_ms),
            "least_longest_ms": min(longest_ms),
            "all_tasks_s": median(sum(found.cpu_ms) / 1000 for found in traces),
        },
        {
            "longest_of_each_ms": longest_ms,
            "n_long_by_clock": [found.n_long_by_clock for found in traces],
            "longest_by_clock_ms": [max(found.wall_ms) for found in traces],
            "runs": cells,
        },
    )


@contextmanager
def _widget() -> Iterator[OpenNotebook]:
    """The demo's widget, ready, in a JupyterLab and a Chromium of its own."""
    if find_spec("playwright") is None or find_spec("jupyterlab") is None:
        raise NotAvailable("playwright or jupyterlab is not installed: make dev")
    from tests.browser.chromium import chromium
    from tests.browser.driving import DEMO, wait_ready
    from tests.browser.jupyter_server import jupyter_server
    from tests.browser.open_notebook import OpenNotebook

    with (
        tempfile.TemporaryDirectory() as folder,
        jupyter_server(Path(folder)) as server,
        chromium() as browser,
    ):
        nb = OpenNotebook(server, browser, OpenNotebook.write(server.work, "page", DEMO))
        nb.page.set_default_timeout(_TIMEOUT_MS)
        nb.run_cell(0)
        wait_ready(nb)
        yield nb
        nb.close()


def _wait_state(nb: OpenNotebook, state: str) -> None:
    nb.page.locator(f'[data-testid="sw-progress"][data-state="{state}"]').wait_for(timeout=_TIMEOUT_MS)
