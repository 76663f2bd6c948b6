"""Who knows something of features besides their table."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from ..protocol import FeatureCard


class CardSource(Protocol):
    """Bands, statistics of the user's own text: what was found out since the table was written."""

    def complete(self, card: FeatureCard) -> FeatureCard:
        """The card with what this source knows; called often, from any thread."""

    @property
    def densities(self) -> Mapping[int, float]:
        """Share of tokens on which features fire, by index, where this source has measured it."""

    @property
    def comes_first(self) -> bool:
        """Whether its densities stand in place of the table's; otherwise they fill its gaps."""
