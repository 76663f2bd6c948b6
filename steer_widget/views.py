"""A job as the page draws it: the whole run, and its cells."""

from __future__ import annotations

import msgspec

from .job import Job
from .protocol import CellView, RunSnapshot, RunView, Status


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
    """The same without the details of errors, as it may be kept in a file that is shared."""
    run = snapshot.run
    if run is None:
        return snapshot
    cells = tuple(
        cell if cell.error is None else msgspec.structs.replace(cell, error=cell.error.brief())
        for cell in run.cells
    )
    error = None if run.error is None else run.error.brief()
    return msgspec.structs.replace(snapshot, run=msgspec.structs.replace(run, cells=cells, error=error))


def brief_status(status: Status) -> Status:
    """The same without the details of errors."""
    error, problem = status.error, status.history_problem
    return msgspec.structs.replace(
        status,
        error=None if error is None else error.brief(),
        history_problem=None if problem is None else problem.brief(),
    )
