"""What differs between a recipe and another run of it, in plain sentences."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import msgspec

from ..errors import InvalidInput
from ..protocol import Hashes
from ..spec import Steering
from .directions import with_directions
from .moved import moved

if TYPE_CHECKING:
    from .recipe import Recipe

_N_SHOWN_HEX = 12
_N_SHOWN_CELLS = 20


class Comparison(msgspec.Struct, frozen=True, kw_only=True):
    """A recipe beside another run of it.

    Attributes:
        cells: for each whether its tokens are the same; None: it did not end well on both sides.
        differences: what differs besides, a sentence each.
        unknown: what could not be compared, a sentence each.
    """

    cells: tuple[bool | None, ...]
    differences: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()

    @property
    def same(self) -> bool:
        """Whether all cells were compared and have the same tokens."""
        return all(self.cells)

    def __str__(self) -> str:
        compared = [same for same in self.cells if same is not None]
        n_same = sum(compared)
        if self.same:
            head = f"The tokens of all {len(self.cells)} cells are the same."
        else:
            head = f"The tokens of {n_same} of {len(self.cells)} cells are the same."
            others = [cell for cell, same in enumerate(self.cells) if same is False]
            head += f" Others: cells {_listed(others)}." if others else ""
            left_out = [cell for cell, same in enumerate(self.cells) if same is None]
            head += f" Not compared, as they did not end well: cells {_listed(left_out)}." if left_out else ""
        if not self.differences and not self.unknown:
            head += " Versions, device, number format and contents are the same."
        return "\n".join((head, *(f"- {line}" for line in (*self.differences, *self.unknown))))

    def __repr__(self) -> str:
        return f"<Comparison: {self}>"


def compare(recipe: Recipe, other: Recipe) -> Comparison:
    """What `Recipe.compare` does."""
    if len(recipe.cells) != len(other.cells):
        raise InvalidInput(
            "other",
            f"{len(other.cells)} cells",
            f"another run of this recipe, which has {len(recipe.cells)} cells",
        )
    cells = tuple(
        mine.tokens == theirs.tokens if mine.state == theirs.state == "done" else None
        for mine, theirs in zip(recipe.cells, other.cells, strict=True)
    )
    contents, unknown = other_contents(recipe, other.model.hashes)
    return Comparison(
        cells=cells,
        differences=(*_other_grid(recipe, other), *contents, *_other_circumstances(recipe, other)),
        unknown=unknown,
    )


def other_contents(recipe: Recipe, here: Hashes | None) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """In what the contents of model and SAEs differ, and what could not be told, a sentence each.

    SAEs are told by their hash, wherever they lie and whatever they are called. The chat template counts where the
    recipe renders one.
    """
    there = recipe.model.hashes
    if there is None or here is None:
        whose = "recipe" if there is None else "other run"
        return (), (f"Whether model and SAEs have the same contents: the {whose} has no hashes of them.",)
    unknown = []
    parts = {
        "weights": "weights",
        "config": "configuration",
        "tokenizer": "tokenizer",
        "template": "chat template",
    }
    if not recipe.renders_chats:
        del parts["template"]
    if there.of != here.of:
        # What is on the disk has another hash than what is in memory: nothing follows from that.
        del parts["weights"], parts["config"]
        unknown.append(
            "Whether the weights are the same: they were hashed on the disk on one side and in memory on the other."
        )
    elif not there.weights or not here.weights:
        del parts["weights"]
        unknown.append("Whether the weights are the same: on one side they were not all in memory.")
    differences = [
        f"The model's {words}: SHA-256 {_short(getattr(there, name))} in the recipe, {_short(getattr(here, name))} here."
        for name, words in parts.items()
        if getattr(there, name) != getattr(here, name)
    ]
    for name in recipe.used_saes:
        if there.saes.get(name) not in here.saes.values():
            what = f"SHA-256 {_short(there.saes.get(name, ''))} in the recipe"
            found = f"{_short(here.saes[name])} here" if name in here.saes else "not loaded here"
            differences.append(f"The SAE {name!r}: {what}, {found}.")
    return tuple(differences), tuple(unknown)


def _other_grid(recipe: Recipe, other: Recipe) -> Iterator[str]:
    for name in ("prompts", "samples", "generation"):
        if getattr(recipe.grid, name) != getattr(other.grid, name):
            yield f"What was run: {name} differ."
    steerings = moved(recipe, other.saes, other.model.hashes)[0].steerings
    if _unlabelled(steerings) != _unlabelled(other.grid.steerings):
        yield "What was run: steerings differ."


def _unlabelled(steerings: tuple[Steering, ...]) -> tuple[Steering, ...]:
    return with_directions(
        steerings,
        lambda feature: msgspec.structs.replace(feature, label=""),
        lambda vector: msgspec.structs.replace(vector, name=""),
    )


def _other_circumstances(recipe: Recipe, other: Recipe) -> Iterator[str]:
    there, here = recipe.model, other.model
    if there.dtype != here.dtype:
        yield f"Number format: {there.dtype} in the recipe, {here.dtype} here, which rounds otherwise."
    if (there.device, there.processor) != (here.device, here.processor):
        yield f"Device: {_device(there.device, there.processor)} in the recipe, {_device(here.device, here.processor)} here."
    if there.n_threads != here.n_threads and there.device == here.device == "cpu":
        yield f"Threads: {there.n_threads} in the recipe, {here.n_threads} here, so sums are taken in another order."
    for name in dict.fromkeys((*recipe.versions, *other.versions)):
        before, now = recipe.versions.get(name, "not known"), other.versions.get(name, "not known")
        if before != now:
            yield f"Version of {name}: {before} in the recipe, {now} here."


def _device(name: str, processor: str) -> str:
    return f"{name} ({processor})" if processor else name


def _short(digest: str) -> str:
    return f"{digest[:_N_SHOWN_HEX]}…" if digest else "none"


def _listed(cells: list[int]) -> str:
    shown = ", ".join(map(str, cells[:_N_SHOWN_CELLS]))
    return shown if len(cells) <= _N_SHOWN_CELLS else f"{shown} and {len(cells) - _N_SHOWN_CELLS} more"
