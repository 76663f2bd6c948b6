"""A cell of the grid, as the user reads it."""

from __future__ import annotations

import msgspec

from .errors import SteerError
from .protocol import ErrorInfo, Measures, TokenMeasures
from .spec import CellState, FinishReason, Prompt, Steering


class Cell(msgspec.Struct, frozen=True, kw_only=True):
    """One completion: a prompt under a steering. A picture of the moment it was asked for.

    Attributes:
        index: 0-based, in the order prompt, steering, sample.
        prompt: text, or chat messages.
        steering: its edits; none is the unsteered baseline.
        sample: 0-based.
        chat: whether a text was read as one user turn, rendered by the model's chat template.
        state: queued, running, done, stopped or failed.
        text: the completion so far, without the prompt.
        token_ids: of the completion so far, shape (n_tokens,).
        finish: why it ended; None while it has not.
        measures: what was measured on it; None or empty inside where it was not.
        token_measures: the same for each of its tokens.
        failure: the error in full, as it travels; `error` gives it as an exception.
    """

    index: int
    prompt: Prompt
    steering: Steering
    sample: int
    chat: bool = False
    state: CellState = "queued"
    text: str = ""
    token_ids: tuple[int, ...] = ()
    finish: FinishReason | None = None
    measures: Measures = Measures()
    token_measures: TokenMeasures = TokenMeasures()
    failure: ErrorInfo | None = None

    @property
    def n_tokens(self) -> int:
        """Number of generated tokens."""
        return len(self.token_ids)

    @property
    def error(self) -> SteerError | None:
        """What went wrong, ready to be raised; None where nothing did."""
        return self.failure.rebuild() if self.failure else None

    def __repr__(self) -> str:
        return f"<Cell {self.index}: {self.steering}, {self.state}, {self.text!r}>"


def prompt_text(prompt: Prompt) -> str:
    """A prompt in one readable text; chat turns one below the other, each behind its role."""
    if isinstance(prompt, str):
        return prompt
    return "\n".join(f"{turn.role}: {turn.content}" for turn in prompt)
