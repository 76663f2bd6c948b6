"""The history as the user holds it: a sequence of runs, newest first, read when it is looked at."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, overload

from ..errors import InvalidInput
from ..result import RunResult
from .body import unpack
from .brief import Notes
from .database import Database
from .entry import Entry
from .places import data_folder
from .preview import NO_PREVIEW, Preview, read_preview
from .query import Query
from .removal import Removed, put_back, refuse_going_on, take_out
from .row import COLUMNS, Row, read_result, read_row
from .words import fold
from .writing import note_values

if TYPE_CHECKING:
    from ..protocol import ErrorInfo
    from .recorder import Recorder

_PAGE = 200
_FLUSH_S = 0.5
_ORDER = "ORDER BY created_at DESC, number DESC"
_GONE = "a run of the history: this one was deleted"


class History(Sequence[Entry]):
    """All runs, of every kernel and every day, newest first.

    ``history[0]`` is the newest, ``history["id of a run"]`` a certain one; `search` gives those that fit.
    Each look reads what is there at that moment; texts are only read by `entry.result()`.

    Args:
        folder: the data folder; None: the environment's ``STEER_WIDGET_DATA``, or the user's data folder.
        recorder: writes runs of this kernel into it; waited for, a moment, before each look.
    """

    def __init__(self, folder: str | Path | None = None, *, recorder: Recorder | None = None) -> None:
        where = data_folder() if folder is None else Path(folder).expanduser().absolute()
        self._database = Database(where)
        self._recorder = recorder
        self._query = Query()

    @property
    def folder(self) -> Path:
        """Where it lies."""
        return self._database.folder

    @property
    def is_recording(self) -> bool:
        """Whether runs of this kernel are to be written into it: False with ``history=False``."""
        return self._recorder is not None

    @property
    def problem(self) -> ErrorInfo | None:
        """Why runs of this kernel are in memory only; None while they are written."""
        return self._recorder.problem if self._recorder is not None else None

    def search(
        self,
        text: str = "",
        *,
        tags: Iterable[str] | str = (),
        state: str | None = None,
        model: str | None = None,
        saved: bool | None = None,
    ) -> History:
        """The runs that fit, as a history of their own. Upper and lower case are the same.

        Args:
            text: words, each of which occurs, also as a part of one, in name, description, tags, prompts, labels
                of features, names of model and SAEs, or generated texts.
            tags: all of which it has.
            state: queued, loading, running, stopping, done, stopped, failed or interrupted.
            model: part of the name of model or SAE.
            saved: True: only saved ones; False: only others.

        Raises:
            InvalidInput: a value is refused.
        """
        found = History(self.folder, recorder=self._recorder)
        found._database = self._database
        found._query = self._query.also(Query.of(text, tags, state, model, saved))
        return found

    def delete(self, entries: Entry | str | Iterable[Entry | str]) -> int:
        """Deletes runs for good, saved or not: entries, or ids; how many there were.

        Raises:
            InvalidInput: a living kernel is at one of them; none is deleted then.
            HistoryError: the history cannot be written.
        """
        given = [entries] if isinstance(entries, (Entry, str)) else list(entries)
        ids = [entry.run if isinstance(entry, Entry) else entry for entry in given]
        if not all(isinstance(run, str) for run in ids):
            raise InvalidInput("entries", given, "entries of the history, or ids of runs")
        n_deleted = 0
        self._catch_up()
        with self._database.writing() as connection:
            for run in ids:
                found = connection.execute("SELECT state, session FROM runs WHERE id = ?", (run,)).fetchone()
                if found is None:
                    continue
                refuse_going_on(run, found[0], found[1], self.folder)
                n_deleted += connection.execute("DELETE FROM runs WHERE id = ?", (run,)).rowcount
        return n_deleted

    def tags(self) -> tuple[str, ...]:
        """Every tag that a run has, in the order of the alphabet; of one in several letter cases the newest.

        Raises:
            HistoryError: the history cannot be read.
            ResultFormatError: the notes of a run are damaged.
        """
        with self._reading() as connection:
            if connection is None:
                return ()
            tagged = connection.execute(f"SELECT notes FROM runs WHERE tags != '' {_ORDER}").fetchall()  # noqa: S608 - our own names
        found: dict[str, str] = {}
        for (notes,) in tagged:
            for tag in unpack(notes, Notes).tags:
                found.setdefault(fold(tag), tag)
        return tuple(found[key] for key in sorted(found))

    def import_file(self, path: str | Path) -> Entry:
        """Takes in a run that `entry.export` or `result.save` wrote, and saves it. Nothing in the file is executed.

        A run that is there already, the same in every cell, stays as it is and is given back. One of
        the same id that differs gets a new id.

        Raises:
            MissingPath: there is no such file.
            ResultFormatError: it is no such file, damaged, or of a newer version; says what is wrong.
            HistoryError: the history cannot be written.
        """
        from .transfer import import_run

        self._catch_up()
        return self[import_run(self._database, path)]

    def close(self) -> None:
        """Ends the recorder, if there is one, once what is pending is written; up to two seconds."""
        if self._recorder is not None:
            self._recorder.close()

    # ---- a sequence

    def __len__(self) -> int:
        with self._reading() as connection:
            if connection is None:
                return 0
            where, values = self._query.sql(connection, self.folder)
            (n_runs,) = connection.execute(f"SELECT count(*) FROM runs WHERE {where}", values).fetchone()  # noqa: S608 - see Query
            return int(n_runs)

    @overload
    def __getitem__(self, key: int | str) -> Entry: ...
    @overload
    def __getitem__(self, key: slice) -> list[Entry]: ...
    def __getitem__(self, key: int | str | slice) -> Entry | list[Entry]:
        if isinstance(key, slice):
            start, stop, step = key.indices(len(self))
            if step > 0:
                return self._read(max(0, stop - start), start)[::step]
            return [self[place] for place in range(start, stop, step)]
        if isinstance(key, str):
            rows = self._rows("id = ?", [key], 1, 0)
            if not rows:
                raise InvalidInput("run", key, "the id of a run in this history")
            return Entry(rows[0], self)
        place = key if key >= 0 else len(self) + key
        found = self._read(1, place) if place >= 0 else []
        if not found:
            raise IndexError(f"There is no run {key}: the history has {len(self)}.")
        return found[0]

    def __iter__(self) -> Iterator[Entry]:
        # By key, not by place: runs that come in meanwhile shift nothing.
        after: Row | None = None
        while True:
            where, values = ("1", [])
            if after is not None:
                where, values = "(created_at, number) < (?, ?)", [after.created_at, after.number]
            rows = self._rows(where, values, _PAGE, 0)
            for after in rows:
                yield Entry(after, self)
            if len(rows) < _PAGE:
                return

    def __contains__(self, entry: object) -> bool:
        run = entry.run if isinstance(entry, Entry) else entry
        return isinstance(run, str) and bool(self._rows("id = ?", [run], 1, 0))

    def __repr__(self) -> str:
        from .listing import list_text

        return list_text(self)

    def _repr_html_(self) -> str:
        from .listing import list_html

        return list_html(self)

    # ---- for entries

    def read_result(self, row: Row) -> RunResult:
        """All of a run; see `Entry.result`."""
        with self._reading() as connection:
            result = None if connection is None else read_result(connection, row, self.folder)
        if result is None:
            raise InvalidInput("run", row.id, _GONE)
        return result

    def write_notes(self, row: Row, notes: Notes) -> Row:
        """Saves a run under a name; see `Entry.save`."""
        values = note_values(notes)
        changes = ", ".join(f"{name} = ?" for name in values)
        with self._database.writing() as connection:
            connection.execute(
                f"UPDATE runs SET saved = 1, {changes} WHERE number = ?",  # noqa: S608 - our own names
                (*values.values(), row.number),
            )
            query = f"SELECT {COLUMNS} FROM runs WHERE number = ?"  # noqa: S608 - same
            found = connection.execute(query, (row.number,)).fetchone()
        if found is None:
            raise InvalidInput("run", row.id, _GONE)
        return read_row(found, self.folder)

    # ---- for the page

    def previews(self, entries: Sequence[Entry]) -> list[Preview]:
        """Colours and first words of these runs, without reading all of them; empty for one that is gone.

        Raises:
            HistoryError: the history cannot be read.
        """
        with self._reading() as connection:
            if connection is None:
                return [NO_PREVIEW for _ in entries]
            return [read_preview(connection, entry.run) for entry in entries]

    def take_out(self, runs: Sequence[str]) -> tuple[Removed, ...]:
        """As `delete`, and gives what `put_back` takes.

        Raises:
            InvalidInput: a living kernel is at one of them; none is deleted then.
            HistoryError: the history cannot be written.
        """
        self._catch_up()
        with self._database.writing() as connection:
            return take_out(connection, self.folder, runs)

    def put_back(self, removed: Iterable[Removed]) -> None:
        """Writes runs as they were; those that their kernel has written anew meanwhile stay as they are.

        Raises:
            HistoryError: the history cannot be written.
        """
        with self._database.writing() as connection:
            for run in removed:
                put_back(connection, run)

    # ---- inside

    def _catch_up(self) -> None:
        if self._recorder is not None:
            self._recorder.flush(_FLUSH_S)

    def _reading(self) -> AbstractContextManager[sqlite3.Connection | None]:
        self._catch_up()
        return self._database.reading()

    def _read(self, n_runs: int, start: int) -> list[Entry]:
        return [Entry(row, self) for row in self._rows("1", [], n_runs, start)]

    def _rows(self, where: str, values: list[object], n_runs: int, start: int) -> list[Row]:
        with self._reading() as connection:
            if connection is None:
                return []
            asked, more = self._query.sql(connection, self.folder)
            found = connection.execute(
                f"SELECT {COLUMNS} FROM runs WHERE {where} AND {asked} {_ORDER} LIMIT ? OFFSET ?",  # noqa: S608 - see Query
                (*values, *more, n_runs, start),
            ).fetchall()
        return [read_row(row, self.folder) for row in found]
