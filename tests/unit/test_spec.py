from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest

from steer_widget.errors import InvalidInput, UnknownFeature
from steer_widget.spec import (
    MAX_SEED,
    Edit,
    Feature,
    Generation,
    Grid,
    Message,
    Selection,
    Steering,
    check_prompt,
    columns,
)

F = Feature(3)

REFUSED: list[tuple[str, Callable[[], object]]] = [
    ("feature", lambda: Feature(-1)),
    ("feature", lambda: Feature(1.0)),  # type: ignore[arg-type]
    ("feature", lambda: Feature(True)),
    ("feature", lambda: Feature(2**60)),
    ("label", lambda: Feature(1, "\ud800")),
    ("label", lambda: Feature(1, 5)),  # type: ignore[arg-type]
    ("strength", lambda: F.at(math.nan)),
    ("strength", lambda: F.at(math.inf)),
    ("strength", lambda: F.at(-math.inf)),
    ("strength", lambda: F.at(10**400)),
    ("strength", lambda: F.at("4")),  # type: ignore[arg-type]
    ("strength", lambda: F.at(True)),
    ("unit", lambda: F.at(1, unit="volts")),  # type: ignore[arg-type]
    ("positions", lambda: F.at(1, positions="last")),  # type: ignore[arg-type]
    ("method", lambda: F.at(1, method="")),
    ("feature", lambda: Edit(3, 1.0)),  # type: ignore[arg-type]
    ("steering", lambda: Steering(F)),  # type: ignore[arg-type]
    ("steering", lambda: Steering([1])),  # type: ignore[arg-type]
    ("message role", lambda: Message("", "x")),
    ("message content", lambda: Message("user", 3)),  # type: ignore[arg-type]
    ("prompt", lambda: check_prompt("")),
    ("prompt", lambda: check_prompt(" \n\t")),
    ("prompt", lambda: check_prompt(3)),
    ("prompt", lambda: check_prompt([])),
    ("prompt", lambda: check_prompt("half \ud83d")),
    ("prompt", lambda: check_prompt([{"role": "user"}])),
    ("prompt", lambda: check_prompt([{"role": "user", "content": "x", "name": "y"}])),
    ("prompt", lambda: check_prompt([{"role": "user", "content": " "}])),
    ("max_new_tokens", lambda: Generation(max_new_tokens=0)),
    ("max_new_tokens", lambda: Generation(max_new_tokens=-3)),
    ("max_new_tokens", lambda: Generation(max_new_tokens=2.0)),  # type: ignore[arg-type]
    ("temperature", lambda: Generation(temperature=-0.1)),
    ("temperature", lambda: Generation(temperature=math.nan)),
    ("top_p", lambda: Generation(top_p=0)),
    ("top_p", lambda: Generation(top_p=1.1)),
    ("top_k", lambda: Generation(top_k=-1)),
    ("repetition_penalty", lambda: Generation(repetition_penalty=0)),
    ("seed", lambda: Generation(seed=-1)),
    ("seed", lambda: Generation(seed=MAX_SEED + 1)),
    ("stop", lambda: Generation(stop=("",))),
    ("stop", lambda: Generation(stop=(1,))),  # type: ignore[arg-type]
    ("chat", lambda: Generation(chat=1)),  # type: ignore[arg-type]
    ("prompts", lambda: Grid((), (Steering(),))),
    ("steerings", lambda: Grid(("x",), ())),
    ("samples", lambda: Grid(("x",), (Steering(),), 0)),
    ("selection", lambda: Selection((3,))),  # type: ignore[arg-type]
    ("samples", lambda: Selection(samples=-1)),
    ("combine", lambda: Selection(combine="yes")),  # type: ignore[arg-type]
]


@pytest.mark.parametrize(
    ("field", "make"), REFUSED, ids=[f"{n}-{field}" for n, (field, _) in enumerate(REFUSED)]
)
def test_refused_by_name_value_and_what_is_allowed(field: str, make: Callable[[], object]) -> None:
    with pytest.raises(InvalidInput) as caught:
        make()
    assert caught.value.field == field
    assert caught.value.allowed
    assert f"{field}: got {caught.value.value}; allowed: {caught.value.allowed}." in str(caught.value)
    assert len(caught.value.value) <= 80


def test_an_index_is_refused_as_an_unknown_feature() -> None:
    with pytest.raises(UnknownFeature):
        Feature(-1)


def test_numpy_numbers_become_plain_ones() -> None:
    edit = Feature(np.int64(4)).at(np.float32(0.5))  # type: ignore[arg-type]
    assert type(edit.feature.index) is int
    assert type(edit.strength) is float
    assert type(Feature(1).at(np.int64(4)).strength) is float
    assert type(Generation(seed=np.uint32(7)).seed) is int  # type: ignore[arg-type]


def test_values_compare_and_hash_by_what_they_hold() -> None:
    assert Feature(3, "x").at(2) == Feature(3, "x").at(2.0)
    assert len({Steering((F.at(1),)), Steering([F.at(1)])}) == 1  # type: ignore[arg-type]
    assert Generation(stop="end").stop == ("end",)  # type: ignore[arg-type]


def test_a_resolved_edit_keeps_its_own_choices() -> None:
    edit = F.at(1, unit="norm").resolved(unit="raw", method="add", positions="prompt")
    assert (edit.unit, edit.method, edit.positions) == ("norm", "add", "prompt")


def test_cells_are_numbered_prompt_steering_sample() -> None:
    grid = Grid(("a", "b"), (Steering(), Steering((F.at(1),)), Steering((F.at(2),))), 2)
    seen = [grid.coordinates(cell) for cell in range(len(grid))]
    assert [(at.prompt, at.steering, at.sample) for at in seen] == [
        (p, s, n) for p in range(2) for s in range(3) for n in range(2)
    ]
    with pytest.raises(InvalidInput):
        grid.coordinates(12)


@pytest.mark.parametrize(
    ("combine", "baseline", "n_edits"),
    [(False, True, [0, 1, 1]), (True, True, [0, 2]), (True, False, [2]), (False, False, [1, 1])],
)
def test_columns(combine: bool, baseline: bool, n_edits: list[int]) -> None:
    made = columns([F.at(1), F.at(2)], combine=combine, baseline=baseline)
    assert [len(column.edits) for column in made] == n_edits
    assert made[0].is_baseline is baseline
