"""How a command of the page is answered: at once, or once the worker has."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

import msgspec

from ..errors import SteerError

if TYPE_CHECKING:
    from ..protocol import Answered, PageCommand

_C = TypeVar("_C", bound="PageCommand")

Deliver = Callable[["Answered | SteerError | None"], None]


class Later(msgspec.Struct, frozen=True):
    """An answer that is not there yet. `begin` sees to it and returns at once; it delivers once, on any thread."""

    begin: Callable[[Deliver], None]


Handler = Callable[["PageCommand"], "Answered | Later | None"]


def handles(kind: type[_C], answer: Callable[[_C], Answered | Later | None]) -> tuple[type, Handler]:
    """An entry of a table of handlers, its types checked."""

    def handler(command: PageCommand) -> Answered | Later | None:
        if not isinstance(command, kind):
            raise TypeError(f"a handler of {kind.__name__} was given a {type(command).__name__}")
        return answer(command)

    return kind, handler
