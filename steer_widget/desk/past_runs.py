"""What the page asks about the history."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

from ..errors import InvalidInput
from ..protocol import (
    DeleteRuns,
    ErrorInfo,
    ExportRun,
    File,
    ListRuns,
    NoteRun,
    OpenRun,
    PastRuns,
    ReadRun,
    RestoreRuns,
    RunOpened,
    RunRead,
)
from ..reopened import reopened
from ..views import run_view
from .aside import aside
from .export import export_file
from .handling import Handler, Later, handles
from .past_run import past_run
from .removed import RemovedRuns

if TYPE_CHECKING:
    from ..history import Entry
    from ..job import Job
    from ..protocol import Answered, PageCommand
    from ..result import RunResult
    from ..steerer import Steerer
    from ..widget import SteerWidget

    _C = TypeVar("_C", bound=PageCommand)

_MAX_RUNS = 200


class PastRunDesk:
    """Finds, shows, notes, deletes and exports past runs. The disk is read and written on threads of their own.

    Args:
        widget: that shows them.
        steerer: whose history it is.
    """

    def __init__(self, widget: SteerWidget, steerer: Steerer) -> None:
        self._widget = widget
        self._steerer = steerer
        self._removed = RemovedRuns()

    @property
    def handlers(self) -> dict[type, Handler]:
        """Who answers what."""
        return dict(
            [
                _handles_aside(ListRuns, self._list),
                _handles_aside(OpenRun, self._open),
                _handles_aside(ReadRun, self._read),
                _handles_aside(NoteRun, self._note),
                _handles_aside(DeleteRuns, self._delete),
                _handles_aside(RestoreRuns, self._restore),
                _handles_aside(ExportRun, self._export),
            ]
        )

    def _list(self, command: ListRuns) -> PastRuns:
        if not 1 <= command.n_runs <= _MAX_RUNS or command.start < 0:
            raise InvalidInput("n_runs", command.n_runs, f"1 to {_MAX_RUNS} runs, from the 0th on")
        history = self._steerer.history()
        found = history.search(command.text, tags=[command.tag] if command.tag else ())
        entries = found[command.start : command.start + command.n_runs]
        here = {run.id for run in self._steerer.runs}
        previews = history.previews(entries)
        return PastRuns(
            tuple(
                past_run(entry, preview, is_open=entry.run in here)
                for entry, preview in zip(entries, previews, strict=True)
            ),
            len(found),
            history.tags(),
            history.is_recording,
        )

    def _open(self, command: OpenRun) -> RunOpened:
        shown = self._widget.run
        if shown is not None and shown.id == command.run and not shown.done:
            return RunOpened()  # it is on, and the page shows it: nothing would change
        result = self._result(command.run)
        try:
            self._widget.show(result)
        except InvalidInput as error:
            if error.field == "run":
                raise
            self._steerer.reopen(result)
            return RunOpened(ErrorInfo.of(error))
        return RunOpened()

    def _read(self, command: ReadRun) -> RunRead:
        job = self._job(command.run)
        if job is None:
            return RunRead(run_view(reopened(self._entry(command.run).result())))
        with self._steerer.controller.frozen():
            return RunRead(run_view(job))

    def _note(self, command: NoteRun) -> None:
        self._entry(command.run).save(name=command.name.strip(), tags=command.tags)

    def _delete(self, command: DeleteRuns) -> None:
        self._removed.keep(self._steerer.history().take_out(command.runs))

    def _restore(self, command: RestoreRuns) -> None:
        self._steerer.history().put_back(self._removed.find(command.runs))
        self._removed.forget(command.runs)

    def _export(self, command: ExportRun) -> File:
        history = self._steerer.history()
        if command.run in history:
            entry = history[command.run]
            return export_file(self._result(command.run), command.format, entry.name, entry.tags)
        return export_file(self._result(command.run), command.format)

    # ---- inside

    def _job(self, run: str) -> Job | None:
        return next((job for job in self._steerer.controller.jobs if job.id == run), None)

    def _result(self, run: str) -> RunResult:
        """As it is in this kernel, or as it was written down."""
        here = next((known for known in self._steerer.runs if known.id == run), None)
        return here.partial() if here is not None else self._entry(run).result()

    def _entry(self, run: str) -> Entry:
        return self._steerer.history()[run]


def _handles_aside(kind: type[_C], answer: Callable[[_C], Answered | None]) -> tuple[type, Handler]:
    def begin(command: _C) -> Later:
        return aside(lambda: answer(command))

    return handles(kind, begin)
