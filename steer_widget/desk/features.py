"""What the page asks about features, prompts and tokens; the worker answers most of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..arguments import as_count, with_defaults
from ..protocol import (
    CellsRead,
    CellTokens,
    FeaturesOn,
    FindFiring,
    Firing,
    Found,
    FoundFiring,
    NextTokenOf,
    NextTokenRead,
    NextTokens,
    Passage,
    PromptTokens,
    ReadCells,
    ReadNextToken,
    ReadTokens,
    Search,
    TokensOf,
    TokensRead,
)
from ..spec import check_prompt
from .aside import aside
from .from_worker import from_worker
from .handling import Handler, Later, handles

if TYPE_CHECKING:
    from ..steerer import Steerer
    from .cells import CellReader


class FeatureDesk:
    """Answers about features, prompts and tokens.

    Args:
        steerer: whose model and features they are.
        reader: reads cells of runs.
    """

    def __init__(self, steerer: Steerer, reader: CellReader) -> None:
        self._steerer = steerer
        self._reader = reader

    @property
    def handlers(self) -> dict[type, Handler]:
        """Who answers what."""
        return dict(
            [
                handles(Search, self._search),
                handles(FindFiring, self._firing),
                handles(ReadTokens, self._tokens),
                handles(ReadNextToken, self._next_token),
                handles(ReadCells, self._cells),
            ]
        )

    def _search(self, command: Search) -> Found:
        return Found(self._steerer.cards(command.text, command.limit, sae=command.sae))

    def _firing(self, command: FindFiring) -> Later:
        catalog, sae = self._steerer.catalog, command.sae
        question = FeaturesOn(
            0,
            Passage(check_prompt(command.prompt), command.chat),
            sae,
            as_count("limit", command.limit),
            catalog.densities(sae),
        )

        def found(firing: Firing) -> FoundFiring:
            cards = tuple(catalog.card(feature.index, sae) for feature in firing.features)
            return FoundFiring(firing.features, cards, firing.tokens)

        return from_worker(self._steerer.controller, question, Firing, found, "read the prompt")

    def _tokens(self, command: ReadTokens) -> Later:
        question = TokensOf(0, check_prompt(command.prompt), command.chat, with_defaults(command.columns))
        return from_worker(
            self._steerer.controller,
            question,
            PromptTokens,
            lambda read: TokensRead(read.tokens, read.steered),
            "read the prompt",
        )

    def _next_token(self, command: ReadNextToken) -> Later:
        catalog = self._steerer.catalog
        column = catalog.in_raw(with_defaults([command.steering])[0])
        max_act = catalog.check(column.edits)
        question = NextTokenOf(
            0, check_prompt(command.prompt), column, command.chat, as_count("k", command.k), max_act
        )
        return from_worker(
            self._steerer.controller,
            question,
            NextTokens,
            lambda read: NextTokenRead(read.tokens, read.kl, read.dose),
            "read the next token",
        )

    def _cells(self, command: ReadCells) -> CellsRead | Later:
        def read() -> CellsRead:
            cells = self._reader.cells(command.run, command.cells)
            return CellsRead(
                command.run, tuple(CellTokens(cell.index, cell.token_measures) for cell in cells)
            )

        return read() if self._reader.is_here(command.run) else aside(read)
