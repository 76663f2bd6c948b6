"""Which part of the engine answers which question that waits for the main thread."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

from ..protocol import (
    CoFiringOf,
    ContrastOf,
    FeaturesByToken,
    FeaturesOn,
    HashesOf,
    LensOf,
    NeighboursOf,
    NextTokenOf,
    OutputScoresOf,
    Reading,
    ReadMeans,
    TokensOf,
)

if TYPE_CHECKING:
    from ..protocol import Known
    from .engine import Engine

_R = TypeVar("_R", bound=Reading)
_Answers = Callable[["Engine", Reading], "Known"]


def read(question: Reading, engine: Engine) -> Known:
    """What the engine answers."""
    return _ANSWERS[type(question)](engine, question)


def _answered(kind: type[_R], by: Callable[[Engine, _R], Known]) -> tuple[type, _Answers]:
    def answer(engine: Engine, question: Reading) -> Known:
        if not isinstance(question, kind):
            raise TypeError(f"what answers {kind.__name__} was given a {type(question).__name__}")
        return by(engine, question)

    return kind, answer


_ANSWERS = dict(
    [
        _answered(ReadMeans, lambda engine, question: engine.means(question)),
        _answered(FeaturesOn, lambda engine, question: engine.firing(question)),
        _answered(FeaturesByToken, lambda engine, question: engine.firing_by_token(question)),
        _answered(TokensOf, lambda engine, question: engine.tokens(question)),
        _answered(NextTokenOf, lambda engine, question: engine.next_token(question)),
        _answered(LensOf, lambda engine, question: engine.lens(question)),
        _answered(NeighboursOf, lambda engine, question: engine.neighbours(question)),
        _answered(ContrastOf, lambda engine, question: engine.contrast(question)),
        _answered(CoFiringOf, lambda engine, question: engine.co_firing(question)),
        _answered(OutputScoresOf, lambda engine, question: engine.output_scores(question)),
        _answered(HashesOf, lambda engine, _question: engine.hashes()),
    ]
)
