"""Who may start a run in the widget: one at a time, or one in place of the run that is on."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING

from .errors import InvalidInput
from .run import Run
from .spec import Grid

if TYPE_CHECKING:
    from .steerer import Steerer

_PATIENCE_S = 3.0  # a start in code may ask the worker first, for two seconds
_MAX_REMEMBERED = 100


class Starter:
    """Starts the runs of a widget.

    A run may take the place of the one that is on: that one is stopped and its texts are kept, while
    the new one starts as soon as the worker is free. Where a page has not heard yet that its run was
    replaced already, the run that replaced it gives way too.

    Args:
        steerer: that runs them.
        latest: gives the run that is shown.
    """

    def __init__(self, steerer: Steerer, latest: Callable[[], Run | None]) -> None:
        self._steerer = steerer
        self._latest = latest
        self._lock = threading.Lock()
        # Runs of which each took the place of the one before it, oldest first.
        self._chain: deque[str] = deque(maxlen=_MAX_REMEMBERED)

    def start(self, make_grid: Callable[[], Grid], *, ask_worker: bool, replaces: str = "") -> Run:
        """Starts what `make_grid` gives. What is refused stops nothing.

        Args:
            make_grid: called once it is known that a run may start.
            ask_worker: as in `Steerer.start`.
            replaces: id of the run that gives way. One that has ended, or that nobody knows, has given way already.

        Raises:
            InvalidInput: a value is refused, or another run than that one is on.
            QueueFull: too many runs wait already.
            SteererClosed: the steerer is closed.
        """
        # Taken before anything is submitted, so that a double click is one run.
        if not self._lock.acquire(timeout=_PATIENCE_S if replaces else 0):
            raise InvalidInput(
                "run", "starting", "one run at a time", hint="A run is being started just now."
            )
        try:
            giving_way = self._giving_way(replaces)
            self._refuse_others(giving_way)
            run = self._steerer.start(make_grid(), ask_worker=ask_worker)
            for other in giving_way:
                other.cancel()
            if not replaces:
                self._chain.clear()
            elif replaces not in self._chain:
                self._chain.clear()
                self._chain.append(replaces)
            self._chain.append(run.id)
            return run
        finally:
            self._lock.release()

    def _giving_way(self, replaces: str) -> list[Run]:
        if not replaces:
            return []
        named = {replaces, *self._chain} if replaces in self._chain else {replaces}
        return [run for run in self._steerer.runs if run.id in named and not run.done]

    def _refuse_others(self, giving_way: list[Run]) -> None:
        run = self._latest()
        if run is None or run.done or any(run.id == other.id for other in giving_way):
            return
        raise InvalidInput(
            "run", run.state, "one run at a time", hint="Stop the one that is on, or wait for it."
        )
