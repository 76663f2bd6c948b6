"""What is searched for, as SQL. Everything a user types is a parameter, never part of the statement."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from pathlib import Path
from typing import Final, get_args

import msgspec

from ..errors import InvalidInput
from ..run_states import RUN_ENDED
from ..spec import RunState
from .session import is_alive
from .words import MARK, fold

STATES: Final = (*get_args(RunState), "interrupted")


class Query(msgspec.Struct, frozen=True):
    """Which runs; all of them where nothing is asked for.

    Attributes:
        words: folded; each has to occur somewhere in the run.
        tags: folded; the run has all of them.
        state: as a list shows it.
        model: folded; part of the name of model or SAE.
        saved: only those that were saved, or only those that were not.
    """

    words: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    state: str | None = None
    model: str = ""
    saved: bool | None = None

    @classmethod
    def of(cls, text: object, tags: object, state: object, model: object, saved: object) -> Query:
        """A query from what a user gives.

        Raises:
            InvalidInput: a value is refused.
        """
        if not isinstance(text, str):
            raise InvalidInput("text", text, "words that occur in the run")
        if isinstance(tags, str):
            tags = (tags,)
        if not isinstance(tags, (tuple, list, set, frozenset)) or not all(
            isinstance(tag, str) for tag in tags
        ):
            raise InvalidInput("tags", tags, "a tag, or a list of tags")
        if state is not None and (not isinstance(state, str) or state not in STATES):
            raise InvalidInput("state", state, ", ".join(STATES))
        if model is not None and not isinstance(model, str):
            raise InvalidInput("model", model, "the name of a model or an SAE, or a part of it")
        if saved is not None and not isinstance(saved, bool):
            raise InvalidInput("saved", saved, "True, False or None")
        return cls(tuple(fold(text).split()), tuple(map(fold, tags)), state, fold(model or ""), saved)

    def also(self, other: Query) -> Query:
        """Runs that fit both.

        Raises:
            InvalidInput: both ask for a state, a model or whether it was saved, and not for the same.
        """
        for name in ("state", "model", "saved"):
            mine, theirs = getattr(self, name), getattr(other, name)
            if mine not in (None, "", theirs) and theirs not in (None, ""):
                raise InvalidInput(name, theirs, f"{mine!r}: these runs were searched for by it already")
        return Query(
            self.words + other.words,
            self.tags + other.tags,
            self.state or other.state,
            self.model or other.model,
            self.saved if other.saved is None else other.saved,
        )

    def sql(self, connection: sqlite3.Connection, folder: Path) -> tuple[str, list[object]]:
        """The condition on the table `runs`, and its parameters."""
        parts: list[str] = ["1"]
        values: list[object] = []
        for word in self.words:
            parts.append(
                "(instr(note_words, ?) OR instr(model, ?)"
                " OR EXISTS (SELECT 1 FROM heads WHERE run = number AND instr(heads.words, ?))"
                " OR EXISTS (SELECT 1 FROM cells WHERE run = number AND instr(cells.words, ?)))"
            )
            values += [word] * 4
        for tag in self.tags:
            parts.append("instr(tags, ?)")
            values.append(f"{MARK}{tag}{MARK}")
        if self.model:
            parts.append("instr(model, ?)")
            values.append(self.model)
        if self.saved is not None:
            parts.append("saved = ?")
            values.append(int(self.saved))
        if self.state is not None:
            condition, more = _state_sql(connection, folder, self.state)
            parts.append(condition)
            values += more
        return " AND ".join(parts), values


def _state_sql(connection: sqlite3.Connection, folder: Path, state: str) -> tuple[str, list[object]]:
    ended = sorted(RUN_ENDED)
    if state in RUN_ENDED:
        return "state = ?", [state]
    not_ended = f"state NOT IN ({_marks(ended)})"
    sessions = connection.execute(f"SELECT DISTINCT session FROM runs WHERE {not_ended}", ended)  # noqa: S608 - marks
    alive = [session for (session,) in sessions if is_alive(folder, session)]
    if state == "interrupted":
        return f"{not_ended} AND session NOT IN ({_marks(alive)})", [*ended, *alive]
    return f"state = ? AND session IN ({_marks(alive)})", [state, *alive]


def _marks(values: Sequence[str]) -> str:
    return ", ".join("?" * len(values))
