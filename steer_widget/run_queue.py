"""Which run the worker takes next. Pure: the caller guards it, and moves the runs."""

from __future__ import annotations

from collections.abc import Iterator

from .errors import QueueFull
from .job import Job

MAX_WAITING = 100
SHORTER_BY = 4
"""A run overtakes one that has so many times its tokens still to go."""


class RunQueue:
    """Runs in their order, but that short ones go before long ones, also before one that is on.

    A run is kept back by others for at most as many tokens as it has itself, so however many short
    ones come, it takes at most twice as long. One that overtakes is not overtaken itself.

    Attributes:
        waiting: in the order in which they came.
        running: that the worker has taken; the last one is at work, the one before it was overtaken.
    """

    def __init__(self) -> None:
        self.waiting: list[Job] = []
        self.running: list[Job] = []
        self._n_tokens_overtaken: dict[str, int] = {}

    def __iter__(self) -> Iterator[Job]:
        return iter((*self.running, *self.waiting))

    @property
    def at_work(self) -> Job | None:
        """The run whose tokens come now."""
        return self.running[-1] if self.running else None

    def check_room(self) -> None:
        """Refuses another run where too many wait.

        Raises:
            QueueFull: nothing was added.
        """
        if len(self.waiting) >= MAX_WAITING:
            raise QueueFull(
                f"{len(self.waiting)} runs wait already, which is the most. Wait for some of them "
                "(run.result()), stop some (run.cancel()), or put many prompts and steerings into one run: "
                "that is faster as well."
            )

    def add(self, job: Job) -> None:
        """Puts a run at the end."""
        self.waiting.append(job)

    def next(self) -> Job | None:
        """The run the worker is to take now, which is one of `running` from then on; None: it has enough to do."""
        if not self.waiting or len(self.running) > 1:
            return None
        n_left = {job.id: job.n_tokens_left for job in self}
        chosen = None if self.running else self.waiting[0]
        ahead = [*self.running]
        overtaken: list[Job] = []
        for job in self.waiting:
            if ahead and all(self._may_overtake(n_left[job.id], other, n_left[other.id]) for other in ahead):
                chosen, overtaken = job, [*ahead]
            ahead.append(job)
        if chosen is None:
            return None
        for job in overtaken:
            self._n_tokens_overtaken[job.id] = self._n_tokens_overtaken.get(job.id, 0) + n_left[chosen.id]
        self.waiting.remove(chosen)
        self.running.append(chosen)
        return chosen

    def remove(self, job: Job) -> None:
        """The run has ended, or was withdrawn."""
        for jobs in (self.waiting, self.running):
            if job in jobs:
                jobs.remove(job)
        self._n_tokens_overtaken.pop(job.id, None)

    def _may_overtake(self, n_tokens: int, other: Job, n_other_left: int) -> bool:
        n_before = self._n_tokens_overtaken.get(other.id, 0)
        return n_before + n_tokens <= other.n_tokens_asked and SHORTER_BY * n_tokens <= n_other_left
