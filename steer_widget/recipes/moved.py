"""A recipe's grid where its SAEs have other names: they are told by their contents."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from ..protocol import Hashes, SaeInfo
from ..spec import Feature, Grid, Vector
from .directions import with_directions

if TYPE_CHECKING:
    from .recipe import Recipe


def moved(recipe: Recipe, saes: tuple[SaeInfo, ...], hashes: Hashes | None) -> tuple[Grid, dict[str, float]]:
    """The grid and the maximum activations with the names that the SAEs have here.

    An SAE is the one with the same hash; where there is none, the one of the same name, else that in the same place.

    Args:
        recipe: whose grid.
        saes: that are loaded here, the first one first.
        hashes: of their contents; None: not known.
    """
    names = _names(recipe, saes, hashes)
    first = recipe.saes[0]
    if all(before == after for before, after in names.items()) and first.name == saes[0].name:
        return recipe.grid, recipe.max_act

    def feature(given: Feature) -> Feature:
        name = names.get(given.sae or first.name, given.sae)
        return msgspec.structs.replace(given, sae="" if name == saes[0].name else name)

    def vector(given: Vector) -> Vector:
        return msgspec.structs.replace(given, hook_name=given.hook_name or first.hook_name)

    steerings = with_directions(recipe.grid.steerings, feature, vector)
    max_act = {feature(_feature(key)).key: value for key, value in recipe.max_act.items()}
    return msgspec.structs.replace(recipe.grid, steerings=steerings), max_act


def _feature(key: str) -> Feature:
    """The feature of a `Feature.key`."""
    sae, _, index = key.rpartition("/")
    return Feature(int(index), sae=sae)


def _names(recipe: Recipe, saes: tuple[SaeInfo, ...], hashes: Hashes | None) -> dict[str, str]:
    """From the names of the recipe's SAEs to those here."""
    there = recipe.model.hashes.saes if recipe.model.hashes is not None else {}
    found = hashes.saes if hashes is not None else {}
    here = [sae.name for sae in saes]
    names = {}
    for place, sae in enumerate(recipe.saes):
        same = [name for name in here if found.get(name) == there.get(sae.name, "")]
        if sae.name in same or (not same and sae.name in here):
            names[sae.name] = sae.name
        elif same:
            names[sae.name] = same[0]
        elif place < len(here):
            names[sae.name] = here[place]
    return names
