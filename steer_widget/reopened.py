"""Runs that ended before, elsewhere perhaps, as runs of this steerer."""

from __future__ import annotations

from .job import Job
from .result import RunResult


def reopened(result: RunResult) -> Job:
    """The run of a result, under its own id, with all that was known of it."""
    job = Job(result.run, result.grid, result.max_act)
    job.created_at = result.created_at
    job.model, job.saes, job.versions = result.model, result.saes, dict(result.versions)
    job.seconds = result.seconds
    job.reopen(result.state, result.cells, result.failure)
    return job
