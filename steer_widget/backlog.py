"""What is still to be done, over all runs."""

from __future__ import annotations

from collections.abc import Iterable

from .job import Job
from .progress import time_left_s
from .protocol import Backlog


class Backlogs:
    """Counts what is left, and remembers the speed of the run that was at work last. The caller guards it."""

    def __init__(self) -> None:
        self._tokens_per_s: float | None = None

    def observe(self, job: Job) -> None:
        """This run is at work."""
        self._tokens_per_s = job.tokens_per_s or self._tokens_per_s

    def of(self, jobs: Iterable[Job]) -> Backlog:
        """What these runs, which have not ended, still have to do."""
        left = [(job.n_tokens_left, job.state in ("queued", "loading")) for job in jobs]
        n_tokens_left = sum(n_tokens for n_tokens, _ in left)
        return Backlog(
            n_runs=len(left),
            n_waiting=sum(waits for _, waits in left),
            n_tokens_left=n_tokens_left,
            eta_s=time_left_s(n_tokens_left, self._tokens_per_s) if n_tokens_left else None,
        )
