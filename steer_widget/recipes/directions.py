"""The directions of steerings, one by one replaced."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import msgspec

from ..spec import Control, Edit, Feature, Steerable, Steering, Vector


def with_directions(
    steerings: Iterable[Steering],
    feature: Callable[[Feature], Feature],
    vector: Callable[[Vector], Vector],
) -> tuple[Steering, ...]:
    """The same steerings with other features and vectors, also those that controls are controls of."""

    def direction(given: Steerable) -> Steerable:
        if isinstance(given, Control):
            inner = feature(given.of) if isinstance(given.of, Feature) else vector(given.of)
            return msgspec.structs.replace(given, of=inner)
        return vector(given) if isinstance(given, Vector) else feature(given)

    def edit(given: Edit) -> Edit:
        return msgspec.structs.replace(given, feature=direction(given.feature))

    return tuple(
        msgspec.structs.replace(steering, edits=tuple(map(edit, steering.edits))) for steering in steerings
    )
