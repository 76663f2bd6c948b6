"""What the kernel knows of features before the worker is asked: which SAEs, how many, labels, activations."""

from __future__ import annotations

import numbers
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

import msgspec

from . import methods
from .arguments import UNITLESS, as_count
from .bands import BandOf, in_raw
from .errors import InvalidInput, UnknownFeature
from .features.card_source import CardSource
from .features.named import NamedFeatures
from .features.search import Meant
from .features.table import FeatureTable
from .labels.columns import completed
from .protocol import FeatureCard
from .spec import Band, Edit, Feature, Steerable, Steering, feature_of

if TYPE_CHECKING:
    from .methods._base import Method

_N_SUGGESTED = 5
_INDEX = re.compile(r"[0-9]{1,12}")


class Hit(msgspec.Struct, frozen=True):
    """A feature that was found.

    Attributes:
        feature: which one.
        score: what it was found by; higher is better, comparable within one list.
        act: its activation on what was read, in the SAE's units: the largest on a text, or that on a token;
            None where nothing was read.
        output_score: how surely it writes what it stands for, 0 to 1, see `steerer.output_scores`; None where
            nobody asked, or it has none.
    """

    feature: Feature
    score: float
    act: float | None = None
    output_score: float | None = None


class KnownSae(msgspec.Struct, frozen=True):
    """An SAE of the steerer. `d_sae`: number of its features; None while it is not known."""

    name: str
    d_sae: int | None = None


class Catalog:
    """The features of all SAEs of a steerer. An SAE is named by its name; the first one by '' too.

    Attributes:
        band_of: gives the band of a direction, where it was calibrated.

    Args:
        saes: gives what is known of the SAEs now, in the order they were loaded; never none.
        tables: what is known of their features, by the SAE's place in that order; some may have no table.
    """

    def __init__(
        self, saes: Callable[[], Sequence[KnownSae]], tables: Mapping[int, FeatureTable] | None = None
    ) -> None:
        self._saes = saes
        self._tables = dict(tables or {})
        self._sources: dict[int, tuple[CardSource, ...]] = {}
        self._named: dict[int, tuple[FeatureTable, NamedFeatures]] = {}
        self.band_of: BandOf = _no_band

    @property
    def saes(self) -> tuple[str, ...]:
        """Names of the SAEs, the first one first."""
        return tuple(one.name for one in self._saes())

    @property
    def n_labels(self) -> int:
        """Number of features in all tables."""
        return sum(map(len, self._tables.values()))

    def learn(self, source: CardSource, sae: str = "") -> None:
        """From now on this source completes the cards of an SAE, after those that came before it.

        Raises:
            InvalidInput: there is no such SAE.
        """
        place = self._place(sae)
        self._sources[place] = (*self._sources.get(place, ()), source)

    def add(self, cards: Mapping[int, FeatureCard], sae: str = "") -> int:
        """From now on the table of an SAE has what these cards know, in place of what it said of the same.

        Args:
            cards: by index.
            sae: name of the SAE.

        Returns:
            How many features had another label before.

        Raises:
            UnknownFeature: an index outside the SAE; nothing is taken then.
            InvalidInput: there is no such SAE.
            LoadError: the temporary folder has no room for the table.
        """
        known, table = self._find(sae)
        for index in cards:
            _check_index(index, known.d_sae)
        before = {index: table.card(index) for index in table} if table is not None else {}
        after = {
            index: completed(before[index], cards[index]) if index in cards and index in before
            else cards.get(index) or before[index]
            for index in sorted({*before, *cards})
        }  # fmt: skip
        self._tables = {**self._tables, self._place(sae): FeatureTable.of(after.values())}
        return sum(bool(before[n].label) and before[n].label != after[n].label for n in cards if n in before)

    def feature(self, key: object, sae: str = "") -> Feature:
        """A feature by index or by its label.

        Args:
            key: 0-based index, or a label that one feature alone has (case does not matter).
            sae: name of its SAE.

        Raises:
            UnknownFeature: there is none.
            InvalidInput: there is no such SAE.
        """
        known, table = self._find(sae)
        if isinstance(key, str):
            return _by_label(table, key, sae)
        if isinstance(key, bool) or not isinstance(key, numbers.Integral):
            raise UnknownFeature("feature", key, _allowed(known.d_sae))
        index = int(key)
        _check_index(index, known.d_sae)
        return Feature(index, table.label(index) if table is not None else "", sae)

    def card(self, index: int, sae: str = "") -> FeatureCard:
        """All that is known of a feature: little where no table has it.

        Raises:
            UnknownFeature: index outside the SAE.
            InvalidInput: there is no such SAE.
        """
        known, table = self._find(sae)
        _check_index(index, known.d_sae)
        found = table.card(index) if table is not None and index in table else FeatureCard(index)
        return self._completed(found, sae)

    def search(self, text: object, limit: object, sae: str = "") -> tuple[tuple[FeatureCard, float], ...]:
        """Cards and scores, best first, by words of label, tokens and examples, or by index.

        Raises:
            InvalidInput: words, but there is no table to search; or `limit` is not a number from 1 up; or
                there is no such SAE.
        """
        known, table = self._find(sae)
        wanted = as_count("k", limit)
        if not isinstance(text, str):
            raise InvalidInput("text", text, "words to search for, or an index")
        if _INDEX.fullmatch(text.strip()) and (table is None or int(text) not in table):
            index = int(text)
            return ((self.card(index, sae), 0.0),) if known.d_sae is None or index < known.d_sae else ()
        if table is None:
            raise InvalidInput(
                "search", text, "an index: this SAE came without a feature table",
                hint="Give labels: steerer.add_labels('labels.csv'), or sw.load(..., features='features.jsonl').",
            )  # fmt: skip
        return tuple((self._completed(card, sae), score) for card, score in table.search(text, wanted))

    def meant(self, text: str, sae: str = "") -> Meant | None:
        """The first word of a search that stands nowhere, and what it is taken for; None where there is none.

        Raises:
            InvalidInput: there is no such SAE.
        """
        _, table = self._find(sae)
        return None if table is None else table.meant(text)

    def named(self, sae: str = "") -> NamedFeatures:
        """All features of an SAE that have a label; decoded when they are first asked for.

        Raises:
            InvalidInput: there is no table, or no such SAE.
        """
        place, (_, table) = self._place(sae), self._find(sae)
        if table is None:
            raise InvalidInput(
                "by", "meaning", "an SAE that has labels", hint="Give some: steerer.add_labels('labels.csv')."
            )
        held = self._named.get(place)
        if held is None or held[0] is not table:
            held = self._named[place] = (table, NamedFeatures.of(table))
        return held[1]

    def densities(self, sae: str = "") -> dict[int, float]:
        """Share of tokens on which each feature fires, by index; those that are not known are left out.

        Raises:
            InvalidInput: there is no such SAE.
        """
        _, table = self._find(sae)
        found = table.densities if table is not None else {}
        for source in self._sources.get(self._place(sae), ()):
            theirs = source.densities
            if theirs:
                found = {**found, **theirs} if source.comes_first else {**theirs, **found}
        return found

    def in_raw(self, steering: Steering) -> Steering:
        """The steering without the unit ``auto``: multiples of iso-KL strengths as raw strengths.

        Raises:
            InvalidInput: a direction was not calibrated, or has no iso-KL strength.
        """
        return in_raw(steering, self.band_of)

    def check(self, edits: Iterable[Edit]) -> dict[str, float]:
        """Refuses what can be refused without the worker. A control is judged by what it is the control of.

        Returns:
            Maximum activation by `Feature.key`, for the edits whose unit needs it.

        Raises:
            UnknownFeature: an index outside its SAE.
            InvalidInput: unknown SAE or method; a method that reads a feature's activation, on a vector; a unit
                for a method whose strength has none; unit max_act where no maximum is known.
        """
        used: dict[str, Method] = {}
        max_act: dict[str, float] = {}
        for edit in edits:
            feature = feature_of(edit.feature)
            if feature is not None:
                known, _ = self._find(feature.sae)
                _check_index(feature.index, known.d_sae)
            if edit.method is not None:
                if edit.method not in used:
                    used[edit.method] = methods.get(edit.method)
                _check_method(edit, edit.method, used[edit.method], feature)
            if edit.unit == "max_act":
                max_act.update(self._max_act(feature))
        return max_act

    def _max_act(self, feature: Feature | None) -> dict[str, float]:
        if feature is None:
            raise InvalidInput(
                "unit", "max_act", "raw or norm", hint="A vector has no activation, so it has no maximum."
            )
        found = self.card(feature.index, feature.sae).max_act
        if not found:
            raise InvalidInput(
                "unit", "max_act", "raw or norm",
                hint=f"The maximum activation of feature {feature.index} is not known: no feature table has it. "
                "steerer.profile(texts) finds it on your own texts.",
            )  # fmt: skip
        return {feature.key: found}

    def _completed(self, card: FeatureCard, sae: str) -> FeatureCard:
        for source in self._sources.get(self._place(sae), ()):
            card = source.complete(card)
        return card

    def _find(self, sae: object) -> tuple[KnownSae, FeatureTable | None]:
        place = self._place(sae)
        return self._saes()[place], self._tables.get(place)

    def _place(self, sae: object) -> int:
        known = self._saes()
        for place, one in enumerate(known):
            if sae == one.name or (sae == "" and place == 0):
                return place
        raise InvalidInput("sae", sae, ", ".join(one.name for one in known))


def _no_band(direction: Steerable, *, negative: bool = False) -> Band | None:
    """Of directions that nobody has calibrated."""
    del direction, negative
    return None


def _check_method(edit: Edit, name: str, method: Method, feature: Feature | None) -> None:
    if method.reads == "activation" and feature is None:
        fitting = [other for other in methods.built_in() if methods.get(other).reads != "activation"]
        raise InvalidInput(
            "method", name, ", ".join(fitting),
            hint=f"{name} reads a feature's activation, and a vector has none.",
        )  # fmt: skip
    if method.strength in UNITLESS and edit.unit not in (None, "raw"):
        what = "is a factor" if method.strength == "factor" else "is not used"
        raise InvalidInput("unit", edit.unit, "raw", hint=f"With the method {name} the strength {what}.")


def _by_label(table: FeatureTable | None, label: str, sae: str) -> Feature:
    if table is None:
        raise UnknownFeature("feature", label, "an index: this SAE came without a feature table")
    same = table.labelled(label) if label.strip() else []
    if len(same) == 1:
        return Feature(same[0].index, same[0].label, sae)
    suggested = "; ".join(f"{card.index} {card.label}" for card, _ in table.search(label, _N_SUGGESTED))
    hint = f"Near: {suggested}." if suggested else "No label has these words."
    raise UnknownFeature("feature", label, "an index, or a label that one feature alone has", hint=hint)


def _allowed(d_sae: int | None) -> str:
    return "a whole number from 0 up" if d_sae is None else f"0 to {d_sae - 1}"


def _check_index(index: int, d_sae: int | None) -> None:
    if index < 0 or (d_sae is not None and index >= d_sae):
        raise UnknownFeature("feature", index, _allowed(d_sae))
