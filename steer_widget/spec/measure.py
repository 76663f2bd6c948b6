"""Names of the measures a run can take, and which a grid asks for."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

from ..errors import InvalidInput

Measure = Literal["kl", "perplexity", "repetition", "activation", "off_target", "alternatives", "similarity"]
MEASURES: tuple[Measure, ...] = (
    "kl",
    "perplexity",
    "repetition",
    "activation",
    "off_target",
    "alternatives",
    "similarity",
)


def as_measures(given: object) -> tuple[Measure, ...] | None:
    """Names of measures, each once, in the order of `MEASURES`; None (all the worker offers) stays None.

    Raises:
        InvalidInput: a name that is none.
    """
    if given is None or given == "all":
        return None
    if isinstance(given, (str, bytes)) or not isinstance(given, Iterable):
        raise InvalidInput("measures", given, f"'all', or a list out of {', '.join(MEASURES)}")
    names = list(given)
    for name in names:
        if name not in MEASURES:
            raise InvalidInput("measures", name, ", ".join(MEASURES))
    return tuple(name for name in MEASURES if name in names)
