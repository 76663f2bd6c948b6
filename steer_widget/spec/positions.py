"""Which tokens an edit acts on, and how strongly as the text grows."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

import msgspec

from ..errors import InvalidInput
from .checks import Spec, finite, whole

NamedPositions = Literal["all", "prompt", "generated"]
NAMED_POSITIONS: tuple[NamedPositions, ...] = ("all", "prompt", "generated")
_LOWEST = -(2**53)
_ALLOWED = f"{', '.join(NAMED_POSITIONS)}, a slice, or a list of token positions"


class Span(Spec, frozen=True, tag="span", tag_field="kind"):
    """A slice of token positions: absolute, 0-based; negative ones count from the end of the prompt.

    Attributes:
        start: first position.
        stop: position behind the last one; None is open.
        step: every how many tokens.
    """

    start: int = 0
    stop: int | None = None
    step: int = 1

    def __post_init__(self) -> None:
        force = msgspec.structs.force_setattr
        force(self, "start", whole("positions", self.start, _LOWEST))
        if self.stop is not None:
            force(self, "stop", whole("positions", self.stop, _LOWEST))
        force(self, "step", whole("positions", self.step, 1))

    def __str__(self) -> str:
        stop = "" if self.stop is None else self.stop
        return f"[{self.start}:{stop}{f':{self.step}' if self.step > 1 else ''}]"


class TokenPositions(Spec, frozen=True, tag="tokens", tag_field="kind"):
    """Token positions one by one: absolute, 0-based; negative ones count from the end of the prompt.

    Attributes:
        at: the positions, each once, in rising order.
    """

    at: tuple[int, ...]

    def __post_init__(self) -> None:
        given: object = self.at
        if isinstance(given, (str, bytes)) or not isinstance(given, Iterable):
            raise InvalidInput("positions", given, _ALLOWED)
        at = tuple(sorted({whole("positions", position, _LOWEST) for position in given}))
        if not at:
            raise InvalidInput("positions", given, "at least one token position")
        msgspec.structs.force_setattr(self, "at", at)

    def __str__(self) -> str:
        return f"[{', '.join(map(str, self.at))}]"


Positions = NamedPositions | Span | TokenPositions
PositionsLike = Positions | slice | Iterable[int]
"""What users may write for `Positions`."""


def as_positions(given: object) -> Positions:
    """Positions as they travel, from a name, a slice or a list of token positions.

    Raises:
        InvalidInput: none of these.
    """
    if isinstance(given, (Span, TokenPositions)):
        return given
    if isinstance(given, str):
        for name in NAMED_POSITIONS:
            if given == name:
                return name
    elif isinstance(given, slice):
        return Span(
            0 if given.start is None else given.start, given.stop, 1 if given.step is None else given.step
        )
    elif isinstance(given, Iterable) and not isinstance(given, bytes):
        return TokenPositions(tuple(given))
    raise InvalidInput("positions", given, _ALLOWED)


class Schedule(Spec, frozen=True):
    """How an edit's strength changes while the text grows.

    Attributes:
        start: number of the generated token, 0-based, that is the first to be steered; 0 steers from the
            start, the prompt included.
        half_life: generated tokens after which the strength has halved, counted from `start`; None does not fade.
    """

    start: int = 0
    half_life: float | None = None

    def __post_init__(self) -> None:
        force = msgspec.structs.force_setattr
        force(self, "start", whole("schedule start", self.start, 0))
        if self.half_life is not None:
            half_life = finite("schedule half_life", self.half_life)
            if half_life <= 0:
                raise InvalidInput(
                    "schedule half_life", self.half_life, "above 0, in tokens; None does not fade"
                )
            force(self, "half_life", half_life)

    def __str__(self) -> str:
        parts = [f"from token {self.start}"] if self.start else []
        parts += [f"half-life {self.half_life:g}"] if self.half_life is not None else []
        return ", ".join(parts)
