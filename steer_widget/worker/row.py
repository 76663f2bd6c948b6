"""One cell of the grid as a row of a batch."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ..spec import FinishReason
    from .completion import Completion
    from .steering_hook import RowEdit


@dataclass
class Row:
    """A cell while it is generated. What it has so far lives here, so a row can move to another batch.

    Attributes:
        cell: its number in the grid.
        prompt_ids: tokens of its prompt.
        edits: how it is steered.
        key: of its random numbers.
        completion: tokens and text so far.
        finish: why it ended; None while it goes on.
        dose_sum: sum over steered tokens of |edit|/|h|.
        n_steered: how many tokens were steered.
    """

    cell: int
    prompt_ids: list[int]
    edits: list[RowEdit]
    key: bytes
    completion: Completion
    finish: FinishReason | None = None
    dose_sum: float = 0.0
    n_steered: int = field(default=0)

    @property
    def prefix_ids(self) -> list[int]:
        """What the model has to read before the next token: the prompt, and what was generated already."""
        return self.prompt_ids + self.completion.token_ids

    @property
    def dose(self) -> float | None:
        """Mean of |edit|/|h| over the steered tokens; None when none was."""
        return self.dose_sum / self.n_steered if self.n_steered else None
