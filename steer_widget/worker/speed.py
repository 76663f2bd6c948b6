"""How fast this model writes on this machine, by a few real decode steps of small and larger batches."""

from __future__ import annotations

import itertools
import logging
import time
from statistics import median
from typing import TYPE_CHECKING

from ..protocol import Speed
from ..spec import Generation
from .batches import batch_size
from .completion import Completion
from .decode import decode
from .row import Row
from .sampling import noise_key

if TYPE_CHECKING:
    from .adapter import Adapter

_log = logging.getLogger(__name__)

_TEXT = "The old harbour lay quiet in the morning"
_N_ROWS = 16
_N_STEPS = 3  # each timed one after another, behind the first token
_LIMIT_S = 0.12  # after which a batch takes no further step; large models need one step of it


def measure_speed(adapter: Adapter, max_batch_rows: int | None) -> Speed | None:
    """Writes a few tokens of one row, then of 16; None, and a line in the log, where that fails.

    Args:
        adapter: the model.
        max_batch_rows: of the user; None leaves it to the memory.
    """
    try:
        return _measured(adapter, max_batch_rows)
    except Exception as error:  # noqa: BLE001 - a model that loads must not fail for want of a forecast
        _log.warning("the speed could not be measured: %s: %s", type(error).__name__, error)
        return None


def _measured(adapter: Adapter, max_batch_rows: int | None) -> Speed:
    _timed_steps(adapter, 1, 0)  # the first pass of a kind prepares what later ones find
    first_s, *one_row = _timed_steps(adapter, 1, _N_STEPS)
    _, *many_rows = _timed_steps(adapter, _N_ROWS, _N_STEPS)
    if not one_row or not many_rows:
        raise RuntimeError("the model ended its text at the first token")
    one_s, many_s = median(one_row), median(many_rows)
    row_s = max(0.0, (many_s - one_s) / (_N_ROWS - 1))
    return Speed(
        first_s=first_s,
        step_s=max(0.0, one_s - row_s),
        row_s=row_s,
        max_rows=batch_size(adapter, [_row(adapter, 0)], _N_STEPS, max_batch_rows),
    )


class _Stopwatch:
    """A sink that notes when each step of the whole batch was done."""

    def __init__(self) -> None:
        self.at_s = [time.monotonic()]
        self._n_ended = 0

    def token(self, row: Row, token_id: int, piece: str) -> None:
        """See `Sink`."""

    def piece(self, row: Row, piece: str) -> None:
        """See `Sink`."""

    def step(self) -> None:
        """See `Sink`; a step of fewer rows tells nothing."""
        if not self._n_ended:
            self.at_s.append(time.monotonic())

    def end(self, row: Row) -> None:  # noqa: ARG002 - as the protocol has it
        """See `Sink`."""
        self._n_ended += 1

    def is_over(self) -> bool:
        """Whether enough was seen: one step behind the first token, and the time is up."""
        n_steps = len(self.at_s) - 1
        return n_steps > 1 and time.monotonic() - self.at_s[0] > _LIMIT_S


def _timed_steps(adapter: Adapter, n_rows: int, n_steps: int) -> list[float]:
    """Seconds until the first token of all rows, then of each further step."""
    watch = _Stopwatch()
    rows = [_row(adapter, sample) for sample in range(n_rows)]
    decode(adapter, rows, Generation(max_new_tokens=1 + n_steps), watch, watch.is_over)
    return [after - before for before, after in itertools.pairwise(watch.at_s)]


def _row(adapter: Adapter, sample: int) -> Row:
    ids = list(adapter.tokenizer(_TEXT)["input_ids"])
    completion = Completion(adapter.tokenizer, ids, ())
    return Row(sample, ids, [], noise_key(0, ids, sample), completion)
