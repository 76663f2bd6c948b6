"""Checks that every value type shares: each refuses by field, value and what is allowed."""

from __future__ import annotations

import math
import numbers
from collections.abc import Sequence

import msgspec

from ..errors import InvalidInput

MAX_SEED = 2**53 - 1  # a page's numbers are doubles: larger seeds would change on the way


def one_of(field: str, value: object, allowed: Sequence[str]) -> None:
    """Refuses a value that is not among the allowed ones."""
    if value not in allowed:
        raise InvalidInput(field, value, ", ".join(allowed))


def whole(field: str, value: object, lowest: int, highest: int | None = None) -> int:
    """The value as an int, refused unless it is a whole number in the range."""
    allowed = (
        f"a whole number from {lowest} to {highest}"
        if highest is not None
        else f"a whole number from {lowest} up"
    )
    if isinstance(value, bool) or not isinstance(value, numbers.Integral):
        raise InvalidInput(field, value, allowed)
    number = int(value)
    if not lowest <= number <= (MAX_SEED if highest is None else highest):
        raise InvalidInput(field, value, allowed)
    return number


def finite(field: str, value: object, allowed: str = "a finite number") -> float:
    """The value as a float, refused unless it is a finite number."""
    if isinstance(value, bool) or not isinstance(value, numbers.Real):
        raise InvalidInput(field, value, allowed)
    try:
        number = float(value)
    except OverflowError as error:
        raise InvalidInput(field, value, allowed) from error
    if not math.isfinite(number):
        raise InvalidInput(field, value, allowed)
    return number


def switch(field: str, value: object) -> None:
    """Refuses anything but True and False."""
    if not isinstance(value, bool):
        raise InvalidInput(field, value, "True or False")


def text(field: str, value: object, allowed: str = "text") -> str:
    """The text itself, refused unless it is text that can be encoded."""
    if not isinstance(value, str):
        raise InvalidInput(field, value, allowed)
    try:
        value.encode()
    except UnicodeEncodeError as error:
        raise InvalidInput(
            field, value, "text of whole characters: half of a surrogate pair is none"
        ) from error
    return value


class Spec(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Base of the value types: immutable, comparable, hashable, encodable."""
