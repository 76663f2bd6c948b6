"""Output scores that the worker has told, so that a second ranking asks nobody."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Iterable, Sequence

from .spec import Feature

_N_KEPT = 1 << 16


class OutputBook:
    """Output scores by feature, those that were needed last. Safe to use from any thread.

    Args:
        n_kept: how many at most.
    """

    def __init__(self, n_kept: int = _N_KEPT) -> None:
        self._n_kept = n_kept
        self._scores: OrderedDict[str, float | None] = OrderedDict()
        self._lock = threading.Lock()

    def missing(self, features: Iterable[Feature]) -> tuple[Feature, ...]:
        """Those that are not known, each once."""
        with self._lock:
            return tuple({f.key: f for f in features if f.key not in self._scores}.values())

    def learn(self, features: Sequence[Feature], scores: Sequence[float | None]) -> None:
        """The scores of these features, in their order."""
        with self._lock:
            for feature, score in zip(features, scores, strict=True):
                self._scores[feature.key] = score
                self._scores.move_to_end(feature.key)
            while len(self._scores) > self._n_kept:
                self._scores.popitem(last=False)

    def get(self, feature: Feature) -> float | None:
        """Its score; None where it has none, or it is not known."""
        with self._lock:
            if feature.key in self._scores:
                self._scores.move_to_end(feature.key)
            return self._scores.get(feature.key)
