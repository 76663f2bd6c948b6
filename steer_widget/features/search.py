"""Finds features by words, fast enough to search while somebody types: SQLite full-text indices, ranked by bm25.

names ── label, tokens it fires on ───────── few words each, ranked
lens ─── tokens it promotes and suppresses ─ only whether a word is there; asked where the names give too little
texts ── label and examples, every word ──── same, asked last
labels ─ codes of whole labels ───────────── for those that are exactly what was typed
"""

from __future__ import annotations

import hashlib
import itertools
import sqlite3
import threading
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from ..protocol import FeatureCard
from .spelling import Spelling
from .words import beginning, storable, words_of

_TOKENIZER = "tokenize='porter unicode61 remove_diacritics 2'"
# Contentless: the texts stay in the table of features, here are only their words.
_TABLES = (
    f"CREATE VIRTUAL TABLE names USING fts5(label, tokens, content='', prefix='1 2', {_TOKENIZER})",
    f"CREATE VIRTUAL TABLE lens USING fts5(words, content='', detail=none, {_TOKENIZER})",
    f"CREATE VIRTUAL TABLE texts USING fts5(words, content='', detail=none, {_TOKENIZER})",
)
_LABELS = ("CREATE TABLE labels(code INTEGER, number INTEGER)", "CREATE INDEX by_code ON labels(code)")
_ADD_LABEL = "INSERT INTO labels(code, number) VALUES (?, ?)"
_ADD_NAMES = "INSERT INTO names(rowid, label, tokens) VALUES (?, ?, ?)"
_ADD_LENS = "INSERT INTO lens(rowid, words) VALUES (?, ?)"
_ADD_TEXTS = "INSERT INTO texts(rowid, words) VALUES (?, ?)"
_CHUNK = 2_000

# A feature is named by its label.
_RANKED = "SELECT rowid, -bm25(names, 10.0, 3.0) FROM names WHERE names MATCH ? LIMIT ?"
_NAMED = "SELECT rowid FROM names WHERE names MATCH ? LIMIT ?"
_COUNTED = "SELECT count(*) FROM (SELECT 1 FROM names WHERE names MATCH ? LIMIT ?)"
_IN_LENS = "SELECT rowid FROM lens WHERE lens MATCH ? LIMIT ?"
_IN_TEXTS = "SELECT rowid FROM texts WHERE texts MATCH ? LIMIT ?"
_THERE_SCORE = 1e-6  # the least that bm25 gives

# Of a word that very many features have, so many are ranked: all would take too long.
_MAX_RANKED = 1_000
_MIN_RANKED = 250
# Beginnings of words in texts have no index: in a large table, short ones would have to gather half of all words.
_LARGE_TABLE = 20_000
_SHORTEST_BEGINNING = 4

Hit = tuple[int, float]


class Meant(NamedTuple):
    """A word that stands nowhere, and those near it, without their endings; none where nothing is near."""

    word: str
    near: tuple[str, ...]


class SearchIndex:
    """Words of every feature's label, of its tokens, and of the texts around them.

    Safe to use from any thread.
    """

    def __init__(self, cards: Iterable[FeatureCard]) -> None:
        self._lock = threading.Lock()
        self._db = sqlite3.connect(":memory:", check_same_thread=False)
        self._n_features = 0
        for table in (*_TABLES, *_LABELS):
            self._db.execute(table)
        self._spelling = Spelling(self._db, "names", _TOKENIZER)
        rest = iter(cards)
        with self._db:
            while chunk := list(itertools.islice(rest, _CHUNK)):
                self._n_features += len(chunk)
                self._db.executemany(
                    _ADD_LABEL, [(_code(card.label), card.index) for card in chunk if card.label]
                )
                self._db.executemany(_ADD_NAMES, map(_names, chunk))
                self._db.executemany(_ADD_LENS, map(_lens, chunk))
                self._db.executemany(_ADD_TEXTS, map(_texts, chunk))

    def find(self, text: str, limit: int) -> list[Hit]:
        """Features that match, best first.

        Each word counts from its beginning on ("mount" finds "mountains"). Features with all words
        come before features with some, those with words in label and tokens before those with words
        in examples alone. A word that stands nowhere ("montains") is taken for those near it.

        Args:
            text: anything a person types; quotes and operators are plain characters.
            limit: how many at most.

        Returns:
            Pairs of feature index and score (higher is better, comparable within one search).
        """
        words = words_of(text)
        if not words or limit < 1:
            return []
        found: dict[int, float] = {}
        for looked_for in (*self._with_near_words(words), words):
            # What has a near word in place of one that stands nowhere says more than what has the other words alone.
            hits = self._looked_for(text if looked_for is words else " ".join(looked_for), looked_for, limit)
            _put_behind(found, hits.items())
        return sorted(found.items(), key=_by_score)[:limit]

    def _looked_for(self, text: str, words: Sequence[str], limit: int) -> dict[int, float]:
        found: dict[int, float] = {}
        for hits in self._rounds(text, words, limit):
            _put_behind(found, hits)
            if len(found) >= limit:
                break
        return found

    def meant(self, text: str) -> Meant | None:
        """The first word that stands nowhere, and what it is taken for; None where all stand somewhere."""
        return self._mistyped(words_of(text))

    def _with_near_words(self, words: Sequence[str]) -> list[list[str]]:
        found = self._mistyped(words)
        if found is None:
            return []
        at = words.index(found.word)
        return [[*words[:at], other, *words[at + 1 :]] for other in found.near]

    def _mistyped(self, words: Sequence[str]) -> Meant | None:
        for word in words:
            if Spelling.can_be_wrong(word) and not self._stands_anywhere(word):
                with self._lock:
                    near = self._spelling.near(word)
                return Meant(word, tuple(near))
        return None

    def _stands_anywhere(self, word: str) -> bool:
        query = beginning(word, [word])
        with self._lock:
            is_name = self._db.execute(_NAMED, (query, 1)).fetchone() is not None
        return is_name or any(self._there(select, query, 1) for select in (_IN_LENS, _IN_TEXTS))

    def labelled(self, label: str) -> list[int]:
        """Features with exactly this label, but for case and spaces around it; lowest first."""
        with self._lock:
            rows = self._db.execute(
                "SELECT number FROM labels WHERE code = ? ORDER BY number", (_code(label),)
            )
            return [int(number) for (number,) in rows]

    def _rounds(self, text: str, words: Sequence[str], limit: int) -> Iterator[Iterable[Hit]]:
        """Looks further and further, as far as it is asked to."""
        elsewhere = [self._elsewhere(word, words) for word in words]
        yield self._named(text, [beginning(word, words) for word in words], limit)
        yield self._there(_IN_LENS, " AND ".join(elsewhere), limit)
        yield self._there(_IN_TEXTS, " AND ".join(elsewhere), limit)
        if len(words) > 1:
            yield self._named_by_some(words)
            for word in elsewhere:
                yield self._there(_IN_TEXTS, word, limit)

    def _named(self, text: str, words: Sequence[str], limit: int) -> list[Hit]:
        """All words in label and tokens; in the label, where more have them than can be ranked."""
        everywhere = " AND ".join(words)
        if self._count(everywhere) < _MAX_RANKED:
            return self._ranked(everywhere, _MAX_RANKED)
        found = dict(self._ranked(f"{{label}} : ({everywhere})", _MAX_RANKED))
        if len(found) < limit:
            found = {**dict(self._ranked(everywhere, _MAX_RANKED)), **found}
        best = max(found.values())
        for index in self._beginning_with(words):
            found[index] = 2 * best + found.get(index, 0.0)
        exactly = dict.fromkeys(self.labelled(text)[:limit], 4 * best)
        return list({**found, **exactly}.items())

    def _named_by_some(self, words: Sequence[str]) -> list[Hit]:
        """Some of the words in label and tokens: bm25 adds up over words, so each may be asked for by itself."""
        found: dict[int, float] = {}
        for word in words:
            for index, score in self._ranked(
                beginning(word, words), max(_MIN_RANKED, _MAX_RANKED // len(words))
            ):
                found[index] = found.get(index, 0.0) + score
        return list(found.items())

    def _elsewhere(self, word: str, words: Sequence[str]) -> str:
        is_costly = self._n_features > _LARGE_TABLE and len(word) < _SHORTEST_BEGINNING
        return f'"{word}"' if is_costly else beginning(word, words)

    def _ranked(self, query: str, limit: int) -> list[Hit]:
        with self._lock:
            return self._db.execute(_RANKED, (query, limit)).fetchall()

    def _count(self, query: str) -> int:
        """How many features are named so, counted no further than is ranked."""
        with self._lock:
            return int(self._db.execute(_COUNTED, (query, _MAX_RANKED)).fetchone()[0])

    def _beginning_with(self, words: Sequence[str]) -> list[int]:
        """Features whose label has the first word in front; not ranked, which would cost more than it tells."""
        query = " AND ".join([f"{{label}} : ^ {words[0]}", *words[1:]])
        with self._lock:
            return [int(index) for (index,) in self._db.execute(_NAMED, (query, _MAX_RANKED))]

    def _there(self, select: str, query: str, limit: int) -> list[Hit]:
        """Features that have the words; they score alike."""
        try:
            with self._lock:
                rows = self._db.execute(select, (query, limit + _MIN_RANKED)).fetchall()
        except sqlite3.OperationalError as error:
            if "phrase" not in str(error):
                raise
            return []  # a letter that is newer than this SQLite parts a word in two, whose order it does not keep here
        return [(index, _THERE_SCORE) for (index,) in rows]


def _put_behind(found: dict[int, float], hits: Iterable[Hit]) -> None:
    """Adds what a later round finds: it is worth no more than the least of the earlier ones."""
    new = [hit for hit in hits if hit[0] not in found]
    if found and new:
        share = min(1.0, min(found.values()) / max(score for _, score in new))
        new = [(index, score * share) for index, score in new]
    found.update(new)


def _by_score(hit: Hit) -> tuple[float, int]:
    return -hit[1], hit[0]


def _code(label: str) -> int:
    plain = label.strip().casefold().encode("utf-8", "surrogatepass")
    return int.from_bytes(hashlib.blake2b(plain, digest_size=8).digest(), "big", signed=True)


def _names(card: FeatureCard) -> tuple[int, str, str]:
    tokens = sorted({example.token for example in card.examples})
    return card.index, storable(card.label), storable(" ".join(tokens))


def _lens(card: FeatureCard) -> tuple[int, str]:
    return card.index, storable(" ".join((*card.logit_lens_up, *card.logit_lens_down)))


def _texts(card: FeatureCard) -> tuple[int, str]:
    examples = (example.left + example.token + example.right for example in card.examples)
    return card.index, storable("\n".join((card.label, *examples)))
