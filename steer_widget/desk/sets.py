"""What the page asks about named sets of features and prompts, and about files of prompts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .handling import Handler

if TYPE_CHECKING:
    from ..steerer import Steerer
    from ..widget import SteerWidget


class SetDesk:
    """Keeps and gives named sets.

    Args:
        widget: whose selection and prompts are kept and set.
        steerer: whose features they are.
    """

    def __init__(self, widget: SteerWidget, steerer: Steerer) -> None:
        self._widget = widget
        self._steerer = steerer

    @property
    def handlers(self) -> dict[type, Handler]:
        """Who answers what."""
        return {}
