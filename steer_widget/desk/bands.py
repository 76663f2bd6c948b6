"""What the page asks about strengths: the band of a direction, known or to be found."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..bands import EVERYDAY_PROMPTS
from ..protocol import BandFound, Calibrate, FindBand, ReadBand
from .aside import aside
from .handling import Handler, Later, handles

if TYPE_CHECKING:
    from ..steerer import Steerer
    from ..widget import SteerWidget


class BandDesk:
    """Answers about bands.

    Args:
        widget: whose chat setting holds.
        steerer: whose features they are.
    """

    def __init__(self, widget: SteerWidget, steerer: Steerer) -> None:
        self._widget = widget
        self._steerer = steerer

    @property
    def handlers(self) -> dict[type, Handler]:
        """Who answers what."""
        return dict([handles(FindBand, self._find), handles(ReadBand, self._read)])

    def _find(self, command: FindBand) -> Later:
        chat = self._widget.generation.chat
        task = self._steerer.begin_calibrating(Calibrate(0, (command.direction,), EVERYDAY_PROMPTS, chat))
        return aside(lambda: BandFound(task.result()[0]))

    def _read(self, command: ReadBand) -> BandFound:
        return BandFound(self._steerer.band(command.direction))
