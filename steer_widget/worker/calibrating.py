"""The band of strengths of directions: where the effect begins, where KL is 1 nat, where texts fall apart.

texts of the unsteered model ─► read again at a few strengths ─► log KL over log strength ─► onset, iso_kl
iso_kl ─► texts written at strengths above it, all in one batch ─► share that has collapsed ─► collapse
       ─► written once more between the last that held and the first that did not

Many directions share each batch.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from ..protocol import Calibrated
from ..spec import Band, BandPoint, Generation, Grid, Steering
from .kl_curves import MOST_SHARE, KlCurve, KlCurves
from .unheard import run_unheard

if TYPE_CHECKING:
    from ..protocol import Calibrate, CellDone, Measures
    from .checkpoint import Checkpoint
    from .engine import Engine
    from .tasks import Report

ISO_KL: Final = 1.0
"""p95 KL over tokens in nats (wassname/steering-lite)."""

ONSET_KL: Final = 0.02
"""p95 KL where the effect begins, unless rounding alone makes a tenth of that: then ten times what it makes."""

PERPLEXING: Final = 5.0
"""A text this many times as perplexing to the unsteered model as its own has collapsed (benchmarks/collapse_dose.py)."""

_N_ROUNDINGS = 10.0
_N_READ_TOKENS = 20
_N_STEPS, _STEP = 5, 1.5
_N_BETWEEN = 2
_USUAL_SHARE = 0.3  # where texts begin to be written when iso_kl was not met
_N_SAMPLES = 2
_N_WRITTEN_TOKENS = 20
_HALF = 0.5
_COLLAPSED_FLAGS = frozenset({"empty", "looping"})
_WORDS = (
    "writing without steering",
    "reading at several strengths",
    "writing at several strengths",
    "writing in between",
)


@dataclass
class _Calibration:
    """One direction: its KL, and what became of texts. Strengths are shares of the residual norm here.

    Attributes:
        curve: KL by share.
        texts: perplexity over the usual, and the share that has collapsed, by share.
    """

    curve: KlCurve
    texts: dict[float, tuple[float, float]] = field(default_factory=dict)

    def between(self) -> tuple[float, float] | None:
        """The last share at which most texts held, and the first at which they did not; None where none fell apart."""
        shares, gone = self._collapsed()
        first = next((n for n, share in enumerate(gone) if share >= _HALF), None)
        if first is None:
            return None
        return (shares[first - 1] if first else shares[0] / _STEP**2), shares[first]

    def collapse(self) -> float | None:
        """The share at which half of the texts have collapsed."""
        found = self.between()
        if found is None:
            return None
        low, high = found
        known = dict(zip(*self._collapsed(), strict=True))
        below, above = known.get(low, 0.0), known[high]
        return low * (high / low) ** ((_HALF - below) / (above - below)) if above > below else high

    def _collapsed(self) -> tuple[list[float], list[float]]:
        """Shares, and how many texts had collapsed there, made to rise: eight texts say little by themselves."""
        shares = sorted(self.texts)
        return shares, rising([self.texts[share][1] for share in shares])

    def band(self, floor: float) -> Band:
        """What was found, raw."""
        curve = self.curve
        shares = sorted({*curve.read, *self.texts})
        return Band(
            curve.raw(curve.crossing(floor)),
            curve.raw(curve.crossing(ISO_KL)),
            curve.raw(self.collapse()),
            tuple(map(self._point, shares)),
        )

    def _point(self, share: float) -> BandPoint:
        mean, p95 = self.curve.read.get(share, (None, None))
        perplexity, collapsed = self.texts.get(share, (None, None))
        return BandPoint(
            share * self.curve.unit, share, _finite(mean), _finite(p95), _finite(perplexity), collapsed
        )


def calibrate(engine: Engine, task: Calibrate, report: Report, checkpoint: Checkpoint) -> Calibrated:
    """Finds the band of each direction.

    - onset: p95 KL passes `ONSET_KL`, or ten times what rounding makes.
    - iso_kl: p95 KL is 1 nat over some 20 tokens behind each prompt. Both on texts that the unsteered model wrote.
    - collapse: half of the texts written, two behind each prompt, are empty, loop, or are more than five times as
      perplexing to the unsteered model as its own.

    Raises:
        TaskStopped: it was stopped.
        InvalidInput: a direction or a prompt is refused.
    """
    report(0, len(_WORDS), _WORDS[0])
    curves = KlCurves(
        engine,
        task.directions,
        task.prompts,
        n_tokens=_N_READ_TOKENS,
        chat=task.chat,
        negative=task.negative,
        checkpoint=checkpoint,
    )
    report(1, len(_WORDS), _WORDS[1])
    floor = max(ONSET_KL, _N_ROUNDINGS * curves.noise())
    curves.measure(floor, ISO_KL)
    made = [_Calibration(curve) for curve in curves.curves]
    for step, shares in ((2, _above), (3, _inside)):
        report(step, len(_WORDS), _WORDS[step])
        _write(engine, task, [(one, share) for one in made for share in shares(one)], checkpoint)
    return Calibrated(tuple(one.band(floor) for one in made))


def _above(one: _Calibration) -> Iterator[float]:
    """Shares from iso_kl on, each as much larger than the one before."""
    start = one.curve.crossing(ISO_KL) or _USUAL_SHARE
    for n in range(_N_STEPS):
        share = start * _STEP**n
        if share <= MOST_SHARE:
            yield share


def _inside(one: _Calibration) -> Iterator[float]:
    """Shares between the last that held and the first that did not."""
    found = one.between()
    if found is not None:
        low, high = found
        for n in range(_N_BETWEEN):
            yield low * (high / low) ** ((n + 1) / (_N_BETWEEN + 1))


def _write(
    engine: Engine, task: Calibrate, asked: Sequence[tuple[_Calibration, float]], checkpoint: Checkpoint
) -> None:
    """Texts at these strengths and, beside them, the model's own with the same random numbers."""
    if not asked:
        return
    steerings = tuple(
        Steering((one.curve.direction.at(share * one.curve.unit, unit="raw", method="add", positions="all"),))
        for one, share in asked
    )
    generation = Generation(
        max_new_tokens=_N_WRITTEN_TOKENS, temperature=1.0, top_p=0.95, seed=0, chat=task.chat
    )
    grid = Grid(
        task.prompts, (Steering(), *steerings), _N_SAMPLES, generation, measures=("perplexity", "repetition")
    )
    columns: list[list[tuple[CellDone, Measures]]] = [[] for _ in grid.steerings]
    for cell, end in enumerate(run_unheard(engine, grid, checkpoint)):
        columns[grid.coordinates(cell).steering].append(end)
    usual = _usual(columns[0])
    for (one, share), column in zip(asked, columns[1:], strict=True):
        n_gone = sum(_has_collapsed(end, measures, usual) for end, measures in column)
        one.texts[share] = (_usual(column) / usual, n_gone / len(column))


def _has_collapsed(end: CellDone, measures: Measures, usual: float) -> bool:
    if end.state != "done" or _COLLAPSED_FLAGS & {*end.measures.flags, *measures.flags}:
        return True
    return measures.perplexity is None or measures.perplexity > PERPLEXING * usual


def rising(values: Sequence[float]) -> list[float]:
    """The nearest values, in the sum of squares, that do not fall: pooled adjacent violators (Ayer et al. 1955)."""
    pools: list[tuple[float, int]] = []
    for value in values:
        mean, n = value, 1
        while pools and pools[-1][0] > mean:
            before, n_before = pools.pop()
            mean, n = (before * n_before + mean * n) / (n_before + n), n_before + n
        pools.append((mean, n))
    return [mean for mean, n in pools for _ in range(n)]


def _usual(column: Sequence[tuple[CellDone, Measures]]) -> float:
    """Geometric mean of the perplexities that could be measured; infinite where none could."""
    logs = [math.log(measures.perplexity) for _, measures in column if measures.perplexity]
    return math.exp(math.fsum(logs) / len(logs)) if logs else math.inf


def _finite(value: float | None) -> float | None:
    return value if value is not None and math.isfinite(value) else None
