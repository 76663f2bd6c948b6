"""Finds features by words: an SQLite full-text index in memory, ranked by bm25."""

from __future__ import annotations

import re
import sqlite3
import threading
from collections.abc import Iterable

from ..protocol import FeatureCard

_MAX_WORDS = 16
_ASCII_PUNCTUATION = re.compile(r"[!-/:-@\[-`{-~]")
# a feature is named by its label; the tokens it fires on say more of it than their surroundings
_COLUMN_WEIGHTS = (10.0, 3.0, 1.0)


class SearchIndex:
    """Words of every feature's label, of the tokens it fires on, and of the texts around them.

    Safe to use from any thread.
    """

    def __init__(self, cards: Iterable[FeatureCard]) -> None:
        self._lock = threading.Lock()
        self._db = sqlite3.connect(":memory:", check_same_thread=False)
        # contentless: the texts stay in the table of features, here are only their words
        self._db.execute(
            "CREATE VIRTUAL TABLE words USING fts5"
            "(label, tokens, examples, content='', tokenize='porter unicode61 remove_diacritics 2')"
        )
        with self._db:
            self._db.executemany(
                "INSERT INTO words(rowid, label, tokens, examples) VALUES (?, ?, ?, ?)", map(_row, cards)
            )

    def find(self, text: str, limit: int) -> list[tuple[int, float]]:
        """Features that match, best first.

        Each word counts from its beginning on ("mount" finds "mountains"). Features with all words
        come before features with some.

        Args:
            text: anything a person types; quotes and operators are plain characters.
            limit: how many at most.

        Returns:
            Pairs of feature index and score (higher is better, comparable within one search).
        """
        words = _quoted_words(text)
        if not words or limit < 1:
            return []
        found = self._match(" AND ".join(words), limit)
        if len(words) > 1 and len(found) < limit:
            lowest = min((score for _, score in found), default=None)
            taken = {index for index, _ in found}
            rest = [hit for hit in self._match(" OR ".join(words), limit + len(taken)) if hit[0] not in taken]
            found += [(index, score if lowest is None else min(score, lowest)) for index, score in rest]
        return found[:limit]

    def _match(self, query: str, limit: int) -> list[tuple[int, float]]:
        with self._lock:
            rows = self._db.execute(
                "SELECT rowid, -bm25(words, ?, ?, ?) AS score FROM words WHERE words MATCH ? "
                "ORDER BY score DESC, rowid LIMIT ?",
                (*_COLUMN_WEIGHTS, query, limit),
            )
            return [(int(index), float(score)) for index, score in rows]


def _row(card: FeatureCard) -> tuple[int, str, str, str]:
    tokens = " ".join(sorted({example.token for example in card.examples}))
    texts = "\n".join(example.left + example.token + example.right for example in card.examples)
    return card.index, _storable(card.label), _storable(tokens), _storable(texts)


def _storable(text: str) -> str:
    # SQLite takes neither half surrogate pairs nor text behind a zero byte
    return text.encode("utf-8", "ignore").decode().replace("\0", " ")


def _quoted_words(text: str) -> list[str]:
    words = _ASCII_PUNCTUATION.sub(" ", _storable(text)).split()
    words = [word for word in words if any(c.isalnum() for c in word)][:_MAX_WORDS]
    # several single letters as beginnings would match nearly everything, slowly
    return [f'"{word}"*' if len(word) > 1 or len(words) == 1 else f'"{word}"' for word in words]
