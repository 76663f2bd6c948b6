"""A run as the Python code that makes it again."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, TypeVar

import msgspec

from . import methods
from .arguments import UNITLESS
from .python_load import load_code
from .python_text import Call, Code, Keyed, Listed, decoded_base64, number, quoted, statement
from .result import RunResult
from .spec import (
    Control,
    Edit,
    Feature,
    Generation,
    Grid,
    Positions,
    PositionsLike,
    Prompt,
    Schedule,
    Span,
    Steerable,
    Steering,
    TokenPositions,
    Unit,
    Vector,
)

_T = TypeVar("_T")
_EMBEDDED: Final = "# Vectors are embedded as little-endian float32."


class _Defaults(msgspec.Struct, frozen=True):
    """What all edits have in common, and the call says once."""

    unit: Unit = "raw"
    method: str = "add"
    positions: PositionsLike = "all"
    skip_special: bool = False
    preserve_norm: bool = False


def python_code(result: RunResult) -> str:
    """Code that runs the grid of a result again: complete, with what is not a default and nothing else.

    Run against the model and SAEs that it names, it starts a run whose grid equals this one's.
    """
    grid = result.grid
    names = _Names()
    defaults = _defaults_of(grid)
    call = _call(grid, defaults, names)
    loading = load_code(result)
    blocks = [
        "\n".join(loading.comments),
        "import base64" if names.has_vectors else "",
        "import steer_widget as sw",
        loading.code,
        "\n".join([*([_EMBEDDED] if names.has_vectors else []), *names.lines]),
        "\n".join([statement("run", call), "result = run.result()", "print(result)"]),
    ]
    return "\n\n".join(block for block in blocks if block) + "\n"


# ---- the call


def _call(grid: Grid, defaults: _Defaults, names: _Names) -> Call:
    prompts = [_prompt(prompt) for prompt in grid.prompts]
    given = prompts[0] if len(prompts) == 1 else Listed(tuple(prompts))
    steered = [steering for steering in grid.steerings if not steering.is_baseline]
    has_baseline = len(steered) < len(grid.steerings)
    named: dict[str, Code] = {}
    for field in _Defaults.__struct_fields__:
        value = getattr(defaults, field)
        if value != getattr(_Defaults(), field):
            named[field] = _positions(value) if field == "positions" else _plain(value)
    # `compare` puts the one baseline in front, and gives it the call's preserve_norm.
    in_front = grid.steerings[0].is_baseline and grid.steerings[0].preserve_norm == defaults.preserve_norm
    is_plain = bool(steered) and (not has_baseline or (len(steered) == len(grid.steerings) - 1 and in_front))
    if not is_plain:
        columns = [_steering(steering, defaults, names) for steering in grid.steerings]
        return Call("steerer.run", (given, Listed(tuple(columns))), {**named, **_rest(grid)})
    if not has_baseline:
        named["baseline"] = "False"
    if _is_sweep(steered, defaults):
        strengths = Listed(tuple(number(steering.edits[0].strength) for steering in steered))
        direction = names.of(steered[0].edits[0].feature)
        return Call("steerer.sweep", (given, direction), {"strengths": strengths, **named, **_rest(grid)})
    columns = [_column(steering, defaults, names) for steering in steered]
    return Call("steerer.compare", (given, Listed(tuple(columns))), {**named, **_rest(grid)})


def _is_sweep(steered: list[Steering], defaults: _Defaults) -> bool:
    """Whether the columns are one direction at several strengths and nothing else."""
    edits = [steering.edits[0] for steering in steered]
    return (
        len(steered) > 1
        and all(len(steering.edits) == 1 for steering in steered)
        and len({edit.feature for edit in edits}) == 1
        and all(_options(edit, defaults) == {} for edit in edits)
        and all(steering.preserve_norm == defaults.preserve_norm for steering in steered)
    )


def _rest(grid: Grid) -> dict[str, Code]:
    named: dict[str, Code] = {}
    generation = _changed(grid.generation, Generation())
    if generation:
        named["generation"] = Call("sw.Generation", named=generation)
    if grid.samples != 1:
        named["samples"] = str(grid.samples)
    if grid.measures is not None:
        named["measures"] = Listed(tuple(map(quoted, grid.measures)))
    return named


def _prompt(prompt: Prompt) -> Code:
    if isinstance(prompt, str):
        return quoted(prompt)
    return Listed(
        tuple(Keyed({"role": quoted(turn.role), "content": quoted(turn.content)}) for turn in prompt)
    )


def _column(steering: Steering, defaults: _Defaults, names: _Names) -> Code:
    if steering.preserve_norm != defaults.preserve_norm:
        return _steering(steering, defaults, names)
    edits = [_edit(edit, defaults, names) for edit in steering.edits]
    return edits[0] if len(edits) == 1 else Listed(tuple(edits))


def _steering(steering: Steering, defaults: _Defaults, names: _Names) -> Code:
    edits = Listed(tuple(_edit(edit, defaults, names) for edit in steering.edits))
    args = (edits,) if steering.edits else ()
    is_kept = steering.preserve_norm == defaults.preserve_norm
    return Call("sw.Steering", args, {} if is_kept else {"preserve_norm": _plain(steering.preserve_norm)})


def _edit(edit: Edit, defaults: _Defaults, names: _Names) -> Code:
    return Call(f"{names.of(edit.feature)}.at", (number(edit.strength),), _options(edit, defaults))


def _options(edit: Edit, defaults: _Defaults) -> dict[str, Code]:
    """What an edit says that the call does not say for it."""
    named: dict[str, Code] = {}
    if edit.unit != ("raw" if _is_unitless(edit) else defaults.unit):
        named["unit"] = _plain(edit.unit)
    if edit.method != defaults.method:
        named["method"] = _plain(edit.method)
    if edit.positions != defaults.positions and edit.positions is not None:
        named["positions"] = _positions(edit.positions)
    if edit.skip_special != defaults.skip_special:
        named["skip_special"] = _plain(edit.skip_special)
    if edit.schedule is not None:
        named["schedule"] = Call("sw.Schedule", named=_changed(edit.schedule, Schedule()))
    return named


def _positions(positions: Positions) -> Code:
    if isinstance(positions, Span):
        step = (str(positions.step),) if positions.step != 1 else ()
        return Call("slice", (str(positions.start), str(positions.stop), *step))
    if isinstance(positions, TokenPositions):
        return Listed(tuple(map(str, positions.at)))
    return quoted(positions)


def _changed(given: Generation | Schedule, default: Generation | Schedule) -> dict[str, Code]:
    """The fields that are not as they are by default."""
    fields = {name: getattr(given, name) for name in given.__struct_fields__}
    return {name: _plain(value) for name, value in fields.items() if value != getattr(default, name)}


def _plain(value: object) -> Code:
    if isinstance(value, tuple):
        return Listed(tuple(map(_plain, value)))
    if isinstance(value, float):
        return number(value)
    return quoted(value) if isinstance(value, str) else repr(value)


# ---- what the edits have in common


def _defaults_of(grid: Grid) -> _Defaults:
    edits = list(grid.edits())
    return _Defaults(
        unit=_shared((edit.unit for edit in edits if not _is_unitless(edit)), "raw"),
        method=_shared((edit.method for edit in edits), "add"),
        positions=_shared((edit.positions for edit in edits), "all"),
        skip_special=_shared((edit.skip_special for edit in edits), default=False),
        preserve_norm=_shared((steering.preserve_norm for steering in grid.steerings), default=False),
    )


def _shared(values: Iterable[_T | None], default: _T) -> _T:
    """The value that all have; the default where they differ, or there is none."""
    found = set(values)
    only = found.pop() if len(found) == 1 else None
    return default if only is None else only


def _is_unitless(edit: Edit) -> bool:
    """Whether the edit's strength is a factor, or not used."""
    name = edit.method or "add"
    return name in methods.names() and methods.get(name).strength in UNITLESS


# ---- directions


class _Names:
    """Variables for directions, each defined once, in the order of their use."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.has_vectors = False
        self._names: dict[Feature | Vector, str] = {}

    def of(self, direction: Steerable) -> str:
        """How a direction is written."""
        if isinstance(direction, Control):
            seed = f"seed={direction.seed}" if direction.seed else ""
            return f"{self._variable(direction.of)}.control({seed})"
        return self._variable(direction)

    def _variable(self, direction: Feature | Vector) -> str:
        if direction not in self._names:
            self._names[direction] = self._free(direction)
            self.lines.append(statement(self._names[direction], _direction(direction)))
            self.has_vectors |= isinstance(direction, Vector)
        return self._names[direction]

    def _free(self, direction: Feature | Vector) -> str:
        taken = set(self._names.values())
        if isinstance(direction, Vector):
            return _first_free("vector", taken)
        name = f"feature_{direction.index}"
        return _first_free(name, taken) if name in taken else name


def _first_free(stem: str, taken: set[str]) -> str:
    place = 2 if stem in taken else 1
    while f"{stem}_{place}" in taken:
        place += 1
    return f"{stem}_{place}"


def _direction(direction: Feature | Vector) -> Code:
    if isinstance(direction, Vector):
        named = {"name": direction.name, "hook_name": direction.hook_name}
        return Call("sw.Vector", (decoded_base64(direction.values),), _texts(named))
    args = (str(direction.index), *([quoted(direction.label)] if direction.label else []))
    return Call("sw.Feature", args, _texts({"sae": direction.sae}))


def _texts(named: dict[str, str]) -> dict[str, Code]:
    return {name: quoted(text) for name, text in named.items() if text}
