"""One run of the history."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import InvalidInput
from ..result import RunResult
from .brief import Notes
from .row import HistoryState, Row

if TYPE_CHECKING:
    from .history import History

_MAX_NAME_CHARS = 200
_MAX_TAGS = 50


class Entry:
    """A run of the history, as it was when it was asked for; `result()` reads its texts.

    Attributes:
        run: id of the run.
        created_at: when it was submitted; UTC, ISO 8601.
        state: as a run's, or interrupted: its kernel died before it ended.
        name, description, tags: what `save` wrote.
        saved: whether `save` was called; only runs that were not saved are ever deleted by themselves.
        model, saes: names of what was loaded; '' and empty where the run never reached the worker.
        prompts, steerings: the first of them, long ones cut.
        n_prompts, n_steerings: how many there are.
        n_cells: how many the grid has.
        n_ended, n_done: how many of them ended, and how many ended well.
        n_tokens: generated, over all cells.
        seconds: of work, all attempts together.
    """

    def __init__(self, row: Row, history: History) -> None:
        self._history = history
        self._take(row)

    def result(self) -> RunResult:
        """All cells with texts, tokens and measures. Of an interrupted run, what had ended is as it was; the rest is stopped.

        Raises:
            InvalidInput: the run was deleted.
            HistoryError: the history cannot be read.
            ResultFormatError: the run is damaged on the disk.
        """
        return self._history.read_result(self._row)

    def code(self) -> str:
        """Python code that makes the run again, see `RunResult.code`.

        Raises:
            InvalidInput: the run was deleted.
            HistoryError: the history cannot be read.
            ResultFormatError: the run is damaged on the disk.
        """
        return self.result().code()

    def save(
        self,
        name: str | None = None,
        description: str | None = None,
        tags: Iterable[str] | str | None = None,
    ) -> Entry:
        """Keeps the run for good. None leaves a text as it is; returns the entry itself.

        Raises:
            InvalidInput: a value is refused, or the run was deleted.
            HistoryError: the history cannot be written.
        """
        notes = Notes(
            _text("name", self.name if name is None else name, _MAX_NAME_CHARS),
            _text("description", self.description if description is None else description),
            self.tags if tags is None else _tags(tags),
        )
        self._take(self._history.write_notes(self._row, notes))
        return self

    def delete(self) -> None:
        """Deletes the run for good, saved or not; one that was deleted before stays so.

        Raises:
            InvalidInput: a living kernel is at it.
            HistoryError: the history cannot be written.
        """
        self._history.delete(self)

    def export(self, path: str | Path) -> Path:
        """Writes result, name, description and tags to a JSON file that `history.import_file` reads; whole or not at all.

        Raises:
            MissingPath: the folder does not exist or cannot be written.
        """
        from .transfer import export_run

        return export_run(self.result(), Notes(self.name, self.description, self.tags), path)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Entry) and self._row == other._row

    def __hash__(self) -> int:
        return hash(self.run)

    def __repr__(self) -> str:
        from .listing import entry_line

        return f"<Entry {entry_line(self)}>"

    # ---- inside

    def _take(self, row: Row) -> None:
        self._row = row
        self.run = row.id
        self.created_at = row.created_at
        self.state: HistoryState = row.state
        self.name, self.description, self.tags = row.notes.name, row.notes.description, row.notes.tags
        self.saved = row.saved
        self.model, self.saes = row.brief.model, row.brief.saes
        self.prompts, self.steerings = row.brief.prompts, row.brief.steerings
        self.n_prompts, self.n_steerings = row.brief.n_prompts, row.brief.n_steerings
        self.n_cells, self.n_ended, self.n_done = row.n_cells, row.n_ended, row.n_done
        self.n_tokens, self.seconds = row.n_tokens, row.seconds


def _text(field: str, given: object, max_chars: int | None = None) -> str:
    if not isinstance(given, str) or (max_chars is not None and len(given) > max_chars):
        raise InvalidInput(
            field, given, "text" if max_chars is None else f"text of at most {max_chars} characters"
        )
    return given


def _tags(given: object) -> tuple[str, ...]:
    tags = (given,) if isinstance(given, str) else given
    if not isinstance(tags, Iterable):
        raise InvalidInput("tags", given, "a tag, or a list of tags")
    kept = tuple(dict.fromkeys(_text("tags", tag, _MAX_NAME_CHARS).strip() for tag in tags))
    if "" in kept or len(kept) > _MAX_TAGS:
        raise InvalidInput("tags", given, f"at most {_MAX_TAGS} tags, none of them empty")
    return kept
