"""How long a run may take."""

from __future__ import annotations

import msgspec

from ..errors import InvalidInput
from .checks import Spec, finite
from .grid import Grid

_START_S = 300.0
_PER_TOKEN_S = 2.0
_PER_PROMPT_CHAR_S = 0.01
_HARD_SHARE = 1.5


class Limits(Spec, frozen=True, kw_only=True):
    """How long a run may take, from the moment the worker takes it; loading and waiting do not count.

    Attributes:
        soft_s: seconds after which the run is stopped and its texts so far are kept; None: a bound that
            grows with the grid, and that only a run in trouble reaches; at most two thirds of `hard_s`.
        hard_s: seconds after which its worker is killed, as when it hangs inside a forward pass; None: half
            as long again as `soft_s`.
    """

    soft_s: float | None = None
    hard_s: float | None = None

    def __post_init__(self) -> None:
        for name in ("soft_s", "hard_s"):
            given = getattr(self, name)
            if given is None:
                continue
            seconds = finite(name, given, _ALLOWED)
            if seconds <= 0:
                raise InvalidInput(name, given, _ALLOWED)
            msgspec.structs.force_setattr(self, name, seconds)
        if self.soft_s is not None and self.hard_s is not None and self.hard_s < self.soft_s:
            raise InvalidInput("hard_s", self.hard_s, f"at least soft_s, which is {self.soft_s:g}")

    def of(self, grid: Grid) -> tuple[float, float]:
        """The soft and the hard limit of this grid, in seconds."""
        soft_s = self.soft_s
        if soft_s is None:
            n_tokens = len(grid) * grid.generation.max_new_tokens
            n_chars = sum(len(str(prompt)) for prompt in grid.prompts) * len(grid) / len(grid.prompts)
            soft_s = _START_S + _PER_TOKEN_S * n_tokens + _PER_PROMPT_CHAR_S * n_chars
            if self.hard_s is not None:
                soft_s = min(soft_s, self.hard_s / _HARD_SHARE)
        return soft_s, _HARD_SHARE * soft_s if self.hard_s is None else self.hard_s


_ALLOWED = "seconds above 0, or None"
