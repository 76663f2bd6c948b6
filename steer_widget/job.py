"""The record of one run: its cells as the events of the worker leave them.

A job has no thread and no lock of its own: the controller guards every call.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timezone
from queue import SimpleQueue

import msgspec

from .cell import Cell
from .cell_states import next_cell_state
from .progress import SpeedMeter, time_left_s
from .protocol import (
    CellDelta,
    CellDone,
    CellMeasured,
    ErrorInfo,
    Hashes,
    ModelInfo,
    Progress,
    RunDone,
    RunStarted,
    SaeInfo,
    Tokens,
)
from .record import CellRecord
from .run_states import RUN_END_STEPS, RUN_ENDED, RunStep, next_run_state
from .spec import Grid, Limits, RunState

StreamEvent = RunStarted | Tokens | CellDone | CellMeasured | RunDone
"""What iterating over a run gives."""

_ALMOST = 0.99
"""Most of a run that has not ended: its last cells may be done, but what is measured on them still comes."""


class Job:
    """One run and all its cells.

    Attributes:
        id: unique among all runs.
        turn: place among all submissions of its controller; a retry takes a new one.
        model, saes, versions: what produced the texts; known once the run has started.
        hashes: of what it was submitted to; None: nobody asked for them.
        created_at: UTC, ISO 8601.
        limits: how long it may take.
        stop_reason: why it is being stopped, where not because somebody asked for it.
    """

    def __init__(
        self, run: str, grid: Grid, max_act: Mapping[str, float], limits: Limits | None = None
    ) -> None:
        self.id = run
        self.grid = grid
        self.max_act = dict(max_act)
        self.created_at = datetime.now(timezone.utc).isoformat(timespec="seconds")
        self.state: RunState = "queued"
        self.turn = 0
        self.error: ErrorInfo | None = None
        self.cells = [CellRecord() for _ in range(len(grid))]
        self.model: ModelInfo | None = None
        self.saes: tuple[SaeInfo, ...] = ()
        self.versions: dict[str, str] = {}
        self.hashes: Hashes | None = None
        self.seconds = 0.0
        self.limits = limits or Limits()
        self.stop_reason: ErrorInfo | None = None
        self._n_prompt_tokens: tuple[int, ...] | None = None
        self._started_s: float | None = None
        self._overtaken_at_s: float | None = None
        self._overtaken_s = 0.0
        self._meter = SpeedMeter()
        self._followers: list[SimpleQueue[StreamEvent]] = []

    # ---- what is known

    @property
    def ended(self) -> bool:
        """Done, stopped or failed."""
        return self.state in RUN_ENDED

    @property
    def n_tokens(self) -> int:
        """Tokens generated so far, over all cells."""
        return sum(len(cell.token_ids) for cell in self.cells)

    @property
    def n_tokens_asked(self) -> int:
        """Most tokens that all of its cells can come to."""
        return self.grid.generation.max_new_tokens * len(self.cells)

    @property
    def n_tokens_left(self) -> int:
        """Most tokens that its cells can still come to."""
        longest = self.grid.generation.max_new_tokens
        return sum(max(0, longest - len(cell.token_ids)) for cell in self.cells if not cell.ended)

    @property
    def tokens_per_s(self) -> float | None:
        """Over all cells, smoothed; None until it is known."""
        return self._meter.tokens_per_s

    def unfinished(self) -> tuple[int, ...]:
        """Numbers of the cells that still have to be generated."""
        return tuple(i for i, cell in enumerate(self.cells) if not cell.ended)

    def cell(self, index: int) -> Cell:
        """A picture of one cell."""
        record = self.cells[index]
        at = self.grid.coordinates(index)
        return Cell(
            index=index,
            prompt=self.grid.prompts[at.prompt],
            steering=self.grid.steerings[at.steering],
            sample=at.sample,
            chat=self.grid.generation.chat,
            state=record.state,
            text=record.text,
            token_ids=tuple(record.token_ids),
            finish=record.finish,
            measures=record.measures,
            token_measures=record.token_measures,
            failure=record.error,
        )

    def progress(self) -> Progress:
        """How far it is; a cell that ended early counts in full."""
        longest = self.grid.generation.max_new_tokens
        n_left = self.n_tokens_left
        elapsed_s = self.seconds if self.ended else self.seconds + self._passed_s()
        speed = self.tokens_per_s
        # A stopped or failed cell ended where it was: the run did not get further than that.
        n_behind = sum(longest if cell.state == "done" else len(cell.token_ids) for cell in self.cells)
        fraction = 1.0 if self.state == "done" else min(1.0, n_behind / self.n_tokens_asked)
        is_overtaken = self._overtaken_at_s is not None and not self.ended
        return Progress(
            fraction=fraction if self.ended else min(_ALMOST, fraction),
            n_tokens=self.n_tokens,
            n_cells_ended=sum(cell.ended for cell in self.cells),
            tokens_per_s=speed,
            eta_s=0.0 if self.ended else time_left_s(n_left, speed) if n_left and not is_overtaken else None,
            elapsed_s=elapsed_s,
            is_overtaken=is_overtaken,
        )

    # ---- what happens to it

    def move(self, step: RunStep) -> bool:
        """Takes the step if the table has it; False for one that came too late."""
        after = next_run_state(self.state, step)
        if after is None:
            return False
        self.state = after
        return True

    def take(self, event: StreamEvent) -> None:
        """Applies an event of the worker; one that came too late changes nothing."""
        if self.ended:
            return
        if isinstance(event, RunStarted):
            self._start(event)
        elif isinstance(event, Tokens):
            self._grow(event)
        elif isinstance(event, CellDone):
            self._end_cell(event)
        elif isinstance(event, CellMeasured):
            self._measure(event)
        else:
            self._end(event)

    def end(self, state: RunState, error: ErrorInfo | None = None) -> None:
        """Ends the run from this side: what is not finished is stopped or failed, texts so far stay."""
        seconds = self._passed_s() + self._overtaken_s
        self.take(RunDone(self.id, state, seconds, self.n_tokens, error))

    def overtaken(self) -> None:
        """A shorter run goes first: no token comes until `resumed`."""
        if self._overtaken_at_s is None:
            self._overtaken_at_s = time.monotonic()

    def resumed(self) -> None:
        """It is at work again."""
        if self._overtaken_at_s is not None:
            now_s = time.monotonic()
            self._overtaken_s += now_s - self._overtaken_at_s
            self._overtaken_at_s = None
            self._meter.skip_to(now_s)

    def restart(self, cells: Sequence[int] = ()) -> bool:
        """Puts failed and stopped cells back into the queue, all or these; False where there is nothing to do."""
        asked = [self.cells[index] for index in cells] or self.cells
        again = [cell for cell in asked if next_cell_state(cell.state, "retry")]
        if not again or not self.move("retry"):
            return False
        for cell in again:
            cell.move("retry")
            cell.clear()
        self.error = None
        self.stop_reason = None
        self.hashes = None  # what is loaded may have changed since
        self._started_s = None
        self._overtaken_at_s = None
        self._overtaken_s = 0.0
        self._n_prompt_tokens = None
        self._meter = SpeedMeter()
        return True

    def reopen(self, state: RunState, cells: Iterable[Cell], error: ErrorInfo | None) -> None:
        """Becomes a run that had ended before: what had not is stopped."""
        for record, cell in zip(self.cells, cells, strict=True):
            record.reopen(cell)
        self.state = state if state in RUN_ENDED else "stopped"
        self.error = error

    def follow(self) -> SimpleQueue[StreamEvent]:
        """A queue of all events: first what has happened, in short, then what happens.

        The texts of its `Tokens` events, joined by cell, are the texts of the cells.
        """
        queue: SimpleQueue[StreamEvent] = SimpleQueue()
        for event in self._so_far():
            queue.put(event)
        if not self.ended:
            self._followers.append(queue)
        return queue

    def unfollow(self, queue: SimpleQueue[StreamEvent]) -> None:
        """Nobody reads this queue any more."""
        if queue in self._followers:
            self._followers.remove(queue)

    # ---- inside

    def _passed_s(self) -> float:
        if self._started_s is None:
            return 0.0
        now_s = time.monotonic()
        waits_s = 0.0 if self._overtaken_at_s is None else now_s - self._overtaken_at_s
        return now_s - self._started_s - self._overtaken_s - waits_s

    def _tell(self, event: StreamEvent) -> None:
        for queue in self._followers:
            queue.put(event)

    def _start(self, event: RunStarted) -> None:
        # A stop may be on its way already: then the state stays, but the clock runs.
        self.move("start")
        if self._started_s is None:
            self._started_s = time.monotonic()
            self._n_prompt_tokens = event.n_prompt_tokens
            self._tell(event)

    def _grow(self, event: Tokens) -> None:
        n_new = 0
        for delta in event.deltas:
            if not 0 <= delta.cell < len(self.cells):
                continue
            cell = self.cells[delta.cell]
            cell.move("start")
            if cell.state == "running":
                cell.text += delta.text
                cell.token_ids.extend(delta.token_ids)
                n_new += len(delta.token_ids)
        self._meter.add(n_new, time.monotonic())
        self._tell(event)

    def _end_cell(self, event: CellDone) -> None:
        if 0 <= event.cell < len(self.cells) and self.cells[event.cell].end(event):
            self._tell(event)

    def _measure(self, event: CellMeasured) -> None:
        if 0 <= event.cell < len(self.cells) and self.cells[event.cell].measure(event):
            self._tell(event)

    def _end(self, event: RunDone) -> None:
        step = RUN_END_STEPS.get(event.state)
        if all(cell.state == "done" for cell in self.cells) and next_run_state(self.state, "finish"):
            # Every text is there: what was lost at the very end, with the worker perhaps, is told by the error.
            step, event = "finish", msgspec.structs.replace(event, state="done")
        elif step is None or next_run_state(self.state, step) is None:
            step, event = "fail", _out_of_place(event)
        if step == "finish" and any(cell.state == "stopped" for cell in self.cells):
            # Some cells alone were tried again: the run as a whole is no further than it was.
            step, event = "halt", msgspec.structs.replace(event, state="stopped")
        if step == "halt" and event.error is None and self.stop_reason is not None:
            event = msgspec.structs.replace(event, error=self.stop_reason)
        for index in self.unfinished():
            self._end_cell(self._left_over(index, event))
        self.move(step)
        self.error = event.error
        self.seconds += max(0.0, event.seconds - self._overtaken_s)
        self._tell(event)
        self._followers.clear()

    def _left_over(self, index: int, event: RunDone) -> CellDone:
        """How a cell ends that the worker did not end: refused, lost with the worker, or withdrawn."""
        cell = self.cells[index]
        stopped = event.state == "stopped"
        return CellDone(
            run=self.id,
            cell=index,
            state="stopped" if stopped else "failed",
            text=cell.text,
            token_ids=tuple(cell.token_ids),
            finish="stopped" if stopped else "failed",
            error=None if stopped else event.error or _NO_ANSWER,
        )

    def _so_far(self) -> Iterable[StreamEvent]:
        if self._n_prompt_tokens is not None:
            yield RunStarted(self.id, self._n_prompt_tokens)
        grown = tuple(
            CellDelta(index, cell.text, tuple(cell.token_ids))
            for index, cell in enumerate(self.cells)
            if cell.token_ids or cell.text
        )
        if grown:
            yield Tokens(self.id, grown)
        for index, cell in enumerate(self.cells):
            if cell.ended and cell.finish is not None:
                yield CellDone(
                    self.id,
                    index,
                    cell.state,
                    cell.text,
                    tuple(cell.token_ids),
                    cell.finish,
                    cell.measures,
                    cell.error,
                )
            if cell.is_measured:
                yield CellMeasured(self.id, index, cell.measures, cell.token_measures)
        if self.ended:
            yield RunDone(self.id, self.state, self.seconds, self.n_tokens, self.error)


_NO_ANSWER = ErrorInfo(
    "GenerationError",
    "The run ended without a word on this cell. This is a fault of the worker: retry the run.",
)


def _out_of_place(event: RunDone) -> RunDone:
    """A worker's end that fits no running run, told as the failure it is."""
    message = f"The worker ended the run as {event.state!r}, which has no place here. Restart the kernel."
    return RunDone(
        event.run, "failed", event.seconds, event.n_tokens, event.error or ErrorInfo("ProtocolError", message)
    )
