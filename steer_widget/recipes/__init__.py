"""Runs as small files that another machine makes again, and what came out otherwise there."""

from __future__ import annotations

from .comparison import Comparison, other_contents
from .files import load_recipe
from .moved import moved
from .recipe import Recipe, RecipeCell

__all__ = ["Comparison", "Recipe", "RecipeCell", "load_recipe", "moved", "other_contents"]
