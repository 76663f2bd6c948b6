"""A job as the page draws it: the whole run, and its cells."""

from __future__ import annotations

from .job import Job
from .protocol import CellView, RunView


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
