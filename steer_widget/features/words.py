"""What people type, as words of a full-text query."""

from __future__ import annotations

import re
from collections.abc import Sequence

_MAX_WORDS = 16
_NO_WORD = re.compile(r"[\W_]+")


def words_of(text: str) -> list[str]:
    """The words of a text, at most 16; quotes, operators and all that is no letter or number are spaces."""
    return _NO_WORD.sub(" ", storable(text)).split()[:_MAX_WORDS]


def beginning(word: str, words: Sequence[str]) -> str:
    """A query for words that begin so; of several words, a single letter is a word by itself.

    Several single letters as beginnings would match nearly everything.
    """
    return f'"{word}"*' if len(word) > 1 or len(words) == 1 else f'"{word}"'


def storable(text: str) -> str:
    """The text as SQLite takes it: without half surrogate pairs and zero bytes."""
    return text.encode("utf-8", "ignore").decode().replace("\0", " ")
