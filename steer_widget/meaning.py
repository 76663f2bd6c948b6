"""Features by what their labels mean: the question to the worker, which is sent the labels once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, Literal

from .catalog import Catalog
from .errors import InvalidInput
from .protocol import FindByMeaning, FoundByMeaning, ScoredFeature, Status

By = Literal["words", "meaning"]
"""How `search` finds: labels, tokens and examples that have the words, or labels that mean the same."""

_NEEDED: Final = "similarity"  # the measure that an embedder brings


def as_by(given: object) -> By:
    """Checks how to search.

    Raises:
        InvalidInput: it is neither.
    """
    if given == "words":
        return "words"
    if given == "meaning":
        return "meaning"
    raise InvalidInput("by", given, "words, meaning")


def can_find_by_meaning(status: Status) -> bool:
    """Whether the worker, which has loaded, has a model of sentence embeddings."""
    return _NEEDED in status.measures


def find_by_meaning(
    catalog: Catalog, ask: Callable[[FindByMeaning], FoundByMeaning], text: str, k: int, sae: str
) -> tuple[ScoredFeature, ...]:
    """The features whose labels are nearest to a text, by the cosine of sentence embeddings.

    Args:
        catalog: has the labels.
        ask: has the worker do the task.
        text: what is looked for.
        k: how many.
        sae: name of the SAE.

    Raises:
        InvalidInput: there are no labels, or no such SAE.
    """
    named = catalog.named(sae)
    found = ask(FindByMeaning(0, text, named.key, k=k))
    if not found.is_known:
        found = ask(FindByMeaning(0, text, named.key, named.indices, named.labels, k))
    return found.features
