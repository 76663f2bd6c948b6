"""From a finished run and the effects of its texts to suggestions in order."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import msgspec

from ..cell import Cell
from .candidates import Candidate
from .suggestions import Fluency, Suggestion
from .sureness import confidence_above, word_for


class Tried(msgspec.Struct, frozen=True):
    """A candidate and what came of it. `cells`: of its column, by prompt and sample."""

    candidate: Candidate
    strength: float
    cells: tuple[Cell, ...]


def columns_of(cells: Sequence[Cell], n_columns: int, samples: int) -> list[tuple[Cell, ...]]:
    """The cells of each column, by prompt and sample."""
    return [
        tuple(cell for cell in cells if cell.index // samples % n_columns == column)
        for column in range(n_columns)
    ]


def ranked(
    tried: Sequence[Tried],
    baseline: tuple[Cell, ...],
    controls: Sequence[tuple[Cell, ...]],
    scores: Mapping[int, float],
    k: int,
) -> list[Suggestion]:
    """The `k` best: fluent ones first, then by mean effect; those without an effect last.

    Args:
        tried: the candidates.
        baseline: unsteered cells, by prompt and sample.
        controls: of random directions, in the same order.
        scores: how far each text goes towards the wish, by the number of its cell; missing where it has none.
        k: how many.
    """
    by_chance = _means([_differences(control, baseline, scores) for control in controls])
    found = [_suggestion(one, len(tried), baseline, scores, by_chance) for one in tried]
    found.sort(key=lambda pair: _order(pair[0]))
    best = found[:k]
    return [
        msgspec.structs.replace(
            one, above_next=_above_other(effects, best[place + 1][1]) if place + 1 < len(best) else None
        )
        for place, (one, effects) in enumerate(best)
    ]


def _order(one: Suggestion) -> tuple[bool, bool, float]:
    return one.effect is None, not one.fluency.is_fluent, -(one.effect or 0.0)


def _suggestion(
    tried: Tried,
    n_tried: int,
    baseline: tuple[Cell, ...],
    scores: Mapping[int, float],
    by_chance: Mapping[int, float],
) -> tuple[Suggestion, dict[int, float]]:
    effects = _differences(tried.cells, baseline, scores)
    values = tuple(effects.values())
    above_zero = confidence_above(values)
    above_random = _above_other(effects, by_chance)
    suggestion = Suggestion(
        feature=tried.candidate.feature,
        strength=tried.strength,
        effect=math.fsum(values) / len(values) if values else None,
        effects=values,
        above_zero=above_zero,
        above_random=above_random,
        above_next=None,
        sureness=word_for(above_zero, above_random, n_tried),
        fluency=fluency_of(tried.cells, baseline),
        sources=tried.candidate.sources,
        cells=tried.cells,
        baseline=baseline,
    )
    return suggestion, effects


def _differences(
    cells: Sequence[Cell], baseline: Sequence[Cell], scores: Mapping[int, float]
) -> dict[int, float]:
    """Effect by number of prompt and sample, where both texts have a score."""
    return {
        place: scores[cell.index] - scores[other.index]
        for place, (cell, other) in enumerate(zip(cells, baseline, strict=False))
        if cell.index in scores and other.index in scores
    }


def _means(effects: Sequence[Mapping[int, float]]) -> dict[int, float]:
    """Mean effect by number of prompt and sample, over those that have one."""
    places = sorted({place for one in effects for place in one})
    return {
        place: math.fsum(known) / len(known)
        for place in places
        if (known := [one[place] for one in effects if place in one])
    }


def _above_other(effects: Mapping[int, float], others: Mapping[int, float]) -> float | None:
    return confidence_above([effects[place] - others[place] for place in effects if place in others])


def fluency_of(cells: Sequence[Cell], baseline: Sequence[Cell]) -> Fluency:
    """Of the cells that are done."""
    done = [cell for cell in cells if cell.state == "done"]
    repetition = [cell.measures.repetition for cell in done if cell.measures.repetition is not None]
    return Fluency(
        perplexity=_geometric_mean(done),
        baseline_perplexity=_geometric_mean(baseline),
        repetition=math.fsum(repetition) / len(repetition) if repetition else None,
        flagged=sum(bool(cell.measures.flags) for cell in done) / len(done) if done else 0.0,
    )


def _geometric_mean(cells: Sequence[Cell]) -> float | None:
    known = [math.log(cell.measures.perplexity) for cell in cells if cell.measures.perplexity]
    return math.exp(math.fsum(known) / len(known)) if known else None
