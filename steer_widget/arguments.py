"""What users write, as what a grid holds: one prompt or many, edits or lists of them."""

from __future__ import annotations

import math
import numbers
from collections.abc import Iterable, Sequence

import msgspec

from . import methods
from .errors import InvalidInput
from .spec import (
    UNITS,
    Edit,
    Generation,
    Grid,
    Message,
    PositionsLike,
    Prompt,
    SelectedEdit,
    Steering,
    Unit,
    as_measures,
    as_positions,
    check_prompt,
    columns,
)

UNITLESS = ("factor", "unused")
"""What a method may take as its strength without a unit."""

_MAX_COUNT = 1_000_000  # more than any SAE has features, and than any model has tokens
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


def as_prompt(prompt: object) -> Prompt:
    """One prompt: text, or chat messages.

    Raises:
        InvalidInput: none, or several of them.
    """
    is_given = isinstance(prompt, str) or (isinstance(prompt, (list, tuple)) and prompt)
    found = as_prompts(prompt) if is_given else ()
    if len(found) != 1:
        raise InvalidInput("prompt", prompt, "one text, or the messages of one chat")
    return found[0]


def as_switch(field: str, value: object) -> bool:
    """True or False.

    Raises:
        InvalidInput: neither.
    """
    if not isinstance(value, bool):
        raise InvalidInput(field, value, "True or False")
    return value


def as_count(field: str, value: object) -> int:
    """How many of something, at most a million.

    Raises:
        InvalidInput: it is no such whole number.
    """
    if (
        isinstance(value, bool)
        or not isinstance(value, numbers.Integral)
        or not 1 <= int(value) <= _MAX_COUNT
    ):
        raise InvalidInput(field, value, f"a whole number from 1 to {_MAX_COUNT:,}")
    return int(value)


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


def as_column(item: object) -> Steering:
    """One column with its defaults filled in, from an edit, a list of edits, a steering, or None for the baseline.

    Raises:
        InvalidInput: none of these.
    """
    return with_defaults([Steering() if item is None else as_steering(item)])[0]


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


def as_chosen(items: object) -> tuple[Steering, ...]:
    """As `as_steerings`, but rows of a selection stand for what is chosen: a column for each strength, hidden ones none."""
    found: list[Steering] = []
    for steering in as_steerings(items):
        row = steering.edits[0] if len(steering.edits) == 1 else None
        if isinstance(row, SelectedEdit):
            found += [msgspec.structs.replace(steering, edits=(edit,)) for edit in row.chosen]
        else:
            found.append(steering)
    return tuple(found)


def as_columns(items: object, *, combine: bool, baseline: bool) -> tuple[Steering, ...]:
    """Columns of a comparison: each item its own or all in one, the baseline in front if wanted.

    A baseline that is listed already is not doubled.
    """
    steerings = as_chosen(items)
    if not combine:
        return with_baseline(steerings) if baseline else steerings
    made = columns(
        [edit for steering in steerings for edit in steering.edits], combine=True, baseline=baseline
    )
    kept = {steering.preserve_norm for steering in steerings if not steering.is_baseline}
    if len(kept) > 1:
        raise InvalidInput(
            "preserve_norm", sorted(map(str, kept)), "the same in all steerings that are combined"
        )
    preserve_norm = kept.pop() if kept else None
    return tuple(column if column.is_baseline else Steering(column.edits, preserve_norm) for column in made)


def with_baseline(steerings: tuple[Steering, ...]) -> tuple[Steering, ...]:
    """The same columns, the unsteered one in front."""
    return (Steering(), *(steering for steering in steerings if not steering.is_baseline))


def as_seconds(field: str, value: object) -> float:
    """A time to wait; infinity waits as long as it takes.

    Raises:
        InvalidInput: it is negative, or no number.
    """
    if isinstance(value, bool) or not isinstance(value, (int, float)) or math.isnan(value) or value < 0:
        raise InvalidInput(field, value, "seconds, from 0 up")
    return float(value)


def with_defaults(
    steerings: Iterable[Steering],
    *,
    unit: Unit = "raw",
    method: str = "add",
    positions: PositionsLike = "all",
    skip_special: bool = False,
    preserve_norm: bool = False,
) -> tuple[Steering, ...]:
    """Columns whose edits say everything.

    An edit whose method takes a factor, or no strength at all, has the unit raw unless it names one. Of rows of a
    selection that act together hidden ones are left out, and each is taken at its own strength.

    Raises:
        InvalidInput: a default is refused; names the field, the value, what is allowed.
    """
    if unit not in UNITS:
        raise InvalidInput("unit", unit, ", ".join(UNITS))
    methods.get(method)
    where = as_positions(positions)
    for field, value in (("skip_special", skip_special), ("preserve_norm", preserve_norm)):
        as_switch(field, value)
    columns = tuple(steerings)
    used = {edit.method or method for steering in columns for edit in steering.edits}
    unitless = {name for name in used if methods.get(name).strength in UNITLESS}

    def filled(edit: Edit) -> Edit:
        chosen = edit.method or method
        return msgspec.structs.replace(
            edit.plain() if isinstance(edit, SelectedEdit) else edit,
            unit=edit.unit or ("raw" if chosen in unitless else unit),
            method=chosen,
            positions=where if edit.positions is None else edit.positions,
            skip_special=skip_special if edit.skip_special is None else edit.skip_special,
        )

    return tuple(
        Steering(
            tuple(
                filled(edit)
                for edit in steering.edits
                if not (isinstance(edit, SelectedEdit) and edit.is_hidden)
            ),
            preserve_norm if steering.preserve_norm is None else steering.preserve_norm,
        )
        for steering in columns
    )


def make_grid(
    prompts: object,
    steerings: Sequence[Steering],
    *,
    unit: Unit = "raw",
    method: str = "add",
    positions: PositionsLike = "all",
    skip_special: bool = False,
    preserve_norm: bool = False,
    generation: Generation | None = None,
    samples: int = 1,
    measures: object = None,
) -> Grid:
    """A grid with every default filled in, see `with_defaults`.

    Raises:
        InvalidInput: anything in it is refused; names the field, the value, what is allowed.
    """
    if generation is not None and not isinstance(generation, Generation):
        raise InvalidInput("generation", generation, "a sw.Generation(...)")
    filled = with_defaults(
        steerings,
        unit=unit,
        method=method,
        positions=positions,
        skip_special=skip_special,
        preserve_norm=preserve_norm,
    )
    return Grid(as_prompts(prompts), filled, samples, generation or Generation(), as_measures(measures))


def as_cells(given: object, n_cells: int) -> tuple[int, ...]:
    """Numbers of cells, each once.

    Raises:
        InvalidInput: one of them is no cell of a run of `n_cells`.
    """
    allowed = f"whole numbers from 0 to {n_cells - 1}"
    if isinstance(given, (str, bytes)) or not isinstance(given, Iterable):
        raise InvalidInput("cells", given, f"a list of {allowed}")
    cells = tuple(dict.fromkeys(given))
    for cell in cells:
        if isinstance(cell, bool) or not isinstance(cell, int) or not 0 <= cell < n_cells:
            raise InvalidInput("cells", cell, allowed)
    return cells
