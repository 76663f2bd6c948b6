"""Runs that were deleted from the page, kept for its Undo."""

from __future__ import annotations

import threading
from collections.abc import Iterable

from ..errors import InvalidInput
from ..history import Removed

MAX_BYTES = 64_000_000


class RemovedRuns:
    """The last runs that were deleted. Any thread may use it.

    As many as fit into `MAX_BYTES`; those of the latest deletion always, or its Undo would lie.
    """

    def __init__(self) -> None:
        self._kept: dict[str, Removed] = {}
        self._lock = threading.Lock()

    def keep(self, removed: tuple[Removed, ...]) -> None:
        """Keeps the runs of one deletion, and of earlier ones as many as fit, the latest first."""
        with self._lock:
            for run in removed:
                self._kept.pop(run.run, None)
            n_left = MAX_BYTES - sum(run.n_bytes for run in removed)
            earlier: list[Removed] = []
            for run in reversed(self._kept.values()):
                n_left -= run.n_bytes
                if n_left < 0:
                    break
                earlier.append(run)
            self._kept = {run.run: run for run in (*reversed(earlier), *removed)}

    def find(self, runs: Iterable[str]) -> list[Removed]:
        """These runs.

        Raises:
            InvalidInput: one of them was not deleted here, or is no longer kept.
        """
        with self._lock:
            lost = [run for run in runs if run not in self._kept]
            if lost:
                raise InvalidInput(
                    "runs", lost[0], "runs that were deleted from this page last", hint="It is gone for good."
                )
            return [self._kept[run] for run in runs]

    def forget(self, runs: Iterable[str]) -> None:
        """They are back where they were."""
        with self._lock:
            for run in runs:
                self._kept.pop(run, None)
