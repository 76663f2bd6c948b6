"""Rows of tables that others wrote as cards: which column is what, and what may stand in it."""

from __future__ import annotations

import math
import numbers
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Final, TypeVar

import msgspec

from ..errors import InvalidInput
from ..protocol import Example, FeatureCard

NAMES: Final[Mapping[str, tuple[str, ...]]] = {
    "index": ("index", "feature", "feature index", "feature id", "latent", "latent index", "id"),
    "label": ("label", "description", "explanation", "feature label", "name", "title"),
    "density": ("density", "frac nonzero", "frequency", "firing rate"),
    "max_act": ("max act", "max act approx", "max activation", "maximum activation"),
    "logit_lens_up": ("logit lens up", "pos str", "positive logits", "top tokens"),
    "logit_lens_down": ("logit lens down", "neg str", "negative logits"),
    "label_confidence": ("label confidence",),
    "output_score": ("output score",),
    "examples": ("examples",),
}
"""What a column may be called, in small letters and with spaces; the first that is there counts."""

_SPLIT = re.compile(r"[\s_\-.]+|(?<=[a-z])(?=[A-Z])")
_WHOLE = re.compile(r"[0-9]{1,12}(?:\.0+)?")
_MAX_LABEL = 2_000
_MAX_CONFIDENCE = 3

_K = TypeVar("_K")

Row = Mapping[str, object]


def columns_of(where: str, heads: Sequence[str]) -> dict[str, str]:
    """The source's columns by the field of the card that each fills.

    Args:
        where: the source, for errors.
        heads: names of its columns.

    Raises:
        InvalidInput: no column tells which feature a row is about, or none says anything of it.
    """
    known: dict[str, str] = {}
    for head in heads:
        known.setdefault(_plain(head), head)
    found = {
        field: known[name]
        for field, names in NAMES.items()
        if (name := next((name for name in names if name in known), None)) is not None
    }
    if "index" not in found:
        raise InvalidInput(
            f"columns of {where}", list(heads), "one called index or feature, with the number of the feature"
        )
    if len(found) == 1:
        raise InvalidInput(
            f"columns of {where}",
            list(heads),
            "besides the index, one called label, description or explanation",
        )
    return found


def card_of(place: str, row: Row, columns: Mapping[str, str]) -> FeatureCard:
    """A row as a card; empty cells are what nobody knows.

    Args:
        place: the row, for errors.
        row: its cells by the source's columns.
        columns: as `columns_of` gives them.

    Raises:
        InvalidInput: names the row, the column and what is allowed.
    """
    values = {}
    for field, column in columns.items():
        value = row.get(column)
        if not _is_missing(value):
            values[field] = _READ[field](f"{column}, {place}", value)
    if "index" not in values:
        raise InvalidInput(f"{columns['index']}, {place}", row.get(columns["index"]), _INDICES)
    return msgspec.convert(values, FeatureCard)


def joined(cards: Iterable[FeatureCard]) -> dict[int, FeatureCard]:
    """Cards by index: several labels of one feature one behind the other, of all else the last that is known."""
    found: dict[int, FeatureCard] = {}
    for card in cards:
        before = found.get(card.index)
        if before is None:
            found[card.index] = card
            continue
        same = card.label.casefold() in (one.casefold() for one in before.label.split(_BETWEEN))
        label = _BETWEEN.join(filter(None, (before.label, "" if same else card.label)))
        found[card.index] = msgspec.structs.replace(completed(before, card), label=label)
    return found


def completed(card: FeatureCard, newer: FeatureCard) -> FeatureCard:
    """The card with all that the newer one knows."""
    known = {
        field: value
        for field in newer.__struct_fields__
        if (value := getattr(newer, field)) not in (None, "", ())
    }
    return msgspec.structs.replace(card, **known)


_BETWEEN = "; "
_TOKENS = "a list of tokens"
_INDICES = "a feature's number, from 0 up"


def _plain(head: str) -> str:
    return " ".join(_SPLIT.split(head.strip())).casefold()


def _is_missing(value: object) -> bool:
    return (
        value is None
        or (isinstance(value, str) and not value.strip())
        or (isinstance(value, float) and math.isnan(value))
        or type(value).__name__ in ("NAType", "NaTType")
    )


def _index(place: str, value: object) -> int:
    number = math.nan
    if (isinstance(value, str) and _WHOLE.fullmatch(value.strip())) or (
        not isinstance(value, str | bool) and isinstance(value, numbers.Real)
    ):
        number = float(value)
    if not number.is_integer() or number < 0:
        raise InvalidInput(place, value, _INDICES)
    return int(number)


def _label(place: str, value: object) -> str:
    if not isinstance(value, str):
        raise InvalidInput(place, value, "text")
    return " ".join(value.split())[:_MAX_LABEL]


def _number(least: float, most: float, allowed: str) -> Callable[[str, object], float]:
    def read(place: str, value: object) -> float:
        try:
            number = float(value) if isinstance(value, str | numbers.Real) else math.nan
        except ValueError:
            number = math.nan
        if isinstance(value, bool) or not least <= number <= most:
            raise InvalidInput(place, value, allowed)
        return number

    return read


def _confidence(place: str, value: object) -> int:
    if str(value).strip() not in map(str, range(1, _MAX_CONFIDENCE + 1)):
        raise InvalidInput(place, value, "1, 2 or 3")
    return int(str(value))


def _list(kind: type[_K], allowed: str) -> Callable[[str, object], tuple[_K, ...]]:
    """Reads a list, or one written as JSON, as tables hold it."""

    def read(place: str, value: object) -> tuple[_K, ...]:
        try:
            given = msgspec.json.decode(value) if isinstance(value, str) else value
            return msgspec.convert(given.tolist() if hasattr(given, "tolist") else given, tuple[kind, ...])  # type: ignore[valid-type]
        except (msgspec.DecodeError, msgspec.ValidationError, UnicodeError) as error:
            raise InvalidInput(place, value, allowed, hint=f"{error}.") from error

    return read


_READ: Final[Mapping[str, Callable[[str, object], object]]] = {
    "index": _index,
    "label": _label,
    "density": _number(0.0, 1.0, "a share from 0 to 1"),
    "max_act": _number(0.0, 3e38, "a finite number, not negative"),
    "logit_lens_up": _list(str, _TOKENS),
    "logit_lens_down": _list(str, _TOKENS),
    "label_confidence": _confidence,
    "output_score": _number(0.0, 1.0, "a share from 0 to 1"),
    "examples": _list(Example, "a list of {'act': 3.2, 'left': …, 'token': …, 'right': …}"),
}
