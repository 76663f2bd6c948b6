"""Traits that hold the package's value types: they coerce what users write, and refuse with our errors."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

import msgspec
import traitlets

from .arguments import as_prompts, as_steerings
from .errors import InvalidInput
from .protocol import RunSnapshot, Status
from .spec import Edit, Generation, Prompt, Selection

_T = TypeVar("_T")
Prompts = tuple[Prompt, ...]


class ValueTrait(traitlets.TraitType[_T, object]):
    """A trait of one of our immutable values; the page gets it as plain JSON.

    Args:
        default: the value before anyone sets one.
        coerce: makes the value of what was set, given the value so far; raises `InvalidInput`.
        help: what the trait is for.
        read_only: whether only the widget itself sets it.
    """

    def __init__(
        self,
        default: _T,
        coerce: Callable[[object, _T], _T],
        *,
        help: str,  # noqa: A002 - the name traitlets gives it
        read_only: bool = False,
    ) -> None:
        super().__init__(default_value=default, help=help, read_only=read_only)
        self._coerce = coerce
        self.tag(sync=True, to_json=_to_json)

    def validate(self, obj: traitlets.HasTraits, value: object) -> _T:
        """What is kept; an error leaves the old value in place."""
        # Looked up without the descriptor: the very first value is validated while there is none.
        held: _T = obj._trait_values.get(self.name or "", self.default_value)  # noqa: SLF001
        return self._coerce(value, held)


def _to_json(value: object, _widget: object) -> object:
    return msgspec.to_builtins(value)


def prompts_from(value: object, _held: Prompts) -> Prompts:
    """Prompts from text, a list of texts, a chat or a list of chats; an empty list is none yet."""
    if isinstance(value, (list, tuple)) and not value:
        return ()
    return as_prompts(value)


def selection_from(value: object, held: Selection) -> Selection:
    """A selection; edits alone replace the edits and leave the rest as it is chosen."""
    if isinstance(value, Selection):
        return value
    if isinstance(value, Edit) or (isinstance(value, Sequence) and not isinstance(value, str)):
        steerings = as_steerings(value)
        if any(steering.preserve_norm for steering in steerings):
            raise InvalidInput(
                "selection", value, "edits", hint="A kept norm is asked for in code: steerer.run(...)."
            )
        edits = tuple(edit for steering in steerings for edit in steering.edits)
        return msgspec.structs.replace(held, edits=edits)
    raise InvalidInput("selection", value, "sw.Selection(...), or edits as feature.at(strength) gives")


def generation_from(value: object, _held: Generation) -> Generation:
    """Generation settings, as they are."""
    if not isinstance(value, Generation):
        raise InvalidInput("generation", value, "sw.Generation(...)")
    return value


def status_from(value: object, _held: Status) -> Status:
    """The worker's status, as it is."""
    if not isinstance(value, Status):
        raise InvalidInput("status", value, "a status, which the widget alone sets")
    return value


def snapshot_from(value: object, _held: RunSnapshot) -> RunSnapshot:
    """A snapshot, as it is."""
    if not isinstance(value, RunSnapshot):
        raise InvalidInput("snapshot", value, "a snapshot, which the widget alone sets")
    return value
