"""The numbered messages of the shown run: what the page lacks, never more than it takes. Pure.

It compares the job with what was sent, so it needs no event of its own and loses none: a message
that was never made is contained in the next one.
"""

from __future__ import annotations

from .job import Job
from .protocol import Backlog, CellPatch, Measures, RunDelta, RunSnapshot
from .spec import CellState
from .views import cell_view, run_view

MAX_UNACKNOWLEDGED = 40
_NOTHING_LEFT = Backlog()


class Stream:
    """Numbers, what was sent, what was acknowledged. The caller guards it and the job with its locks."""

    def __init__(self) -> None:
        self.job: Job | None = None
        self._seq = 0
        self._acknowledged = 0
        self._whole = False
        self._paused = False
        self._turn = 0
        self._told: tuple[object, ...] = ()
        self._cells: list[tuple[CellState, int, Measures]] = []

    def show(self, job: Job) -> bool:
        """Makes `job` the shown run if it was submitted later, or tried again; True if it changed."""
        if job.turn <= self._turn:
            return False
        self.job, self._turn = job, job.turn
        self._whole = True
        return True

    def sync(self) -> None:
        """A page asks for everything: it has drawn nothing yet, or missed a number."""
        self._acknowledged = self._seq
        self._paused = False
        self._whole = True

    def acknowledge(self, seq: int) -> None:
        """A page has drawn everything up to `seq`."""
        self._acknowledged = max(self._acknowledged, min(seq, self._seq))
        if self._paused and not self._is_behind():
            self._paused = False
            self._whole = True

    def snapshot(self, backlog: Backlog = _NOTHING_LEFT) -> RunSnapshot:
        """The shown run whole, at the present number."""
        return RunSnapshot(self._seq, run_view(self.job) if self.job is not None else None, backlog)

    def next(self, backlog: Backlog = _NOTHING_LEFT) -> RunSnapshot | RunDelta | None:
        """What has to be sent now, with what all runs have left; None when the page has it all, or does not keep up."""
        if self._paused:
            return None
        if self._whole:
            self._whole = False
            self._remember()
            # A number of its own: a page that missed it finds a gap, also where the run is the same, tried again.
            self._seq += 1
            self._told = self._heads(backlog)
            return self.snapshot(backlog)
        job = self.job
        if job is None:
            return None
        patches = tuple(patch for index in range(len(job.cells)) if (patch := self._patch(job, index)))
        heads = self._heads(backlog)
        if not patches and heads == self._told:
            return None
        if self._is_behind():
            self._paused = True
            return None
        self._remember()
        self._told = heads
        self._seq += 1
        return RunDelta(self._seq, job.id, job.state, patches, job.progress(), job.error, backlog)

    def _heads(self, backlog: Backlog) -> tuple[object, ...]:
        """What is told although no cell changed; the rest of progress and backlog comes along with the tokens."""
        job = self.job
        state = () if job is None else (job.state, job.progress().is_overtaken)
        return (*state, backlog.n_runs, backlog.n_waiting)

    def _is_behind(self) -> bool:
        return self._seq - self._acknowledged > MAX_UNACKNOWLEDGED

    def _remember(self) -> None:
        if self.job is not None:
            self._cells = [(cell.state, len(cell.text), cell.measures) for cell in self.job.cells]

    def _patch(self, job: Job, index: int) -> CellPatch | None:
        cell = job.cells[index]
        state, n_chars, measures = self._cells[index]
        n_tokens = len(cell.token_ids)
        if cell.ended and (state != cell.state or measures is not cell.measures):
            return CellPatch(index, n_tokens=n_tokens, done=cell_view(job, index))
        if not cell.ended and len(cell.text) > n_chars:
            return CellPatch(index, append=cell.text[n_chars:], n_tokens=n_tokens)
        return None
