"""What can be measured on a cell at the moment it ends, without the model."""

from __future__ import annotations

import math
from collections.abc import Set as AbstractSet
from typing import TYPE_CHECKING

from ..protocol import Measures
from .measures.flags import flags
from .measures.repetition import distinct, repetition

if TYPE_CHECKING:
    from ..spec import Measure
    from .row import Row


def text_measures(row: Row, wanted: AbstractSet[Measure]) -> Measures:
    """Dose, flags and repetition of a row that has ended.

    Args:
        row: its `finish` and `dose` are known.
        wanted: names of the measures to take; dose and flags are always told.
    """
    token_ids = row.completion.token_ids
    repeats = "repetition" in wanted
    return Measures(
        dose=row.dose if row.dose is None or math.isfinite(row.dose) else None,
        flags=flags(row.completion.text, token_ids, row.dose, row.finish),
        repetition=repetition(token_ids) if repeats else None,
        distinct_1=distinct(token_ids, 1) if repeats else None,
        distinct_2=distinct(token_ids, 2) if repeats else None,
    )
