"""What the page asks about the history."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .handling import Handler

if TYPE_CHECKING:
    from ..steerer import Steerer
    from ..widget import SteerWidget


class PastRunDesk:
    """Finds, shows, notes, deletes and exports past runs.

    Args:
        widget: that shows them.
        steerer: whose history it is.
    """

    def __init__(self, widget: SteerWidget, steerer: Steerer) -> None:
        self._widget = widget
        self._steerer = steerer

    @property
    def handlers(self) -> dict[type, Handler]:
        """Who answers what."""
        return {}
