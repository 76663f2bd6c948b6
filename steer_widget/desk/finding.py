"""What the page asks by clicks on tokens and features: what fires, what tells apart, what is near, what it writes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from ..arguments import as_count
from ..asking import unfitting
from ..errors import InvalidInput
from ..passages import passage_of
from ..protocol import (
    CellPart,
    CoFiringOf,
    ContrastOf,
    FeaturesOn,
    FindAt,
    FindContrast,
    FindNeighbours,
    FindTogether,
    Firing,
    FoundFiring,
    FoundScored,
    Lens,
    LensOf,
    LensRead,
    NeighboursOf,
    OutputScored,
    OutputScores,
    OutputScoresOf,
    Part,
    Passage,
    ReadLens,
    Scored,
    ScoreOutput,
)
from ..spec import check_prompt, feature_of
from .aside import aside_then
from .from_worker import from_worker
from .handling import Handler, Later, handles

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from ..spec import Steerable
    from ..steerer import Steerer
    from .cells import CellReader

_MAX_SCORED = 256
"""Features whose output scores are asked for at once; a run that is on waits meanwhile."""


class FindingDesk:
    """Answers about tokens and features.

    Args:
        steerer: whose model and features they are.
        cells: reads what the page points at.
    """

    def __init__(self, steerer: Steerer, cells: CellReader) -> None:
        self._steerer = steerer
        self._cells = cells

    @property
    def handlers(self) -> dict[type, Handler]:
        """Who answers what."""
        return dict(
            [
                handles(FindAt, self._at),
                handles(FindContrast, self._contrast),
                handles(FindNeighbours, self._neighbours),
                handles(FindTogether, self._together),
                handles(ReadLens, self._lens),
                handles(ScoreOutput, self._score),
            ]
        )

    def _at(self, command: FindAt) -> Later:
        catalog, sae, part = self._steerer.catalog, command.sae, command.part
        k, density = as_count("limit", command.limit), catalog.densities(command.sae)

        def found(firing: Firing) -> FoundFiring:
            # Of a cell the page knows the completion alone, and numbers its tokens from 0.
            n_before = firing.n_prompt if isinstance(part, CellPart) else 0
            features = tuple(
                msgspec.structs.replace(one, token=one.token - n_before) for one in firing.features
            )
            cards = tuple(catalog.card(one.index, sae) for one in features)
            return FoundFiring(features, cards, firing.tokens[n_before:])

        def ask(passages: Sequence[Passage]) -> Later:
            question = FeaturesOn(0, passages[0], sae, k, density)
            return from_worker(self._steerer.controller, question, Firing, found, "read the text")

        return self._with_passages([part], ask)

    def _contrast(self, command: FindContrast) -> Later:
        sae, n_a = command.sae, len(command.a)
        k, density = as_count("limit", command.limit), self._steerer.catalog.densities(command.sae)
        for field, parts in (("a", command.a), ("b", command.b)):
            if not parts:
                raise InvalidInput(field, parts, "one part at least")

        def ask(passages: Sequence[Passage]) -> Later:
            a, b = tuple(passages[:n_a]), tuple(passages[n_a:])
            question = ContrastOf(0, a, b, sae, k=k, density=density)
            return self._scored(question, f"read {len(passages)} texts")

        return self._with_passages((*command.a, *command.b), ask)

    def _neighbours(self, command: FindNeighbours) -> Later:
        self._check(command.direction)
        k = as_count("limit", command.limit)
        return self._scored(NeighboursOf(0, command.direction, k=k), "compare the features")

    def _together(self, command: FindTogether) -> Later:
        self._check(command.feature)
        passages = self._steerer.examples_of(command.feature)
        k = as_count("limit", command.limit)
        question = self._steerer.co_firing_question(command.feature, passages, k)
        return self._scored(question, f"read {len(passages)} texts")

    def _lens(self, command: ReadLens) -> Later:
        self._check(command.direction)
        question = LensOf(0, command.direction, as_count("k", command.k))
        return from_worker(
            self._steerer.controller,
            question,
            Lens,
            lambda lens: LensRead(lens.up, lens.down),
            "read the unembedding",
        )

    def _score(self, command: ScoreOutput) -> OutputScored | Later:
        book, features = self._steerer.output_book, command.features
        if len(features) > _MAX_SCORED:
            raise InvalidInput("features", len(features), f"at most {_MAX_SCORED} features at once")
        for feature in features:
            self._check(feature)
        missing = book.missing(features)
        if not missing:
            return OutputScored(tuple(book.get(feature) for feature in features))

        what = f"score {len(missing)} features"

        def scored(found: OutputScores) -> OutputScored:
            if len(found.scores) != len(missing):
                raise unfitting(what)
            book.learn(missing, found.scores)
            return OutputScored(tuple(book.get(feature) for feature in features))

        question = OutputScoresOf(0, missing)
        return from_worker(self._steerer.controller, question, OutputScores, scored, what)

    # ---- inside

    def _scored(self, question: NeighboursOf | ContrastOf | CoFiringOf, what: str) -> Later:
        catalog = self._steerer.catalog

        def found(scored: Scored) -> FoundScored:
            cards = tuple(catalog.card(one.index, scored.sae) for one in scored.features)
            return FoundScored(scored.features, cards, scored.sae)

        return from_worker(self._steerer.controller, question, Scored, found, what)

    def _check(self, direction: Steerable) -> None:
        """Refuses a feature that is not there."""
        feature = feature_of(direction)
        if feature is not None:
            self._steerer.catalog.feature(feature.index, feature.sae)

    def _with_passages(self, parts: Sequence[Part], ask: Callable[[Sequence[Passage]], Later]) -> Later:
        """Asks with the passages of these parts; where they lie on the disk they are read aside."""

        def prepare() -> Later:
            return ask([self._passage(part) for part in parts])

        is_here = all(not isinstance(part, CellPart) or self._cells.is_here(part.run) for part in parts)
        return prepare() if is_here else aside_then(prepare)

    def _passage(self, part: Part) -> Passage:
        if not isinstance(part, CellPart):
            return Passage(check_prompt(part.prompt), part.chat, tokens=part.tokens)
        (cell,) = self._cells.cells(part.run, (part.cell,))
        self._cells.refuse_other_model(part.run)
        return passage_of(cell, "completion", part.tokens)
