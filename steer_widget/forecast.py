"""How long a run will take: the speed that was measured at load, corrected by the runs that ended. Pure."""

from __future__ import annotations

from collections import deque
from statistics import median_low

import msgspec

from .protocol import Speed

_N_REMEMBERED = 5


class FinishedRun(msgspec.Struct, frozen=True):
    """What a run came to.

    Attributes:
        n_rows: cells that were generated.
        n_longest: tokens of the longest of them.
        n_tokens: of all of them together.
        seconds: from first to last, measures included.
    """

    n_rows: int
    n_longest: int
    n_tokens: int
    seconds: float


class Forecast:
    """The speed as last measured.

    Each finished run tells how many times longer it took than the speed measured at load says; the lower
    median of the last five factors, of which the first is 1, corrects it. So a single slow run changes
    nothing, and two of them do.

    Args:
        measured: at load.
    """

    def __init__(self, measured: Speed) -> None:
        self._measured = measured
        self._factors = deque([1.0], maxlen=_N_REMEMBERED)

    @property
    def speed(self) -> Speed:
        """The corrected speed."""
        factor = median_low(self._factors)
        return msgspec.structs.replace(
            self._measured,
            first_s=self._measured.first_s * factor,
            step_s=self._measured.step_s * factor,
            row_s=self._measured.row_s * factor,
        )

    def learn(self, run: FinishedRun) -> None:
        """Takes in a run that came to its end; one without tokens tells nothing."""
        expected_s = _seconds(self._measured, run)
        if run.n_tokens > 0 and run.seconds > 0 and expected_s > 0:
            self._factors.append(run.seconds / expected_s)


def _seconds(speed: Speed, run: FinishedRun) -> float:
    """As `Speed` has it, but that rows which end early cost no more."""
    n_turns = -(-run.n_rows // speed.max_rows) if speed.max_rows else 1
    return speed.first_s + n_turns * run.n_longest * speed.step_s + run.n_tokens * speed.row_s
