"""What the page asks of the worker's life: start it again, replace it, show its log."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..protocol import Log, Reload, Restart, ShowLog
from .handling import Handler, handles

if TYPE_CHECKING:
    from ..steerer import Steerer


class WorkerDesk:
    """Starts, replaces and explains the worker.

    Args:
        steerer: whose worker it is.
    """

    def __init__(self, steerer: Steerer) -> None:
        self._steerer = steerer

    @property
    def handlers(self) -> dict[type, Handler]:
        """Who answers what."""
        return dict(
            [handles(Reload, self._reload), handles(Restart, self._restart), handles(ShowLog, self._show_log)]
        )

    def _reload(self, _command: Reload) -> None:
        self._steerer.reload()

    def _restart(self, _command: Restart) -> None:
        self._steerer.restart()

    def _show_log(self, _command: ShowLog) -> Log:
        error = self._steerer.status.error
        return Log(error.details if error is not None else "", self._steerer.log)
