"""What users write, as what a grid holds: one prompt or many, edits or lists of them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from .errors import InvalidInput
from .spec import (
    POSITIONS,
    UNITS,
    Edit,
    Generation,
    Grid,
    Message,
    Positions,
    Prompt,
    Steering,
    Unit,
    check_prompt,
    columns,
)

_PROMPTS = "text, a list of texts, chat messages, or a list of chats"
_STEERINGS = "edits as feature.at(strength) gives, lists of edits, or sw.Steering"


def as_prompts(prompts: object) -> tuple[Prompt, ...]:
    """Prompts from text, a list of texts, one chat (a list of messages) or a list of chats.

    Raises:
        InvalidInput: none of these, or empty.
    """
    if isinstance(prompts, str):
        return (check_prompt(prompts),)
    if not isinstance(prompts, (list, tuple)) or not prompts:
        raise InvalidInput("prompts", prompts, _PROMPTS)
    if all(isinstance(item, (dict, Message)) for item in prompts):
        return (check_prompt(prompts),)
    return tuple(check_prompt(prompt) for prompt in prompts)


def as_steering(item: object) -> Steering:
    """One column from an edit, a list of edits or a steering.

    Raises:
        InvalidInput: none of these.
    """
    if isinstance(item, Steering):
        return item
    if isinstance(item, Edit):
        return Steering((item,))
    if isinstance(item, (list, tuple)) and all(isinstance(edit, Edit) for edit in item):
        return Steering(tuple(item))
    raise InvalidInput("steering", item, _STEERINGS)


def as_steerings(items: object) -> tuple[Steering, ...]:
    """Columns from a list whose items are edits, lists of edits or steerings; or from a single one.

    Raises:
        InvalidInput: something else.
    """
    if isinstance(items, (Edit, Steering)):
        return (as_steering(items),)
    if isinstance(items, (str, bytes, dict)) or not isinstance(items, Iterable):
        raise InvalidInput("steerings", items, _STEERINGS)
    return tuple(as_steering(item) for item in items)


def as_columns(items: object, *, combine: bool, baseline: bool) -> tuple[Steering, ...]:
    """Columns of a comparison: each item its own or all in one, the baseline in front if wanted.

    A baseline that is listed already is not doubled.
    """
    steerings = as_steerings(items)
    if combine:
        return columns(
            [edit for steering in steerings for edit in steering.edits], combine=True, baseline=baseline
        )
    return with_baseline(steerings) if baseline else steerings


def with_baseline(steerings: tuple[Steering, ...]) -> tuple[Steering, ...]:
    """The same columns, the unsteered one in front."""
    return (Steering(), *(steering for steering in steerings if not steering.is_baseline))


def make_grid(
    prompts: object,
    steerings: Sequence[Steering],
    *,
    unit: Unit = "raw",
    method: object = "add",
    positions: Positions = "all",
    generation: Generation | None = None,
    samples: int = 1,
) -> Grid:
    """A grid with every default filled in.

    Raises:
        InvalidInput: anything in it is refused; names the field, the value, what is allowed.
    """
    if unit not in UNITS:
        raise InvalidInput("unit", unit, ", ".join(UNITS))
    if positions not in POSITIONS:
        raise InvalidInput("positions", positions, ", ".join(POSITIONS))
    if not isinstance(method, str) or not method:
        raise InvalidInput("method", method, "the name of a steering method, such as 'add'")
    if generation is not None and not isinstance(generation, Generation):
        raise InvalidInput("generation", generation, "a sw.Generation(...)")
    filled = tuple(
        Steering(
            tuple(edit.resolved(unit=unit, method=method, positions=positions) for edit in steering.edits)
        )
        for steering in steerings
    )
    return Grid(as_prompts(prompts), filled, samples, generation or Generation())
