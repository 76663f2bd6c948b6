"""What is known of a cell while its run goes on."""

from __future__ import annotations

from .cell import Cell
from .cell_states import CELL_END_STEPS, CELL_ENDED, CellStep, next_cell_state
from .protocol import CellDone, CellMeasured, ErrorInfo, Measures, TokenMeasures
from .spec import CellState, FinishReason


class CellRecord:
    """What is known of a cell so far. Its text only grows until it ends or is tried again."""

    __slots__ = ("error", "finish", "is_measured", "measures", "state", "text", "token_ids", "token_measures")

    def __init__(self) -> None:
        self.state: CellState = "queued"
        self.clear()

    def clear(self) -> None:
        """Forgets what an earlier attempt left."""
        self.text = ""
        self.token_ids: list[int] = []
        self.finish: FinishReason | None = None
        self.measures = Measures()
        self.token_measures = TokenMeasures()
        self.is_measured = False
        self.error: ErrorInfo | None = None

    def reopen(self, cell: Cell) -> None:
        """Becomes a cell of a run that had ended before; one that had not is stopped."""
        self.state, self.finish = cell.state, cell.finish
        if not self.ended:
            self.state, self.finish = "stopped", "stopped"
        self.text, self.token_ids, self.error = cell.text, list(cell.token_ids), cell.failure
        self.measures, self.token_measures = cell.measures, cell.token_measures
        self.is_measured = cell.token_measures != TokenMeasures()

    @property
    def ended(self) -> bool:
        """Done, stopped or failed."""
        return self.state in CELL_ENDED

    def move(self, step: CellStep) -> bool:
        """Takes the step if the table has it; False for one that came too late."""
        after = next_cell_state(self.state, step)
        if after is None:
            return False
        self.state = after
        return True

    def end(self, event: CellDone) -> bool:
        """Takes the end of the cell; False for one that came too late, or is none."""
        step = CELL_END_STEPS.get(event.state)
        if step is None or not self.move(step):
            return False
        self.text, self.token_ids = event.text, list(event.token_ids)
        self.finish, self.measures, self.error = event.finish, event.measures, event.error
        return True

    def measure(self, event: CellMeasured) -> bool:
        """Takes what was measured; False where the cell has not ended, or was measured before."""
        if not self.ended or self.is_measured:
            return False
        self.measures, self.token_measures, self.is_measured = event.measures, event.tokens, True
        return True
