"""Ends a worker that does not obey a stop, so that a hung one cannot keep the processor."""

from __future__ import annotations

import threading

from .backends.base import Backend


class Escalation:
    """After a stop was asked for: SIGTERM after one grace time, SIGKILL after another.

    It holds the backend alone, never the controller, so it keeps nobody alive.
    """

    def __init__(self, backend: Backend, *, cancel_grace_s: float, terminate_grace_s: float) -> None:
        self._settled = threading.Event()
        threading.Thread(
            target=_escalate,
            args=(backend, self._settled, cancel_grace_s, terminate_grace_s),
            name="steer_widget stop",
            daemon=True,
        ).start()

    def settle(self) -> None:
        """The stop was obeyed, or the worker is gone: nothing more to do."""
        self._settled.set()


def _escalate(
    backend: Backend, settled: threading.Event, cancel_grace_s: float, terminate_grace_s: float
) -> None:
    if settled.wait(cancel_grace_s):
        return
    backend.terminate()
    if settled.wait(terminate_grace_s):
        return
    backend.kill()
