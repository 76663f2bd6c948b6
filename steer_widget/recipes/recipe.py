"""What a run was made of, and the hashes of what came out: enough to make it again and to tell whether it is the same."""

from __future__ import annotations

import hashlib
from pathlib import Path

import msgspec

from ..errors import InvalidInput
from ..protocol import ModelInfo, SaeInfo
from ..result import RunResult
from ..spec import CellState, Grid, feature_of
from .comparison import Comparison, compare

_N_HEX = 32  # 128 bits


class RecipeCell(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What came out of a cell. `tokens`: the first half of the SHA-256 of its token ids as little-endian int64."""

    state: CellState
    n_tokens: int
    tokens: str


class Recipe(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A run without its texts: `run.recipe()` gives it, `steerer.rerun(recipe)` makes it again.

    Attributes:
        grid: prompts, steerings, samples, generation with its seed, measures.
        max_act: maximum activation by `Feature.key`, where a unit needed it.
        model: what was loaded: dtype, device, threads, `hashes` of its contents and those of the SAEs.
        saes: in their order.
        versions: of Python and of the packages that took part, by name.
        cells: in the order prompt, steering, sample.
        run: id of the run.
        created_at: when it was submitted; UTC, ISO 8601.
    """

    grid: Grid
    max_act: dict[str, float]
    model: ModelInfo
    saes: tuple[SaeInfo, ...]
    versions: dict[str, str]
    cells: tuple[RecipeCell, ...]
    run: str = ""
    created_at: str = ""

    def __post_init__(self) -> None:
        if len(self.cells) != len(self.grid):
            raise InvalidInput(
                "cells", f"{len(self.cells)} cells", f"{len(self.grid)}, as many as the grid has"
            )
        if not self.saes:
            raise InvalidInput("saes", self.saes, "at least one SAE")

    @classmethod
    def of(cls, result: RunResult, model: ModelInfo) -> Recipe:
        """The recipe of a result that was made with this model, whose hashes are known."""
        return cls(
            grid=result.grid,
            max_act=result.max_act,
            model=model,
            saes=result.saes,
            versions=result.versions,
            cells=tuple(
                RecipeCell(cell.state, cell.n_tokens, hash_tokens(cell.token_ids)) for cell in result.cells
            ),
            run=result.run,
            created_at=result.created_at,
        )

    @property
    def renders_chats(self) -> bool:
        """Whether a prompt goes through the model's chat template."""
        return self.grid.generation.chat or any(not isinstance(prompt, str) for prompt in self.grid.prompts)

    @property
    def used_saes(self) -> tuple[str, ...]:
        """Names of the SAEs whose features steer."""
        features = (feature_of(edit.feature) for edit in self.grid.edits())
        return tuple(dict.fromkeys(f.sae or self.saes[0].name for f in features if f is not None))

    def save(self, path: str | Path) -> Path:
        """Writes it to a JSON file that `sw.load_recipe` reads; whole or not at all.

        Raises:
            MissingPath: the folder does not exist or cannot be written.
        """
        from .files import save_recipe

        return save_recipe(self, path)

    def compare(self, other: RunResult | Recipe) -> Comparison:
        """Whether another run of it gave the same tokens, cell by cell, and what differs in plain sentences.

        Contents of model and SAEs are compared by hash where both sides know theirs: a recipe does, and a result
        of `steerer.rerun`.

        Raises:
            InvalidInput: it has another number of cells, or never came to its model.
        """
        if isinstance(other, Recipe):
            return compare(self, other)
        if other.model is None:
            raise InvalidInput("other", other.run, "a run that came to its model")
        return compare(self, Recipe.of(other, other.model))

    def __repr__(self) -> str:
        return f"<Recipe of run {self.run}: {len(self.cells)} cells on {self.model.name}, {self.model.dtype}>"


def hash_tokens(token_ids: tuple[int, ...]) -> str:
    """What a recipe keeps of a completion's tokens."""
    values = b"".join(token.to_bytes(8, "little", signed=True) for token in token_ids)
    return hashlib.sha256(values).hexdigest()[:_N_HEX]
