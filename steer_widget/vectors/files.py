"""Where vectors are written and read: names that say what is in them, sizes that are bounded."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from ..errors import InvalidInput, MissingPath

_MAX_WHY_CHARS: Final = 400  # it may quote what is in the file, which may be megabytes


def named(path: str | Path, suffix: str, *, otherwise: str) -> Path:
    """The path, refused unless it ends as files of that format do.

    Raises:
        InvalidInput: another suffix; `otherwise` says what writes others.
    """
    target = Path(path).expanduser()
    if target.suffix.lower() != suffix:
        raise InvalidInput("path", str(target), f"a file that ends in {suffix}", hint=otherwise)
    return target


def read_bounded(path: str | Path, max_bytes: int, wanted: str) -> tuple[Path, bytes]:
    """Where a file lies, and what is in it.

    Raises:
        MissingPath: there is no such file, or it cannot be read.
        InvalidInput: it is larger than `max_bytes`.
    """
    source = Path(path).expanduser()
    try:
        with source.open("rb") as file:
            body = file.read(max_bytes + 1)
    except (OSError, ValueError) as error:
        raise MissingPath("path", str(source), wanted, hint=str(error)) from error
    if len(body) > max_bytes:
        raise refused(source, wanted, f"it has more than {max_bytes:,} bytes")
    return source, body


def refused(source: Path, wanted: str, why: str) -> InvalidInput:
    """The error for a file that holds something else than it should."""
    shown = why if len(why) <= _MAX_WHY_CHARS else f"{why[: _MAX_WHY_CHARS - 1]}…"
    return InvalidInput("path", str(source), wanted, hint=f"{source.name}: {shown}.")
