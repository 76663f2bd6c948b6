"""Cells that the page points at: of runs of this kernel, and of the history."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..arguments import as_cells
from ..errors import InvalidInput

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..cell import Cell
    from ..history import Entry
    from ..job import Job
    from ..protocol import ModelInfo
    from ..result import RunResult
    from ..steerer import Steerer


class CellReader:
    """Reads cells by run and number. Safe to use from any thread.

    Args:
        steerer: whose runs and history they are of.
    """

    def __init__(self, steerer: Steerer) -> None:
        self._steerer = steerer
        self._past: tuple[Entry, RunResult] | None = None

    def is_here(self, run: str) -> bool:
        """Whether it is a run of this kernel; others are read from the disk."""
        return self._job(run) is not None

    def cells(self, run: str, numbers: Sequence[int]) -> list[Cell]:
        """These cells as they are now, each once.

        Raises:
            InvalidInput: there is no such run or cell.
            HistoryError: the history cannot be read.
        """
        job = self._job(run)
        if job is None:
            past = self._past_run(run).cells
            return [past[number] for number in as_cells(numbers, len(past))]
        with self._steerer.controller.frozen():
            return [job.cell(number) for number in as_cells(numbers, len(job.cells))]

    def refuse_other_model(self, run: str) -> None:
        """Refuses to read, with the model that is loaded, what another one wrote: its tokens are not the same.

        Raises:
            InvalidInput: the run was made with another model.
        """
        job, ours = self._job(run), self._steerer.status.model
        theirs: ModelInfo | None = self._past_run(run).model if job is None else job.model
        if theirs is not None and ours is not None and theirs.name != ours.name:
            raise InvalidInput(
                "run", theirs.name, f"a run of the model that is loaded, {ours.name!r}",
                hint="Its tokens are those of its own model: load that to read them.",
            )  # fmt: skip

    def _job(self, run: str) -> Job | None:
        return next((job for job in self._steerer.controller.jobs if job.id == run), None)

    def _past_run(self, run: str) -> RunResult:
        """A run of the history; the last one that was asked for is kept, as a page asks for its cells by and by."""
        entry, kept = self._steerer.history()[run], self._past
        if kept is None or kept[0] != entry:
            # Other threads may put another run in its place meanwhile.
            self._past = kept = entry, entry.result()
        return kept[1]
