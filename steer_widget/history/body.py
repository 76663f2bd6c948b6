"""Values as the database keeps them: JSON in ASCII, packed.

JSON's escapes hold what SQLite's texts cannot, half surrogate pairs among it, and Python's JSON
holds infinities; packed, the probabilities of a cell's tokens take a quarter of the room, and
damage inside shows by the checksum.
"""

from __future__ import annotations

import json
import zlib
from pathlib import Path
from typing import TypeVar

import msgspec

from ..errors import ResultFormatError, SteerError

_T = TypeVar("_T")
_LEVEL = 1  # the fastest: a body is written while a run goes on


def plain_json(value: object) -> bytes:
    """A struct as JSON in ASCII."""
    return json.dumps(msgspec.to_builtins(value), separators=(",", ":")).encode("ascii")


def parse_json(body: bytes, kind: type[_T]) -> _T:
    """What `plain_json` wrote, or another JSON text; every value is checked.

    Raises:
        ResultFormatError: it is no such value.
    """
    try:
        return msgspec.convert(json.loads(body), kind)
    except (ValueError, RecursionError, SteerError, msgspec.ValidationError) as error:
        cause = error.__cause__ if isinstance(error.__cause__, SteerError) else None
        raise ResultFormatError(f"{cause or error}") from error


def pack(value: object) -> bytes:
    """A value for a BLOB."""
    return zlib.compress(plain_json(value), _LEVEL)


def unpack(body: object, kind: type[_T]) -> _T:
    """What `pack` made.

    Raises:
        ResultFormatError: it is damaged.
    """
    if not isinstance(body, bytes):
        raise ResultFormatError(f"a {type(body).__name__} stands where bytes should")
    try:
        plain = zlib.decompress(body)
    except zlib.error as error:
        raise ResultFormatError(f"{error}") from error
    return parse_json(plain, kind)


def peek(body: bytes, n_bytes: int) -> bytes:
    """The first bytes of the JSON that `pack` packed: the rest, a thousand times as much perhaps, stays packed.

    Raises:
        ResultFormatError: it is damaged.
    """
    try:
        return zlib.decompressobj().decompress(body, n_bytes)
    except zlib.error as error:
        raise ResultFormatError(f"{error}") from error


def unreadable(where: Path, what: str, error: SteerError) -> ResultFormatError:
    """The error for a part of the database that is damaged inside."""
    return ResultFormatError(
        f"{what} in {where} could not be read: {error}. It was probably damaged on the disk; other runs are not "
        "concerned. Delete it, or put a copy of the file in its place."
    )
