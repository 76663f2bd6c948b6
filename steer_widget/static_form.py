"""What readers without a kernel see of a displayed widget: an output of its own below it, which follows the runs.

The page hides it below a living widget. An output of its own, because a notebook that replaces an output draws it anew:
the widget would lose focus and place each time that a run ends.
"""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Callable
from typing import TYPE_CHECKING

from ._kernel import on_cell_end, publish_display
from .fallback import static_bundle
from .protocol import StaticCopy
from .run_states import RUN_ENDED

if TYPE_CHECKING:
    from .result import RunResult

PERIOD_S = 2.0
_MAX_DISPLAYS = 3


class StaticForm:
    """The outputs that hold the latest run as text and HTML. Safe to use from any thread.

    Args:
        current: gives the latest run as it is now; None before the first.
        tell: takes it to pages, which renew what was displayed before they were loaded.
    """

    def __init__(self, current: Callable[[], RunResult | None], tell: Callable[[StaticCopy], None]) -> None:
        self._current = current
        self._tell = tell
        self._mark = f"sw-{uuid.uuid4().hex}"
        self._lock = threading.Lock()
        self._displays: list[str] = []
        self._held: object = None
        self._sent_s = -PERIOD_S
        self._timer: threading.Timer | None = None
        self._forget: Callable[[], None] | None = None

    def show(self) -> None:
        """Displays it in the cell that is running; older displays than the last few are renewed no more."""
        display, result = uuid.uuid4().hex, self._current()
        publish_display(static_bundle(result, self._mark), display, is_update=False)
        with self._lock:
            if not self._displays:
                self._held = _version(result)
            self._displays = [*self._displays, display][-_MAX_DISPLAYS:]
            self._forget = self._forget or on_cell_end(self._on_cell_end)

    def renew(self) -> None:
        """Has all displays hold the latest run, soon and on a thread of their own: at most once in two seconds."""
        with self._lock:
            if not self._displays or self._timer is not None:
                return
            wait_s = max(0.0, self._sent_s + PERIOD_S - time.monotonic())
            self._timer = threading.Timer(wait_s, self._on_time)
            self._timer.daemon = True
            self._timer.start()

    def close(self) -> None:
        """Renews nothing any more."""
        with self._lock:
            self._displays = []
            forget, self._forget = self._forget, None
        if forget is not None:
            forget()

    def _on_time(self) -> None:
        with self._lock:
            self._timer = None  # what ends from here on is not in what is sent now
        self._send()

    def _on_cell_end(self) -> None:
        # Who executes a notebook without a page takes what a cell sends while it runs, and nothing after it.
        result = self._current()
        if result is not None and result.state in RUN_ENDED:
            self._send()

    def _send(self) -> None:
        result = self._current()
        version = _version(result)
        with self._lock:
            displays = self._displays
            if version == self._held or not displays:
                return
            self._held, self._sent_s = version, time.monotonic()
        bundle = static_bundle(result, self._mark)
        for display in displays:
            publish_display(bundle, display, is_update=True)
        self._tell(StaticCopy(self._mark, bundle))


def _version(result: RunResult | None) -> object:
    """Tells whether anything has changed that is shown."""
    if result is None:
        return None
    return result.run, result.state, [(cell.state, cell.text, cell.measures) for cell in result.cells]
