"""KL of many directions over their strengths, and where it meets a target.

Texts that the unsteered model wrote are read again under each direction, a few strengths of all directions in one
batch. KL grows like the square of the strength near zero, so log KL is interpolated over log strength; a second
round reads at what was found, and a secant corrects it (wassname/steering-lite does so for one direction).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from ..errors import GenerationError
from ..spec import Generation, Grid, Steering
from .hook_points import first_block
from .kl_reader import KlReader
from .prompt_tokens import prompt_ids_of
from .unheard import run_unheard

if TYPE_CHECKING:
    from ..spec import Prompt, Steerable
    from .checkpoint import Checkpoint
    from .engine import Engine
    from .kl_reader import KlRead
    from .row_edit import RowEdit

FIRST_SHARES = (0.04, 0.12, 0.3, 0.7)
"""Strengths of the first round, in residual norms."""

MOST_SHARE = 3.0
_LEAST_SHARE = 0.02
_NO_KL = 1e-6


@dataclass
class KlCurve:
    """KL of one direction, added on all tokens.

    Attributes:
        direction: which.
        edit: it, at a strength of one residual norm.
        unit: that strength, raw; negative where negative strengths are asked for.
        read: KL by strength in residual norms.
    """

    direction: Steerable
    edit: RowEdit
    unit: float
    read: dict[float, KlRead] = field(default_factory=dict)

    def crossing(self, target: float) -> float | None:
        """Strength in residual norms at which the p95 KL, in nats, meets the target; None: not within 0.02 to 3."""
        return met([(share, kl.p95) for share, kl in self.read.items()], target)

    def raw(self, share: float | None) -> float | None:
        """A strength in residual norms as a raw one."""
        return None if share is None else share * self.unit


class KlCurves:
    """Curves of several directions, which share all batches.

    Args:
        engine: the model.
        directions: what is added.
        prompts: behind which the unsteered model writes the texts, greedily.
        n_tokens: of each text.
        chat: as in `Generation`.
        negative: whether strengths are negative.
        checkpoint: passed between batches.

    Attributes:
        curves: of each direction, in their order.

    Raises:
        TaskStopped: at a checkpoint.
        InvalidInput: a direction or a prompt is refused.
        GenerationError: the model writes nothing behind any prompt.
    """

    def __init__(
        self,
        engine: Engine,
        directions: Sequence[Steerable],
        prompts: Sequence[Prompt],
        *,
        n_tokens: int,
        chat: bool,
        negative: bool = False,
        checkpoint: Checkpoint,
    ) -> None:
        self.curves = [_curve(engine, direction, negative=negative) for direction in directions]
        self._checkpoint = checkpoint
        texts = _unsteered_texts(engine, prompts, n_tokens, checkpoint, chat=chat)
        lowest = min(first_block(engine.adapter.point(curve.edit.hook_name)) for curve in self.curves)
        self._reader = KlReader(engine.adapter, texts, lowest)

    def noise(self) -> float:
        """p95 KL, in nats, that rounding alone makes, see `KlReader.noise`."""
        return self._reader.noise()

    def measure(self, *targets: float) -> None:
        """Reads each direction at a few strengths, then where its p95 KL should meet the targets.

        Raises:
            TaskStopped: at a checkpoint.
        """
        self._read([(curve, share) for curve in self.curves for share in FIRST_SHARES])
        self._read(
            [
                (curve, share)
                for curve in self.curves
                for target in targets
                if (share := curve.crossing(target)) is not None and share not in curve.read
            ]
        )

    def _read(self, asked: Sequence[tuple[KlCurve, float]]) -> None:
        edits = [replace(curve.edit, strength=share * curve.unit) for curve, share in asked]
        for (curve, share), kl in zip(asked, self._reader.read(edits, self._checkpoint), strict=True):
            curve.read[share] = kl


def _curve(engine: Engine, direction: Steerable, *, negative: bool) -> KlCurve:
    edit = direction.at(-1.0 if negative else 1.0, unit="norm", method="add", positions="all")
    resolved = engine.directions.resolve(edit, {})
    if resolved is None:
        raise GenerationError("a strength of one residual norm was taken for nothing")
    return KlCurve(direction, resolved, resolved.strength)


def _unsteered_texts(
    engine: Engine, prompts: Sequence[Prompt], n_tokens: int, checkpoint: Checkpoint, *, chat: bool
) -> list[tuple[list[int], list[int]]]:
    """Prompt and what the model writes behind it, as tokens."""
    grid = Grid(tuple(prompts), (Steering(),), 1, Generation(max_new_tokens=n_tokens, chat=chat), measures=())
    read = [prompt_ids_of(engine.adapter, prompt, chat=chat) for prompt in prompts]
    completions = [list(end.token_ids) for end, _ in run_unheard(engine, grid, checkpoint)]
    texts = [(prompt, text) for prompt, text in zip(read, completions, strict=True) if text]
    if not texts:
        raise GenerationError(
            "The model wrote nothing behind the prompts, so no strength can be compared. Give other prompts."
        )
    return texts


def met(points: Sequence[tuple[float, float]], target: float) -> float | None:
    """Where log value, linear over log share between the points and beyond them, meets the target.

    The first crossing counts: beyond it the text is further gone, whatever the value does there.
    """
    known = sorted((share, max(value, _NO_KL)) for share, value in points if math.isfinite(value))
    if not known:
        return None
    above = next((n for n, (_, value) in enumerate(known) if value >= target), len(known) - 1)
    low, high = (known[above - 1], known[above]) if above else (known[0], known[min(1, len(known) - 1)])
    (a, va), (b, vb) = low, high
    slope = math.log(vb / va) / math.log(b / a) if b > a else 2.0
    slope = slope if slope > 0.5 else 2.0
    share = a * math.exp(math.log(target / va) / slope)
    return share if _LEAST_SHARE <= share <= MOST_SHARE else None
