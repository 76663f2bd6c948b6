"""Names of sets as people write them, and as files that any disk takes."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Container

from ..errors import InvalidInput
from ..spec.checks import text

MAX_NAME_CHARS = 200
_ALLOWED = f"1 to {MAX_NAME_CHARS} characters"
_MAX_STEM_CHARS = 40
_UNSAFE = re.compile(r"[^a-z0-9]+")


def check_name(given: object) -> str:
    """The name without spaces around it; letters with accents are the same however they are put together.

    Raises:
        InvalidInput: it is no text, empty, or too long.
    """
    name = unicodedata.normalize("NFC", text("name", given, _ALLOWED)).strip()
    if not name or len(name) > MAX_NAME_CHARS:
        raise InvalidInput("name", given, _ALLOWED)
    return name


def file_name(name: str) -> str:
    """A file name for a set: it can be recognised, no disk refuses it, and no two names share it."""
    code = hashlib.sha256(name.encode()).hexdigest()[:16]
    return "-".join(part for part in (file_stem(name), code) if part) + ".json"


def file_stem(name: str) -> str:
    """What of a name any disk takes, in small letters; may be empty."""
    plain = unicodedata.normalize("NFKD", name.casefold())
    ascii_only = "".join(c for c in plain if not unicodedata.combining(c))
    return _UNSAFE.sub("-", ascii_only)[:_MAX_STEM_CHARS].strip("-")


def free_name(name: str, taken: Container[str]) -> str:
    """The name, with a number behind it where it is taken."""
    number, free = 1, name
    while free in taken:
        number += 1
        ending = f" ({number})"
        free = name[: MAX_NAME_CHARS - len(ending)] + ending
    return free
