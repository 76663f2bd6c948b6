"""What a list of runs shows of one: its parameters in short, and the user's notes on it."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from ..cell import prompt_text
from ..protocol import ModelInfo, SaeInfo
from ..spec import Grid
from .words import fold_all

MAX_SHOWN = 4
_MAX_CHARS = 100


class Brief(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A run's parameters in short. Texts are cut, and of many only the first are there."""

    model: str
    saes: tuple[str, ...]
    prompts: tuple[str, ...]
    steerings: tuple[str, ...]
    n_prompts: int
    n_steerings: int


class Notes(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the user wrote about a run."""

    name: str = ""
    description: str = ""
    tags: tuple[str, ...] = ()

    @property
    def words(self) -> str:
        """All of it, for searching."""
        return fold_all((self.name, self.description, *self.tags))


def brief_of(grid: Grid, model: ModelInfo | None, saes: Sequence[SaeInfo]) -> Brief:
    """A grid in short, and the names of what it ran on."""
    return Brief(
        model="" if model is None else model.name,
        saes=tuple(sae.name for sae in saes),
        prompts=tuple(_short(prompt_text(prompt)) for prompt in grid.prompts[:MAX_SHOWN]),
        steerings=tuple(_short(str(steering)) for steering in grid.steerings[:MAX_SHOWN]),
        n_prompts=len(grid.prompts),
        n_steerings=len(grid.steerings),
    )


def words_of(grid: Grid) -> str:
    """Prompts and steerings, with the labels of their features, for searching."""
    return fold_all((*map(prompt_text, grid.prompts), *map(str, grid.steerings)))


def _short(text: str) -> str:
    return text if len(text) <= _MAX_CHARS else f"{text[: _MAX_CHARS - 1]}…"
