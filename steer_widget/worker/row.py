"""One cell of the grid as a row of a batch."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ..protocol import Measures
from .batch_steering import SteeredRow

if TYPE_CHECKING:
    from ..spec import FinishReason
    from .completion import Completion
    from .row_edit import RowEdit


@dataclass
class Row:
    """A cell while it is generated. What it has so far lives here, so a row can move to another batch.

    Attributes:
        cell: its number in the grid.
        prompt_ids: tokens of its prompt.
        edits: how it is steered; those that change nothing are left out.
        keeps_norm: whether steered tokens keep their norm.
        key: of its random numbers.
        completion: tokens and text so far.
        finish: why it ended; None while it goes on.
        dose: mean of |edit|/|h| over its steered tokens, summed over hook points; None when none was.
        measures: what was measured on it so far.
    """

    cell: int
    prompt_ids: list[int]
    edits: list[RowEdit]
    key: bytes
    completion: Completion
    keeps_norm: bool = False
    finish: FinishReason | None = None
    dose: float | None = None
    measures: Measures = field(default_factory=Measures)

    @property
    def prefix_ids(self) -> list[int]:
        """What the model has to read before the next token: the prompt, and what was generated already."""
        return self.prompt_ids + self.completion.token_ids

    @property
    def is_scorable(self) -> bool:
        """Whether it ended with a text whose tokens mean something."""
        return self.finish not in (None, "failed", "diverged") and bool(self.completion.token_ids)

    @property
    def steered(self) -> SteeredRow:
        """What the hooks must know of it."""
        return SteeredRow(self.edits, len(self.prompt_ids), self.keeps_norm)
