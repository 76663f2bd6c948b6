"""The time limits of a run that is on."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable


class RunClock:
    """Calls out when a run passes its limits; time in which it is paused does not count.

    Args:
        soft_s, hard_s: seconds of running time.
        on_soft, on_hard: called on a thread of the clock's own, once each.
    """

    def __init__(
        self, soft_s: float, hard_s: float, on_soft: Callable[[], None], on_hard: Callable[[], None]
    ) -> None:
        self._left = {on_soft: soft_s, on_hard: hard_s}
        self._timers: list[threading.Timer] = []
        self._started_s = 0.0
        self.resume()

    def resume(self) -> None:
        """Time counts again."""
        if self._timers:
            return
        self._started_s = time.monotonic()
        for call, left_s in self._left.items():
            timer = threading.Timer(min(max(0.0, left_s), threading.TIMEOUT_MAX), call)
            timer.name, timer.daemon = "steer_widget limit", True
            timer.start()
            self._timers.append(timer)

    def pause(self) -> None:
        """Time does not count until `resume`."""
        if not self._timers:
            return
        passed_s = time.monotonic() - self._started_s
        self.stop()
        # A limit that has been called out is not called again.
        self._left = {call: left_s - passed_s for call, left_s in self._left.items() if left_s > passed_s}

    def stop(self) -> None:
        """The run has ended."""
        for timer in self._timers:
            timer.cancel()
        self._timers = []
