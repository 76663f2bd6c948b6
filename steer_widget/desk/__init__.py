"""What the page asks for beyond its traits and runs: a file for each kind of thing asked about."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .bands import BandDesk
from .cells import CellReader
from .features import FeatureDesk
from .finding import FindingDesk
from .handling import Handler, Later, handles
from .past_runs import PastRunDesk
from .sets import SetDesk
from .suggest import SuggestDesk
from .worker import WorkerDesk

if TYPE_CHECKING:
    from ..steerer import Steerer
    from ..widget import SteerWidget

__all__ = ["Handler", "Later", "handlers_of", "handles"]


def handlers_of(widget: SteerWidget, steerer: Steerer) -> dict[type, Handler]:
    """Who answers which command of the page."""
    cells = CellReader(steerer)
    return {
        **FeatureDesk(steerer, cells).handlers,
        **FindingDesk(steerer, cells).handlers,
        **BandDesk(widget, steerer).handlers,
        **SetDesk(widget, steerer).handlers,
        **PastRunDesk(widget, steerer).handlers,
        **SuggestDesk(widget, steerer).handlers,
        **WorkerDesk(steerer).handlers,
    }
