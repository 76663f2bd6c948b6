"""Kernel ↔ worker: labels that mean what a text means, by sentence embeddings."""

from __future__ import annotations

from .common import Wire
from .exploring import ScoredFeature


class FindByMeaning(Wire, frozen=True):
    """The labels nearest in meaning to a text, see `worker.meaning`.

    Attributes:
        text: what is looked for.
        key: names the labels; where the worker knows them by it, they need not be sent.
        indices: of the features that the labels are of.
        labels: in the same order; empty: those that the key names.
        k: how many.
    """

    request: int
    text: str
    key: str
    indices: tuple[int, ...] = ()
    labels: tuple[str, ...] = ()
    k: int = 20


class FoundByMeaning(Wire, frozen=True):
    """Answer to `FindByMeaning`: scores are cosines. `is_known`: false where the labels have to be sent first."""

    is_known: bool
    features: tuple[ScoredFeature, ...] = ()
