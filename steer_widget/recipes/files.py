"""Recipes as files: versioned JSON, read with distrust."""

from __future__ import annotations

from pathlib import Path
from typing import Final, Literal

import msgspec

from ..errors import SteerError
from ..saving import read_versioned, unreadable, write_body
from .recipe import Recipe

FORMAT: Final = "steer_widget.recipe"
VERSION: Final = 1


class _Saved(Recipe, frozen=True, forbid_unknown_fields=True, kw_only=True):
    format: Literal["steer_widget.recipe"] = FORMAT
    version: Literal[1] = VERSION


def save_recipe(recipe: Recipe, path: str | Path) -> Path:
    """What `Recipe.save` does."""
    head = {"format": FORMAT, "version": VERSION}
    return write_body(
        path, msgspec.json.format(msgspec.json.encode({**head, **msgspec.structs.asdict(recipe)}))
    )


def load_recipe(path: str | Path) -> Recipe:
    """Reads what `Recipe.save` wrote; equal to what was saved.

    Raises:
        MissingPath: there is no such file, or it cannot be read.
        ResultFormatError: it is damaged, no recipe, or written by a newer version.
    """
    source, body, _ = read_versioned(
        path, "a file that recipe.save(path) wrote", FORMAT, oldest=VERSION, newest=VERSION
    )
    try:
        saved = msgspec.json.decode(body, type=_Saved)
    except (msgspec.DecodeError, UnicodeDecodeError, SteerError, RecursionError) as error:
        raise unreadable(source, str(error)) from error
    return Recipe(**{name: getattr(saved, name) for name in Recipe.__struct_fields__})
