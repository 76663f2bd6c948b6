"""Texts as they are searched: letter case and widths do not count. The same in SQLite and here."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from typing import Final

MARK: Final = "\x1f"
"""Stands before and behind each tag; no folded text holds it."""


def fold(text: str) -> str:
    """A text in the one form that is stored for searching and searched for.

    SQLite stores no half surrogate pairs, and C libraries end a text at a zero character.
    """
    storable = text.encode("utf-8", "replace").decode()
    folded = unicodedata.normalize("NFKC", storable).casefold()
    return folded.replace("\0", " ").replace(MARK, " ")


def fold_all(texts: Iterable[str]) -> str:
    """Several texts as one; no word reaches from one into the next."""
    return "\n".join(map(fold, texts))


def fold_tags(tags: Iterable[str]) -> str:
    """Tags, each findable whole."""
    return "".join(f"{MARK}{fold(tag)}{MARK}" for tag in tags)
