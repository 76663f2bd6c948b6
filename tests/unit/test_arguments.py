from __future__ import annotations

import math

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from steer_widget import methods
from steer_widget.arguments import (
    as_columns,
    as_prompts,
    as_seconds,
    as_steerings,
    make_grid,
    with_baseline,
)
from steer_widget.errors import InvalidInput
from steer_widget.spec import (
    UNITS,
    Edit,
    Feature,
    Generation,
    Grid,
    Message,
    Schedule,
    Span,
    Steering,
    TokenPositions,
    Unit,
)
from tests.unit.strategies import grids

F, G = Feature(3), Feature(7)
CHAT = [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Hello"}]
TURNS = (Message("user", "Hi"), Message("assistant", "Hello"))


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("one", ("one",)),
        (["one"], ("one",)),
        (("one", "two"), ("one", "two")),
        (CHAT, (TURNS,)),
        ([CHAT], (TURNS,)),
        ([CHAT, "two", CHAT], (TURNS, "two", TURNS)),
        (list(TURNS), (TURNS,)),
        ([TURNS], (TURNS,)),
    ],
)
def test_prompts(given: object, expected: object) -> None:
    assert as_prompts(given) == expected


@pytest.mark.parametrize(
    "given",
    ["", [], [""], ["one", ""], None, 5, [5], [[]], {"role": "user", "content": "x"}, ["one", CHAT[0]]],
)
def test_prompts_that_are_none(given: object) -> None:
    with pytest.raises(InvalidInput) as caught:
        as_prompts(given)
    assert caught.value.field in ("prompt", "prompts")


@pytest.mark.parametrize(
    ("given", "n_edits"),
    [
        (F.at(1), [1]),
        ([F.at(1), G.at(2)], [1, 1]),
        ([F.at(1), [F.at(1), G.at(2)]], [1, 2]),
        ([Steering(), Steering((F.at(1),))], [0, 1]),
        (Steering((F.at(1), G.at(1))), [2]),
        ((F.at(s) for s in range(3)), [1, 1, 1]),
        ([[]], [0]),
    ],
)
def test_steerings(given: object, n_edits: list[int]) -> None:
    assert [len(steering.edits) for steering in as_steerings(given)] == n_edits


@pytest.mark.parametrize("given", [F, [F], "523", None, 3, [3], {"a": 1}, [[F]]])
def test_steerings_that_are_none(given: object) -> None:
    with pytest.raises(InvalidInput, match="steering"):
        as_steerings(given)


def test_columns_combine_and_put_the_baseline_first_once() -> None:
    assert [
        len(c.edits) for c in as_columns([F.at(1), [G.at(2), F.at(3)]], combine=False, baseline=True)
    ] == [0, 1, 2]
    assert [len(c.edits) for c in as_columns([F.at(1), [G.at(2)]], combine=True, baseline=True)] == [0, 2]
    assert [len(c.edits) for c in with_baseline((Steering((F.at(1),)), Steering()))] == [0, 1]
    assert as_columns([], combine=False, baseline=True) == (Steering(),)


def test_a_combined_column_keeps_what_its_steerings_say_of_the_norm() -> None:
    kept, open_ = Steering((F.at(1),), preserve_norm=True), Steering((G.at(2),))
    made = as_columns([kept, Steering((G.at(2),), preserve_norm=True)], combine=True, baseline=True)
    assert [(len(column.edits), column.preserve_norm) for column in made] == [(0, None), (2, True)]
    assert as_columns([open_], combine=True, baseline=False) == (open_,)
    with pytest.raises(InvalidInput) as caught:
        as_columns([kept, open_], combine=True, baseline=False)
    assert caught.value.field == "preserve_norm"


def test_a_grid_has_every_default_filled_in() -> None:
    (edit,) = make_grid("x", as_steerings([F.at(1)])).edits()
    assert (edit.unit, edit.method, edit.positions, edit.skip_special, edit.schedule) == (
        "raw", "add", "all", False, None,
    )  # fmt: skip
    grid = make_grid("x", (Steering(), Steering((F.at(1),))))
    assert [steering.preserve_norm for steering in grid.steerings] == [False, False]
    assert (grid.generation, grid.samples, grid.measures) == (Generation(), 1, None)


def test_what_an_edit_says_is_kept_and_the_rest_takes_the_run_s_default() -> None:
    own = F.at(
        2, unit="max_act", method="clamp", positions="prompt", skip_special=False, schedule=Schedule(2, 8)
    )
    grid = make_grid(
        "x",
        (Steering((F.at(1), own)), Steering((F.at(1),), preserve_norm=False)),
        unit="norm",
        method="cap",
        positions=slice(-3, None),
        skip_special=True,
        preserve_norm=True,
        measures=["perplexity", "kl"],
    )
    first, kept, _ = grid.edits()
    assert first == F.at(1, unit="norm", method="cap", positions=Span(-3), skip_special=True)
    assert kept == own
    assert [steering.preserve_norm for steering in grid.steerings] == [True, False]
    assert grid.measures == ("kl", "perplexity")


@pytest.mark.parametrize(
    ("method", "expected"),
    [
        ("add", "norm"), ("clamp", "norm"), ("cap", "norm"),
        ("scale", "raw"), ("orthogonal", "raw"), ("ablate", "raw"),
    ],
)  # fmt: skip
def test_a_strength_without_a_unit_is_not_given_the_run_s(method: str, expected: str) -> None:
    for own, run in ((method, "add"), (None, method)):
        grid = make_grid("x", as_steerings([F.at(1, method=own)]), unit="norm", method=run)
        assert [(edit.method, edit.unit) for edit in grid.edits()] == [(method, expected)]
    (edit,) = make_grid("x", as_steerings([F.at(1, unit="max_act", method=method)]), unit="norm").edits()
    assert edit.unit == "max_act", "what the user wrote is for the check to refuse"


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("generated", "generated"),
        (slice(2, 9, 3), Span(2, 9, 3)),
        (slice(None), Span()),
        ([4, -1, 4], TokenPositions((-1, 4))),
        (range(3), TokenPositions((0, 1, 2))),
        (Span(1), Span(1)),
    ],
)
def test_positions_of_the_run(given: object, expected: object) -> None:
    grid = make_grid("x", as_steerings([F.at(1)]), positions=given)  # type: ignore[arg-type]
    assert [edit.positions for edit in grid.edits()] == [expected]


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (None, None),
        ("all", None),
        ([], ()),
        (["similarity", "kl", "kl"], ("kl", "similarity")),
        (("kl",), ("kl",)),
    ],
)
def test_measures(given: object, expected: object) -> None:
    assert make_grid("x", (Steering(),), measures=given).measures == expected


@pytest.mark.parametrize(
    ("field", "options"),
    [
        ("unit", {"unit": "volts"}),
        ("positions", {"positions": "last"}),
        ("positions", {"positions": []}),
        ("positions", {"positions": slice(None, None, -1)}),
        ("positions", {"positions": None}),
        ("method", {"method": ""}),
        ("method", {"method": None}),
        ("method", {"method": ["add"]}),
        ("method", {"method": "teleport"}),
        ("skip_special", {"skip_special": 1}),
        ("skip_special", {"skip_special": None}),
        ("preserve_norm", {"preserve_norm": "yes"}),
        ("measures", {"measures": "kl"}),
        ("measures", {"measures": ["kl", "humour"]}),
        ("measures", {"measures": 3}),
        ("generation", {"generation": {"seed": 1}}),
        ("samples", {"samples": 0}),
        ("samples", {"samples": math.nan}),
    ],
    ids=str,
)
def test_options_that_are_refused(field: str, options: dict[str, object]) -> None:
    with pytest.raises(InvalidInput) as caught:
        make_grid("x", (Steering(),), **options)  # type: ignore[arg-type]
    assert caught.value.field == field
    assert caught.value.allowed


def test_a_method_that_an_edit_alone_names_is_looked_up_too() -> None:
    with pytest.raises(InvalidInput) as caught:
        make_grid("x", as_steerings([F.at(1, method="teleport")]))
    assert caught.value.field == "method"


@pytest.mark.parametrize("given", [-1, math.nan, "3", None, True, -math.inf])
def test_times_that_are_refused(given: object) -> None:
    with pytest.raises(InvalidInput) as caught:
        as_seconds("timeout", given)
    assert caught.value.field == "timeout"


@pytest.mark.parametrize("given", [0, 2, 0.5, math.inf])
def test_times(given: float) -> None:
    assert as_seconds("timeout", given) == given


@given(grids, st.sampled_from(UNITS), st.sampled_from(methods.names()), st.booleans(), st.booleans())
def test_filling_in_leaves_nothing_open_and_changes_nothing_said(
    grid: Grid, unit: Unit, method: str, skip_special: bool, preserve_norm: bool
) -> None:
    steerings = tuple(
        Steering(
            tuple(msgspec.structs.replace(edit, method=None) for edit in steering.edits),
            steering.preserve_norm,
        )
        for steering in grid.steerings
    )
    filled = make_grid(
        list(grid.prompts), steerings, unit=unit, method=method, skip_special=skip_special,
        preserve_norm=preserve_norm, samples=grid.samples, generation=grid.generation, measures=grid.measures,
    )  # fmt: skip
    assert len(filled) == len(grid)
    assert (filled.prompts, filled.measures) == (grid.prompts, grid.measures)
    for before, after in zip(steerings, filled.steerings, strict=True):
        assert after.preserve_norm is (
            preserve_norm if before.preserve_norm is None else before.preserve_norm
        )
        for said, done in zip(before.edits, after.edits, strict=True):
            for name in Edit.__struct_fields__:
                value = getattr(done, name)
                assert value is not None or name == "schedule"
                assert getattr(said, name) in (None, value)
