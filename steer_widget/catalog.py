"""What the kernel knows of an SAE's features before the worker is asked: how many, labels, activations."""

from __future__ import annotations

import numbers
import re
from collections.abc import Iterable

import msgspec

from . import methods
from .errors import InvalidInput, UnknownFeature
from .features.table import FeatureTable
from .protocol import FeatureCard
from .spec import Edit, Feature

_N_SUGGESTED = 5
_N_LOOKED_AT = 200
_INDEX = re.compile(r"[0-9]{1,12}")


class Hit(msgspec.Struct, frozen=True):
    """A feature that was found. `score`: higher is better, comparable within one list."""

    feature: Feature
    score: float


class Catalog:
    """The features of one SAE.

    Args:
        table: what is known of them; None where nobody made a table.
    """

    def __init__(self, table: FeatureTable | None) -> None:
        self._table = table

    @property
    def n_labels(self) -> int:
        """Number of features in the table."""
        return len(self._table) if self._table is not None else 0

    def feature(self, key: object, d_sae: int | None) -> Feature:
        """A feature by index or by its label.

        Args:
            key: 0-based index, or a label that one feature alone has (case does not matter).
            d_sae: number of features; None while it is not known.

        Raises:
            UnknownFeature: there is none.
        """
        if isinstance(key, str):
            return self._by_label(key)
        if isinstance(key, bool) or not isinstance(key, numbers.Integral):
            raise UnknownFeature("feature", key, _allowed(d_sae))
        index = int(key)
        _check_index(index, d_sae)
        return Feature(index, self._table.label(index) if self._table is not None else "")

    def card(self, index: int, d_sae: int | None) -> FeatureCard:
        """All that is known of a feature: little where no table has it.

        Raises:
            UnknownFeature: index outside the SAE.
        """
        _check_index(index, d_sae)
        return (
            self._table.card(index)
            if self._table is not None and index in self._table
            else FeatureCard(index)
        )

    def search(
        self, text: object, limit: object, d_sae: int | None = None
    ) -> tuple[tuple[FeatureCard, float], ...]:
        """Cards and scores, best first, by words of label, tokens and examples, or by index.

        Raises:
            InvalidInput: words, but there is no table to search; or `limit` is not a number from 1 up.
        """
        wanted = _count("k", limit)
        if not isinstance(text, str):
            raise InvalidInput("text", text, "words to search for, or an index")
        if _INDEX.fullmatch(text.strip()) and (self._table is None or int(text) not in self._table):
            index = int(text)
            return ((self.card(index, d_sae), 0.0),) if d_sae is None or index < d_sae else ()
        if self._table is None:
            raise InvalidInput(
                "search", text, "an index: this SAE came without a feature table",
                hint="Give one: sw.load(..., features='features.jsonl').",
            )  # fmt: skip
        return tuple(self._table.search(text, wanted))

    def check(self, edits: Iterable[Edit], d_sae: int | None) -> dict[str, float]:
        """Refuses what can be refused without the worker.

        Returns:
            Maximum activation by feature index (as text), for the edits whose unit needs it.

        Raises:
            UnknownFeature: an index outside the SAE.
            InvalidInput: unknown method, or unit max_act for a feature whose maximum is not known.
        """
        known = methods.names()
        max_act: dict[str, float] = {}
        for edit in edits:
            index = edit.feature.index
            _check_index(index, d_sae)
            if edit.method is not None and edit.method not in known:
                raise InvalidInput("method", edit.method, ", ".join(known))
            if edit.unit == "max_act":
                max_act[str(index)] = self._max_act(index)
        return max_act

    def _max_act(self, index: int) -> float:
        found = self._table.max_act(index) if self._table is not None else None
        if found is None:
            raise InvalidInput(
                "unit", "max_act", "raw or norm",
                hint=f"The maximum activation of feature {index} is not known: no feature table has it.",
            )  # fmt: skip
        return found

    def _by_label(self, label: str) -> Feature:
        if self._table is None:
            raise UnknownFeature("feature", label, "an index: this SAE came without a feature table")
        cards = [card for card, _ in self._table.search(label, _N_LOOKED_AT)]
        same = [card for card in cards if card.label.casefold() == label.strip().casefold()]
        if len(same) == 1:
            return Feature(same[0].index, same[0].label)
        near = same or cards
        suggested = "; ".join(f"{card.index} {card.label}" for card in near[:_N_SUGGESTED])
        hint = f"Near: {suggested}." if suggested else "No label has these words."
        raise UnknownFeature("feature", label, "an index, or a label that one feature alone has", hint=hint)


def _count(field: str, given: object) -> int:
    if isinstance(given, bool) or not isinstance(given, numbers.Integral) or given < 1:
        raise InvalidInput(field, given, "a whole number from 1 up")
    return int(given)


def _allowed(d_sae: int | None) -> str:
    return "a whole number from 0 up" if d_sae is None else f"0 to {d_sae - 1}"


def _check_index(index: int, d_sae: int | None) -> None:
    if index < 0 or (d_sae is not None and index >= d_sae):
        raise UnknownFeature("feature", index, _allowed(d_sae))
