"""What a list shows of a run beside its brief: the features of its columns, and the first words of its texts."""

from __future__ import annotations

import json
import logging
import re
import sqlite3
from typing import Final

import msgspec

from ..errors import ResultFormatError
from ..spec import Feature, Steering
from .body import peek, unpack
from .brief import MAX_SHOWN

MAX_CHARS: Final = 120
_MAX_PEEK_BYTES = 12 * MAX_CHARS + 64
"""Two escapes of six bytes for a character at most, and what stands before the text: none is cut in two."""

# As `plain_json` writes a `SavedCell`: its state, then its text.
_TEXT = re.compile(rb'\{"state":"[a-z]+","text":"((?:[^"\\]|\\u[0-9a-f]{4}|\\[^u])*)')
_log = logging.getLogger(__name__)


class Preview(msgspec.Struct, frozen=True):
    """One run in colours and first words.

    Attributes:
        features: of the first columns, each one's first feature; None for the baseline, a vector, a control.
        texts: of the first prompt under the same columns, first sample, cut; '' where none is written.
    """

    features: tuple[Feature | None, ...] = ()
    texts: tuple[str, ...] = ()


NO_PREVIEW: Final = Preview()


class _Columns(msgspec.Struct, frozen=True):
    steerings: tuple[Steering, ...]
    samples: int = 1


class _Head(msgspec.Struct, frozen=True):
    """As much of a `writing.Head` as is needed; the rest is passed over."""

    grid: _Columns


def read_preview(connection: sqlite3.Connection, run: str) -> Preview:
    """A run's preview; an empty one where it is gone or damaged, which reading the run itself tells in full."""
    found = connection.execute(
        "SELECT number, body FROM runs JOIN heads ON run = number WHERE id = ?", (run,)
    ).fetchone()
    if found is None:
        return NO_PREVIEW
    number, body = found
    try:
        grid = unpack(body, _Head).grid
        columns = grid.steerings[:MAX_SHOWN]
        cells = [column * grid.samples for column in range(len(columns))]
        marks = ", ".join("?" * len(cells))
        query = f"SELECT cell, body FROM cells WHERE run = ? AND cell IN ({marks})"  # noqa: S608 - marks
        bodies = dict(connection.execute(query, (number, *cells)))
        texts = tuple(_first_words(bodies[cell]) if cell in bodies else "" for cell in cells)
        return Preview(tuple(map(_feature, columns)), texts)
    except ResultFormatError as error:
        _log.info("the run %s has no preview: %s", run, error)
        return NO_PREVIEW


def _feature(column: Steering) -> Feature | None:
    direction = column.edits[0].feature if column.edits else None
    return direction if isinstance(direction, Feature) else None


def _first_words(body: bytes) -> str:
    found = _TEXT.match(peek(body, _MAX_PEEK_BYTES))
    if found is None:
        raise ResultFormatError("a cell does not begin with its state and text")
    text: str = json.loads(b'"' + found[1] + b'"')
    return text[:MAX_CHARS]
