"""A job as the page draws it: the whole run, and its cells."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate, takewhile

import msgspec

from .job import Job
from .protocol import CellView, Measures, RunSnapshot, RunView, Status

MAX_SAVED_CHARS = 500_000
"""Of texts and measures that a trait holds of a run: some 500 texts of 60 tokens."""
_MEASURES_CHARS = 700


def cell_view(job: Job, index: int) -> CellView:
    """One cell, whole."""
    record = job.cells[index]
    return CellView(
        index=index,
        state=record.state,
        text=record.text,
        n_tokens=len(record.token_ids),
        finish=record.finish,
        measures=record.measures,
        error=record.error,
    )


def run_view(job: Job) -> RunView:
    """The run, whole: enough to draw it without a kernel."""
    return RunView(
        id=job.id,
        state=job.state,
        prompts=job.grid.prompts,
        steerings=job.grid.steerings,
        samples=job.grid.samples,
        generation=job.grid.generation,
        cells=tuple(cell_view(job, index) for index in range(len(job.cells))),
        progress=job.progress(),
        error=job.error,
    )


def brief(snapshot: RunSnapshot) -> RunSnapshot:
    """The same as it may be kept in a file that is shared: without the details of errors, and within bounds."""
    run = snapshot.run
    if run is None:
        return snapshot
    n_kept = _n_that_fit(run.cells)
    cells = tuple(_brief_cell(cell, is_kept=number < n_kept) for number, cell in enumerate(run.cells))
    error = None if run.error is None else run.error.brief()
    run = msgspec.structs.replace(run, cells=cells, error=error)
    return msgspec.structs.replace(snapshot, run=run, n_left_out=len(cells) - n_kept)


def _n_that_fit(cells: Sequence[CellView]) -> int:
    n_chars = accumulate(len(cell.text) + _MEASURES_CHARS for cell in cells)
    return sum(1 for _ in takewhile(lambda n: n <= MAX_SAVED_CHARS, n_chars))


def _brief_cell(cell: CellView, *, is_kept: bool) -> CellView:
    if not is_kept:
        cell = msgspec.structs.replace(cell, text="", measures=Measures())
    return cell if cell.error is None else msgspec.structs.replace(cell, error=cell.error.brief())


def brief_status(status: Status) -> Status:
    """The same without the details of errors."""
    error, problem = status.error, status.history_problem
    return msgspec.structs.replace(
        status,
        error=None if error is None else error.brief(),
        history_problem=None if problem is None else problem.brief(),
    )
