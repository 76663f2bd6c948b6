"""Who wants to hear of changes, and how they are told without harm to the teller."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterable

from .job import Job

Listener = Callable[[Job | None], None]
"""Called with the job that changed, or with None when the worker's status did. Calls from two
threads may cross: look at the state, not at the order of the calls."""

_log = logging.getLogger(__name__)


class Listeners:
    """A list of listeners that any thread may change while another one tells."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._all: list[Listener] = []

    def add(self, listener: Listener) -> Callable[[], None]:
        """Tells `listener` from now on; what comes back ends that."""
        with self._lock:
            self._all.append(listener)

        def remove() -> None:
            with self._lock:
                if listener in self._all:
                    self._all.remove(listener)

        return remove

    def tell(self, jobs: Iterable[Job | None]) -> None:
        """Tells all of them of each change, once, with no lock held."""
        with self._lock:
            listeners = tuple(self._all)
        for job in dict.fromkeys(jobs):
            for listener in listeners:
                try:
                    listener(job)
                except Exception:  # noqa: BLE001 - it must not take the reader thread, and every run, along
                    _log.exception("a listener of the controller failed")
