"""The table of an SAE's features: one JSON line each, kept as it is, decoded when asked for."""

from __future__ import annotations

import gzip
import re
import zlib
from collections.abc import Iterable, Iterator
from pathlib import Path

import msgspec

from ..errors import LoadError, MissingPath, UnknownFeature
from ..protocol import FeatureCard
from .lines import Lines
from .search import Meant, SearchIndex

_GZIP_MAGIC = b"\x1f\x8b"


class _Line(FeatureCard, frozen=True, forbid_unknown_fields=False):
    """A card as a table's line holds it; lines may hold more than the cards do."""


class FeatureTable:
    """What is known of each feature. Safe to use from any thread.

    A table need not know every feature of its SAE.

    Attributes:
        densities: share of tokens on which each feature fires, by index; those that are not known are left out.
    """

    def __init__(self, lines: Lines, index: SearchIndex, densities: dict[int, float]) -> None:
        self._lines = lines
        self._search = index
        self.densities = densities

    @classmethod
    def read(cls, path: str | Path) -> FeatureTable:
        """Reads a table: JSON lines, gzipped or plain, with the fields of `FeatureCard`.

        Args:
            path: the file; more fields than the cards have are allowed.

        Raises:
            MissingPath: there is no such file, or it cannot be read.
            LoadError: it is damaged, and the text names the line; or the temporary folder has no room for it.
        """
        lines = Lines()
        # Kept apart: to gather them later would read the whole table again, while a cell waits.
        densities: dict[int, float] = {}
        index = SearchIndex(_cards(Path(path), lines, densities))
        return cls(lines, index, densities)

    @classmethod
    def of(cls, cards: Iterable[FeatureCard]) -> FeatureTable:
        """A table of these cards, one for each feature.

        Raises:
            LoadError: the temporary folder has no room for it.
        """
        lines = Lines()
        densities: dict[int, float] = {}
        index = SearchIndex(_kept(cards, lines, densities))
        return cls(lines, index, densities)

    def __len__(self) -> int:
        return len(self._lines)

    def __iter__(self) -> Iterator[int]:
        """Indices of the features."""
        return iter(self._lines)

    def __contains__(self, index: object) -> bool:
        return index in self._lines

    def card(self, index: int) -> FeatureCard:
        """All that is known of a feature.

        Raises:
            UnknownFeature: the table has no such feature.
        """
        line = self._lines.get(index)
        if line is None:
            raise UnknownFeature("feature", index, f"one of the {len(self)} features in the table")
        return msgspec.convert(_decode(line), FeatureCard, from_attributes=True)

    def max_act(self, index: int) -> float | None:
        """The largest activation seen; None where it is unknown or the feature never fired."""
        return (self.card(index).max_act or None) if index in self else None

    def label(self, index: int) -> str:
        """The feature's label; empty where nobody has named it."""
        return self.card(index).label if index in self else ""

    def labelled(self, label: str) -> list[FeatureCard]:
        """Features with exactly this label, but for case and spaces around it; lowest index first."""
        wanted = label.strip().casefold()
        cards = [self.card(index) for index in self._search.labelled(label)]
        return [card for card in cards if card.label.strip().casefold() == wanted]

    def search(self, text: str, limit: int = 20) -> list[tuple[FeatureCard, float]]:
        """Features by words of their label, their tokens and their examples; by index if `text` is a number.

        Args:
            text: anything a person types.
            limit: how many at most.

        Returns:
            Cards with their scores, best first; a score compares within this list only.
        """
        found = ((self.card(index), score) for index, score in self._search.find(text, limit * _SPARE))
        ranked = sorted(
            ((card, score * _worth(card, text)) for card, score in found), key=_score, reverse=True
        )
        number = int(text) if text.strip().isdecimal() and len(text.strip()) < _MAX_DIGITS else None
        if number is not None and number in self:
            best = max((score for _, score in ranked), default=0.0) + 1.0
            ranked = [(self.card(number), best), *(hit for hit in ranked if hit[0].index != number)]
        return ranked[: max(limit, 0)]

    def meant(self, text: str) -> Meant | None:
        """The first word of a search that stands nowhere, and what it is taken for."""
        return self._search.meant(text)


_MAX_DIGITS = 12
_SPARE = 4  # more than wanted are found, so that a clear label can overtake a mixed one
_TRUST = {3: 1.0, 2: 0.9, 1: 0.7}
_NAMED_SO = 1.3


def _worth(card: FeatureCard, text: str) -> float:
    """Words alone cannot tell a clear label from a mixed one, nor "war" from "warned"."""
    trust = _TRUST.get(card.label_confidence or 0, 0.8)
    name = text.strip()
    if not name or len(name) > len(card.label):  # a pattern out of a long text would take seconds to make
        return trust
    named = re.match(rf"\W*{re.escape(name)}\b", card.label, re.IGNORECASE)
    return trust * _NAMED_SO if named else trust


def _score(hit: tuple[FeatureCard, float]) -> tuple[float, float]:
    return hit[1], hit[0].max_act or 0.0


def _decode(line: bytes) -> _Line:
    return msgspec.json.decode(line, type=_Line)


def _cards(path: Path, lines: Lines, densities: dict[int, float]) -> Iterator[FeatureCard]:
    """Yields each card once and keeps its line and density: the whole table is never decoded at one time."""
    number = 0
    try:
        with path.open("rb") as probe:
            packed = probe.read(len(_GZIP_MAGIC)) == _GZIP_MAGIC
        with gzip.open(path, "rb") if packed else path.open("rb") as file:
            for number, line in enumerate(file, start=1):
                if not line.strip():
                    continue
                card = _decode(line)
                if card.index in lines or card.index < 0:
                    raise _damaged(path, number, f"the feature index {card.index} is negative or there twice")
                _keep(card, line.strip(), lines, densities)
                yield card
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise _damaged(path, number + 1, f"the compressed data ends or breaks here: {error}") from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise _damaged(path, number, str(error)) from error
    except OSError as error:
        raise MissingPath(
            "feature table", str(path), "a readable file of JSON lines", hint=str(error)
        ) from error


def _kept(cards: Iterable[FeatureCard], lines: Lines, densities: dict[int, float]) -> Iterator[FeatureCard]:
    for card in cards:
        _keep(card, msgspec.json.encode(card), lines, densities)
        yield card


def _keep(card: FeatureCard, line: bytes, lines: Lines, densities: dict[int, float]) -> None:
    lines.add(card.index, line)
    if card.density is not None:
        densities[card.index] = card.density


def _damaged(path: Path, line: int, what: str) -> LoadError:
    return LoadError(
        f"The feature table {path} is damaged at line {line}: {what}. Probably it was cut off or edited: "
        "get it again, or write it anew."
    )
