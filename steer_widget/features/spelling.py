"""Words that stand nowhere, and those near them that do: what a person meant who typed "montains"."""

from __future__ import annotations

import sqlite3

_SHORTEST = 4
_LONG = 6  # letters, from which on two may be wrong: one of them may be an ending that is cut otherwise
_N_NEAR = 3


class Spelling:
    """Finds near words among those of a full-text index, as the index keeps them: without endings.

    Args:
        db: holds the index; the caller guards it.
        index: the index's name.
        tokenizer: its tokenizer.
    """

    def __init__(self, db: sqlite3.Connection, index: str, tokenizer: str) -> None:
        self._db = db
        self._terms: dict[str, int] | None = None
        db.execute(f"CREATE VIRTUAL TABLE spelling_terms USING fts5vocab({index}, row)")
        db.execute(f"CREATE VIRTUAL TABLE spelling_word USING fts5(word, content='', {tokenizer})")
        db.execute("CREATE VIRTUAL TABLE spelling_stem USING fts5vocab(spelling_word, row)")

    @staticmethod
    def can_be_wrong(word: str) -> bool:
        """Numbers and short words are what they are."""
        return len(word) >= _SHORTEST and word.isalpha()

    def near(self, word: str) -> list[str]:
        """Words that differ by a letter that is missing, wrong, too many or swapped with the next; in long words by two.

        The nearest ones only, of them those that most features have, at most 3.
        """
        from rapidfuzz import process  # it takes some milliseconds, and few people mistype
        from rapidfuzz.distance import OSA

        stem, terms = self._stem(word), self._known()
        n_wrong = 2 if len(word) >= _LONG else 1
        found = process.extract(stem, terms.keys(), scorer=OSA.distance, score_cutoff=n_wrong, limit=None)
        least = min((distance for _, distance, _ in found), default=0)
        nearest = [term for term, distance, _ in found if distance == least and term[0] == stem[0]] or [
            term for term, distance, _ in found if distance == least
        ]
        return sorted(nearest, key=lambda term: (-terms[term], term))[:_N_NEAR]

    def _known(self) -> dict[str, int]:
        """Words of the index, and how many features have each; read when a word is first mistyped."""
        if self._terms is None:
            rows = self._db.execute("SELECT term, doc FROM spelling_terms")
            self._terms = {term: doc for term, doc in rows if self.can_be_wrong(term)}
        return self._terms

    def _stem(self, word: str) -> str:
        """The word as the index would keep it."""
        self._db.execute("INSERT INTO spelling_word(rowid, word) VALUES (1, ?)", (word,))
        found = self._db.execute("SELECT term FROM spelling_stem").fetchone()
        self._db.execute("INSERT INTO spelling_word(spelling_word) VALUES ('delete-all')")
        return str(found[0]) if found else word.casefold()
