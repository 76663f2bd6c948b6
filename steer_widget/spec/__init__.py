"""Frozen value types of a run: what is steered, how text is generated, and the grid of cells.

A run is a grid: prompts × steerings × samples. The unsteered baseline is the steering with no
edits. Every value checks itself when it is made, so a bad one never reaches the worker.
"""

from __future__ import annotations

from .band import Band, BandPoint
from .checks import MAX_SEED, Spec
from .direction import Control, Direction, Feature, Steerable, Vector, feature_of
from .generation import Generation
from .grid import Coordinates, Grid
from .limits import Limits
from .measure import MEASURES, Measure, as_measures
from .positions import (
    NAMED_POSITIONS,
    NamedPositions,
    Positions,
    PositionsLike,
    Schedule,
    Span,
    TokenPositions,
    as_positions,
)
from .prompt import Message, Prompt, check_prompt
from .selection import LAYOUTS, Layout, SelectedEdit, Selection, as_selected
from .states import CellState, FinishReason, RunState
from .steering import UNITS, Edit, Steering, Unit, as_edits, columns

__all__ = [
    "LAYOUTS",
    "MAX_SEED",
    "MEASURES",
    "NAMED_POSITIONS",
    "UNITS",
    "Band",
    "BandPoint",
    "CellState",
    "Control",
    "Coordinates",
    "Direction",
    "Edit",
    "Feature",
    "FinishReason",
    "Generation",
    "Grid",
    "Layout",
    "Limits",
    "Measure",
    "Message",
    "NamedPositions",
    "Positions",
    "PositionsLike",
    "Prompt",
    "RunState",
    "Schedule",
    "SelectedEdit",
    "Selection",
    "Span",
    "Spec",
    "Steerable",
    "Steering",
    "TokenPositions",
    "Unit",
    "Vector",
    "as_edits",
    "as_measures",
    "as_positions",
    "as_selected",
    "check_prompt",
    "columns",
    "feature_of",
]
