"""Kernel → page: the numbered stream, the state of the worker, and how both are encoded."""

from __future__ import annotations

from typing import Literal

import msgspec

from ..errors import InvalidInput, ProtocolError
from ..spec import Measure, RunState
from .commands import PageRequest
from .common import ErrorInfo, ModelInfo, SaeInfo, Wire
from .replies import Reply
from .tasks import TaskView
from .views import Backlog, CellView, Progress, RunView
from .worker import Loading, Speed

WorkerState = Literal["stopped", "loading", "ready", "busy", "failed"]


class CellPatch(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A cell's growth since the last number: `append` goes behind the text it has.

    `done` is there when the cell ended or was measured, and then replaces the cell whole.
    """

    index: int
    append: str = ""
    n_tokens: int = 0
    done: CellView | None = None


class RunSnapshot(Wire, frozen=True):
    """The shown run whole (None: none yet); later deltas continue from `seq`.

    `n_left_out`: how many cells, the last ones, have no text and no measures here: as a trait, it may be saved.
    """

    seq: int
    run: RunView | None = None
    backlog: Backlog = Backlog()
    n_left_out: int = 0


class RunDelta(Wire, frozen=True):
    """What changed since delta `seq` - 1 of the same run."""

    seq: int
    run: str
    state: RunState
    cells: tuple[CellPatch, ...]
    progress: Progress
    error: ErrorInfo | None = None
    backlog: Backlog = Backlog()


class StaticCopy(Wire, frozen=True):
    """The latest run for readers without a kernel, for the notebook's outputs that have one of this widget.

    Attributes:
        mark: stands in the HTML of all its copies, and of no other's.
        bundle: texts by MIME type.
    """

    mark: str
    bundle: dict[str, str]


PageEvent = Reply | RunSnapshot | RunDelta | StaticCopy


class Status(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """State of the worker, as the trait `widget.status` holds it. `speed`: as last measured; `history_problem`: why runs are not written down; `tasks`: that have not ended."""

    worker: WorkerState = "stopped"
    loading: Loading | None = None
    model: ModelInfo | None = None
    saes: tuple[SaeInfo, ...] = ()
    methods: tuple[str, ...] = ()
    measures: tuple[Measure, ...] = ()
    n_labels: int = 0
    pid: int | None = None
    load_s: float | None = None
    n_memory_bytes: int | None = None
    speed: Speed | None = None
    error: ErrorInfo | None = None
    history_problem: ErrorInfo | None = None
    tasks: tuple[TaskView, ...] = ()


# ---- encoding


def read_page_request(content: object) -> PageRequest:
    """Reads what the page sent.

    Raises:
        InvalidInput: a value in it is refused, named by its field.
        ProtocolError: it is no request of this version.
    """
    try:
        return msgspec.convert(content, PageRequest)
    except msgspec.ValidationError as error:
        if isinstance(error.__cause__, InvalidInput):
            raise error.__cause__ from error
        raise ProtocolError(f"A message of the page could not be read: {error}. Reload the page.") from error


def to_page(message: PageEvent) -> dict[str, object]:
    """A message for the page, as plain JSON values."""
    plain: dict[str, object] = msgspec.to_builtins(message)
    return plain
