"""Which tokens an edit acts on: a weight for each token, from its absolute position."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch

from ..spec import Schedule, Span, TokenPositions

if TYPE_CHECKING:
    from torch import Tensor

    from ..spec import Positions

ALWAYS = Schedule()
"""From the start, without fading."""


@dataclass(frozen=True)
class PositionRule:
    """Positions, special tokens and schedule of an edit. Equal rules share their weights."""

    positions: Positions = "all"
    skip_special: bool = False
    schedule: Schedule = ALWAYS

    def weights(self, positions: Tensor, n_prompt: Tensor, is_special: Tensor | None) -> Tensor:
        """How strongly each token is steered, 0 to 1.

        The token at position p yields generated token p - n_prompt + 1: the first one is read off the
        prompt's last position, so 'generated' includes that position, and schedules count from it.

        Args:
            positions: absolute, 0-based, `[rows, seq]`; negative on padding.
            n_prompt: prompt tokens of each row `[rows]`.
            is_special: special tokens `[rows, seq]`; needed only where `skip_special`.

        Returns:
            `[rows, seq]`, float32.
        """
        n_prompt = n_prompt[:, None]
        acts = self._acts_on(positions, n_prompt) & (positions >= 0)
        if self.skip_special:
            if is_special is None:
                raise ValueError("a rule that skips special tokens has to be told which they are")
            acts &= ~is_special
        n_since_start = positions - n_prompt + 1 - self.schedule.start
        if self.schedule.start:
            acts &= n_since_start >= 0
        weights = acts.float()
        if self.schedule.half_life is not None:
            weights *= torch.exp2(-n_since_start.clamp_min(0) / self.schedule.half_life)
        return weights

    def _acts_on(self, positions: Tensor, n_prompt: Tensor) -> Tensor:
        kind = self.positions
        if isinstance(kind, Span):
            start = _absolute(kind.start, n_prompt)
            acts = (positions >= start) & ((positions - start) % kind.step == 0)
            return acts if kind.stop is None else acts & (positions < _absolute(kind.stop, n_prompt))
        if isinstance(kind, TokenPositions):
            wanted = torch.cat([_absolute(at, n_prompt, lowest=-1) for at in kind.at], dim=-1)
            return (positions[:, :, None] == wanted[:, None, :]).any(-1)
        if kind == "prompt":
            return positions < n_prompt
        if kind == "generated":
            return positions >= n_prompt - 1
        return torch.ones_like(positions, dtype=torch.bool)


def _absolute(position: int, n_prompt: Tensor, lowest: int = 0) -> Tensor:
    """A position as it was given, with negative ones counted from the end of each prompt `[rows, 1]`."""
    if position >= 0:
        return torch.full_like(n_prompt, position)
    return (n_prompt + position).clamp_min(lowest)
