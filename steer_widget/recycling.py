"""When a worker is replaced by a fresh one."""

from __future__ import annotations

import msgspec

from .errors import InvalidInput
from .spec.checks import finite, whole

_BYTES_PER_GB = 1e9


class Recycling(msgspec.Struct, frozen=True, kw_only=True):
    """Between runs, a worker that has served for long or grown large makes room for a fresh one.

    Attributes:
        after_runs: runs of one worker; None: any number.
        above_gb: memory it may hold between runs, in 10^9 bytes, on the GPU where the model is on one; None: any.
    """

    after_runs: int | None = 500
    above_gb: float | None = None

    def __post_init__(self) -> None:
        if self.after_runs is not None:
            whole("after_runs", self.after_runs, 1)
        if self.above_gb is not None and finite("above_gb", self.above_gb) <= 0:
            raise InvalidInput("above_gb", self.above_gb, "a number above 0, or None")

    def reason(self, n_runs: int, n_bytes: int | None) -> str:
        """Why a worker with so many runs behind it, holding so much, is to be replaced; '' if it is not.

        A worker that has done nothing yet is as small as it gets, and stays.
        """
        if n_runs == 0:
            return ""
        if self.after_runs is not None and n_runs >= self.after_runs:
            return f"it has done {n_runs} runs"
        if self.above_gb is not None and n_bytes is not None and n_bytes > self.above_gb * _BYTES_PER_GB:
            return f"it holds {n_bytes / _BYTES_PER_GB:.2f} GB, more than {self.above_gb:g}"
        return ""
