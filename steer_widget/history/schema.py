"""Tables of the database."""

from __future__ import annotations

import sqlite3
from typing import Final

VERSION: Final = 1
APPLICATION: Final = 0x53574831
"""SQLite's application_id of our files: "SWH1"."""

# A run's row is written anew with each cell that ends, so what is large and stays lies apart; blobs
# come last: SQLite need not read them for a search.
TABLES: Final = (
    """
    CREATE TABLE runs(
        number INTEGER PRIMARY KEY AUTOINCREMENT,
        id TEXT NOT NULL UNIQUE,
        session TEXT NOT NULL,       -- whose run it is; '' for an imported one
        created_at TEXT NOT NULL,    -- UTC, ISO 8601
        state TEXT NOT NULL,
        saved INTEGER NOT NULL,
        n_cells INTEGER NOT NULL,
        n_ended INTEGER NOT NULL,
        n_done INTEGER NOT NULL,
        n_tokens INTEGER NOT NULL,
        seconds REAL NOT NULL,
        tags TEXT NOT NULL,          -- folded, each between two marks
        model TEXT NOT NULL,         -- folded
        note_words TEXT NOT NULL,    -- name, description and tags, folded
        notes BLOB NOT NULL,         -- name, description, tags
        brief BLOB NOT NULL,         -- what a list shows of the parameters
        error BLOB
    )
    """,
    """
    CREATE TABLE heads(
        run INTEGER PRIMARY KEY REFERENCES runs(number) ON DELETE CASCADE,
        words TEXT NOT NULL,         -- prompts and steerings, folded
        body BLOB NOT NULL           -- the parameters, and what produced the texts
    )
    """,
    "CREATE INDEX runs_by_time ON runs(created_at, number)",
    "CREATE INDEX runs_by_state ON runs(state)",
    """
    CREATE TABLE cells(
        run INTEGER NOT NULL REFERENCES runs(number) ON DELETE CASCADE,
        cell INTEGER NOT NULL,
        words TEXT NOT NULL,         -- the text, folded
        body BLOB NOT NULL,
        PRIMARY KEY (run, cell)
    )
    """,
)


def create(connection: sqlite3.Connection) -> None:
    """Makes the tables of an empty database, whole or not at all."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        for statement in TABLES:
            connection.execute(statement)
        connection.execute(f"PRAGMA application_id = {APPLICATION}")
        connection.execute(f"PRAGMA user_version = {VERSION}")
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise
