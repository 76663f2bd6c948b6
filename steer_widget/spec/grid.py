"""The grid of cells: prompts × steerings × samples."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from ..errors import InvalidInput
from .checks import Spec, whole
from .generation import Generation
from .measure import Measure, as_measures
from .prompt import Prompt, check_prompt
from .selection import without_rows
from .steering import Edit, Steering

MAX_CELLS = 1_000_000


class Coordinates(Spec, frozen=True):
    """Where a cell stands in its grid, each 0-based."""

    prompt: int
    steering: int
    sample: int


class Grid(Spec, frozen=True):
    """All cells of a run, in the order prompt, steering, sample.

    Attributes:
        prompts: at least one.
        steerings: the columns, baseline first where there is one.
        samples: completions per prompt and steering. At most `MAX_CELLS` cells come of all three.
        generation: the same for all cells.
        measures: what to measure on each cell; None: all that the worker offers.
    """

    prompts: tuple[Prompt, ...]
    steerings: tuple[Steering, ...]
    samples: int = 1
    generation: Generation = Generation()
    measures: tuple[Measure, ...] | None = None

    def __post_init__(self) -> None:
        if not self.prompts:
            raise InvalidInput("prompts", self.prompts, "at least one prompt")
        if not self.steerings:
            raise InvalidInput("steerings", self.steerings, "at least one steering, or the baseline")
        msgspec.structs.force_setattr(self, "steerings", tuple(map(without_rows, self.steerings)))
        msgspec.structs.force_setattr(self, "prompts", tuple(check_prompt(p) for p in self.prompts))
        msgspec.structs.force_setattr(self, "samples", whole("samples", self.samples, 1))
        msgspec.structs.force_setattr(self, "measures", as_measures(self.measures))
        n_cells = len(self.prompts) * len(self.steerings) * self.samples
        if n_cells > MAX_CELLS:
            raise InvalidInput(
                "samples",
                self.samples,
                f"at most {MAX_CELLS:,} cells in all",
                hint=f"These are {len(self.prompts):,} prompts × {len(self.steerings):,} columns × "
                f"{self.samples:,} samples: start them in several runs.",
            )

    def __len__(self) -> int:
        return len(self.prompts) * len(self.steerings) * self.samples

    def coordinates(self, cell: int) -> Coordinates:
        """Where cell number `cell` stands.

        Raises:
            InvalidInput: there is no such cell.
        """
        if not 0 <= cell < len(self):
            raise InvalidInput("cell", cell, f"0 to {len(self) - 1}")
        rest, sample = divmod(cell, self.samples)
        prompt, steering = divmod(rest, len(self.steerings))
        return Coordinates(prompt, steering, sample)

    def edits(self) -> Iterator[Edit]:
        """Every edit of every column."""
        for steering in self.steerings:
            yield from steering.edits
