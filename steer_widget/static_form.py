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

from ._kernel import publish_display
from .fallback import static_bundle
from .protocol import StaticCopy

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
        self._timer: threading.Timer | None = None
        self._sent_s = -PERIOD_S

    def show(self) -> None:
        """Displays it in the cell that is running; older displays than the last few are renewed no more."""
        display = uuid.uuid4().hex
        publish_display(static_bundle(self._current(), self._mark), display, is_update=False)
        with self._lock:
            self._displays = [*self._displays, display][-_MAX_DISPLAYS:]

    def renew(self) -> None:
        """Has all displays hold the latest run, soon and on a thread of their own: at most once in two seconds."""
        with self._lock:
            if not self._displays or self._timer is not None:
                return
            wait_s = max(0.0, self._sent_s + PERIOD_S - time.monotonic())
            self._timer = threading.Timer(wait_s, self._send)
            self._timer.daemon = True
            self._timer.start()

    def close(self) -> None:
        """Renews nothing any more."""
        with self._lock:
            self._displays = []

    def _send(self) -> None:
        with self._lock:
            # What ends from here on is not in what is sent now.
            self._timer, self._sent_s = None, time.monotonic()
            displays = self._displays
        bundle = static_bundle(self._current(), self._mark)
        for display in displays:
            publish_display(bundle, display, is_update=True)
        self._tell(StaticCopy(self._mark, bundle))
