"""What the page asks about features, prompts and tokens; the worker answers most of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..protocol import Found, Search
from .handling import Handler, handles

if TYPE_CHECKING:
    from ..steerer import Steerer


class FeatureDesk:
    """Answers about features, prompts and tokens.

    Args:
        steerer: whose model and features they are.
    """

    def __init__(self, steerer: Steerer) -> None:
        self._steerer = steerer

    @property
    def handlers(self) -> dict[type, Handler]:
        """Who answers what."""
        return dict([handles(Search, self._search)])

    def _search(self, command: Search) -> Found:
        return Found(self._steerer.cards(command.text, command.limit, sae=command.sae))
