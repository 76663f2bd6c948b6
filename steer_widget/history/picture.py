"""What has to be written of a run: the difference between a job and what is written of it already."""

from __future__ import annotations

from typing import NamedTuple

import msgspec

from ..cell import Cell
from ..job import Job
from ..protocol import ErrorInfo, ModelInfo, SaeInfo
from ..record import CellRecord
from ..result import RunResult
from ..spec import CellState, RunState


class CellMark(NamedTuple):
    """How a cell was when it was written.

    `token_ids` is the record's own list: each end of a cell makes a new one, so the same list is
    the same text, also where a cell failed twice in the same way.
    """

    state: CellState
    token_ids: list[int]
    is_measured: bool

    def fits(self, record: CellRecord) -> bool:
        """Whether the cell is still the same."""
        return (
            self.token_ids is record.token_ids
            and self.state == record.state
            and self.is_measured == record.is_measured
        )


class RunMark(NamedTuple):
    """How a run was when it was written."""

    state: RunState
    turn: int
    n_ended: int
    seconds: float
    error: ErrorInfo | None
    model: ModelInfo | None
    saes: tuple[SaeInfo, ...]
    versions: dict[str, str]

    @property
    def source(self) -> tuple[object, ...]:
        """What produces the texts."""
        return self.model, self.saes, self.versions


class Written(msgspec.Struct):
    """What of a job is in the database."""

    run: RunMark | None = None
    cells: dict[int, CellMark] = {}


class Picture(msgspec.Struct, frozen=True):
    """A job at one moment.

    Attributes:
        result: all of it but the cells.
        cells: those that ended, or were measured, since they were last written.
        n_ended, n_done: of all its cells.
        is_whole: True when nothing of it was written before.
        has_new_head: whether parameters, or what produces the texts, were not written like this before.
        run_mark, cell_marks: to compare the job with, once this is written.
    """

    result: RunResult
    cells: tuple[Cell, ...]
    n_ended: int
    n_done: int
    is_whole: bool
    has_new_head: bool
    run_mark: RunMark
    cell_marks: dict[int, CellMark]

    def wrote(self, written: Written) -> None:
        """It is in the database now."""
        written.run = self.run_mark
        written.cells.update(self.cell_marks)


def take_picture(job: Job, written: Written) -> Picture | None:
    """What has changed in a job; None where nothing has. Nothing may change in it meanwhile."""
    n_ended = sum(record.ended for record in job.cells)
    run_mark = RunMark(
        job.state, job.turn, n_ended, job.seconds, job.error, job.model, job.saes, dict(job.versions)
    )
    marks = {
        index: CellMark(record.state, record.token_ids, record.is_measured)
        for index, record in enumerate(job.cells)
        if record.ended and not _is_written(written, index, record)
    }
    if not marks and run_mark == written.run:
        return None
    return Picture(
        result=RunResult(
            run=job.id,
            state=job.state,
            grid=job.grid,
            cells=(),
            model=job.model,
            saes=job.saes,
            versions=run_mark.versions,
            created_at=job.created_at,
            seconds=job.seconds,
            n_tokens=job.n_tokens,
            max_act=dict(job.max_act),
            failure=job.error,
        ),
        cells=tuple(map(job.cell, marks)),
        n_ended=n_ended,
        n_done=sum(record.state == "done" for record in job.cells),
        is_whole=written.run is None,
        has_new_head=written.run is None or written.run.source != run_mark.source,
        run_mark=run_mark,
        cell_marks=marks,
    )


def _is_written(written: Written, index: int, record: CellRecord) -> bool:
    mark = written.cells.get(index)
    return mark is not None and mark.fits(record)
