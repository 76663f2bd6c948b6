from __future__ import annotations

import itertools
import math
from collections.abc import Callable

import msgspec
import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from steer_widget.errors import InvalidInput, UnknownFeature
from steer_widget.spec import (
    MAX_SEED,
    Control,
    Edit,
    Feature,
    Generation,
    Grid,
    Message,
    Schedule,
    Selection,
    Span,
    Steering,
    TokenPositions,
    Vector,
    as_measures,
    as_positions,
    check_prompt,
    columns,
    feature_of,
)
from tests.unit.strategies import grids

F = Feature(3)
V = Vector([3.0, 4.0], "mine", "blocks.2.hook_resid_post")  # type: ignore[arg-type]

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
    ("positions", lambda: F.at(1, positions=b"all")),  # type: ignore[arg-type]
    ("positions", lambda: F.at(1, positions=3)),  # type: ignore[arg-type]
    ("positions", lambda: F.at(1, positions=[])),
    ("positions", lambda: F.at(1, positions=[1.5])),  # type: ignore[list-item]
    ("positions", lambda: F.at(1, positions=[True])),
    ("positions", lambda: F.at(1, positions=["all"])),  # type: ignore[list-item]
    ("positions", lambda: F.at(1, positions=[2**60])),
    ("positions", lambda: F.at(1, positions=slice(1, 4, 0))),
    ("positions", lambda: F.at(1, positions=slice(4, 1, -1))),
    ("positions", lambda: F.at(1, positions=slice("a", None))),
    ("positions", lambda: F.at(1, positions=slice(0, 2.0))),
    ("positions", lambda: TokenPositions(3)),  # type: ignore[arg-type]
    ("positions", lambda: TokenPositions("34")),  # type: ignore[arg-type]
    ("skip_special", lambda: F.at(1, skip_special=1)),  # type: ignore[arg-type]
    ("schedule", lambda: F.at(1, schedule=3)),  # type: ignore[arg-type]
    ("schedule start", lambda: Schedule(-1)),
    ("schedule start", lambda: Schedule(1.5)),  # type: ignore[arg-type]
    ("schedule half_life", lambda: Schedule(0, 0)),
    ("schedule half_life", lambda: Schedule(0, -4)),
    ("schedule half_life", lambda: Schedule(0, math.nan)),
    ("schedule half_life", lambda: Schedule(0, math.inf)),
    ("preserve_norm", lambda: Steering((F.at(1),), preserve_norm=1)),  # type: ignore[arg-type]
    ("of", lambda: Control(3)),  # type: ignore[arg-type]
    ("of", lambda: Control(F.control())),  # type: ignore[arg-type]
    ("seed", lambda: F.control(-1)),
    ("seed", lambda: V.control(1.5)),  # type: ignore[arg-type]
    ("sae", lambda: Feature(1, sae=5)),  # type: ignore[arg-type]
    ("name", lambda: Vector([1.0], 5)),  # type: ignore[arg-type]
    ("hook_name", lambda: Vector([1.0], "", None)),  # type: ignore[arg-type]
    ("measures", lambda: Grid(("x",), (Steering(),), measures=("humour",))),  # type: ignore[arg-type]
    ("measures", lambda: as_measures("kl")),
    ("measures", lambda: as_measures(["kl", 3])),
    ("measures", lambda: as_measures(7)),
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
    ("samples", lambda: Grid(("x", "y"), (Steering(),), 500_001)),
    ("selection", lambda: Selection((3,))),  # type: ignore[arg-type]
    ("samples", lambda: Selection(samples=-1)),
    ("layout", lambda: Selection(layout="yes")),  # type: ignore[arg-type]
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


def test_a_row_of_a_selection_equals_the_edit_that_it_is_and_no_other() -> None:
    edit = F.at(4)
    (row,) = Selection((edit,)).edits
    assert row == edit
    assert edit == row
    assert [row != edit, edit != row] == [False, False]
    assert edit in Selection((edit,)).edits
    assert {edit} == {row}
    assert row != F.at(5)
    for other in ({"more_strengths": (5.0,)}, {"is_hidden": True}):
        more = msgspec.structs.replace(row, **other)
        assert more != edit
        assert edit != more
        assert more != row
        assert more == msgspec.structs.replace(row, **other)


def test_a_grid_has_edits_where_rows_of_a_selection_are_given() -> None:
    rows = Selection((F.at(4), F.at(2))).edits
    made = Grid(("p",), (Steering(rows, preserve_norm=True),))
    assert [type(edit) for edit in made.edits()] == [Edit, Edit]
    assert made.steerings == (Steering((F.at(4), F.at(2)), preserve_norm=True),)


# ---- vectors and controls


@pytest.mark.parametrize(
    "given",
    [
        [3, 4.0],
        (3.0, 4.0),
        (value for value in (3, 4)),
        np.array([3, 4]),
        np.array([3.0, 4.0], dtype=np.float64),
        np.array([3.0, 4.0], dtype=np.float16),
        np.array([3.0, 4.0], dtype="<f4").tobytes(),
    ],
    ids=lambda given: type(given).__name__,
)
def test_a_vector_is_made_of_anything_that_lists_numbers(given: object) -> None:
    vector = Vector(given)  # type: ignore[arg-type]
    assert vector == Vector([3.0, 4.0])  # type: ignore[arg-type]
    assert vector.values == np.array([3.0, 4.0], dtype="<f4").tobytes()
    assert (vector.numbers(), len(vector), vector.norm) == ([3.0, 4.0], 2, 5.0)


@pytest.mark.parametrize("dtype", ["float32", "bfloat16", "float16", "float64"])
def test_a_vector_is_made_of_a_tensor(dtype: str) -> None:
    torch = pytest.importorskip("torch")
    tensor = torch.tensor([3.0, 4.0], dtype=getattr(torch, dtype), requires_grad=True)
    assert Vector(tensor) == Vector([3.0, 4.0])  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "given",
    [
        [], [0.0, 0.0], [math.nan, 1.0], [math.inf], [-math.inf, 1.0], [1e39], [10**400], [1e-60], [[1.0, 2.0]],
        ["3"], "34", 3.0, None, object(), b"", b"abc", b"\0\0\0\0", b"\0\0\x80\x7f", [1 + 2j],
        np.zeros(4), np.array([1.0, np.nan]), np.ones((2, 2)), np.array(["a"]),
    ],
    ids=repr,
)  # fmt: skip
def test_what_is_no_direction_is_refused(given: object) -> None:
    with pytest.raises(InvalidInput, match="finite numbers") as caught:
        Vector(given)  # type: ignore[arg-type]
    assert caught.value.field == "values"


def test_a_vector_tells_what_it_is() -> None:
    assert repr(V) == "<Vector 'mine' at blocks.2.hook_resid_post: 2 dimensions, norm 5>"
    assert (str(V), str(Vector([1.0]))) == ("mine", "vector of 1")  # type: ignore[arg-type]
    assert hash(V) == hash(Vector(np.array([3, 4]), "mine", "blocks.2.hook_resid_post"))  # type: ignore[arg-type]


@given(
    arrays(np.float32, st.tuples(st.integers(1, 4), st.just(3)), elements=st.floats(-1e6, 1e6, width=32)),
    arrays(np.float32, st.tuples(st.integers(1, 4), st.just(3)), elements=st.floats(-1e6, 1e6, width=32)),
)
def test_a_contrast_is_the_difference_of_means(positive: np.ndarray, negative: np.ndarray) -> None:
    expected = positive.mean(axis=0, dtype=np.float64) - negative.mean(axis=0, dtype=np.float64)
    assume(np.abs(expected).max() > 1e-3)
    vector = Vector.from_contrast(
        positive, negative.tolist(), name="joy", hook_name="blocks.1.hook_resid_pre"
    )
    assert vector.numbers() == pytest.approx(expected.tolist(), rel=1e-6, abs=1e-3)
    assert (vector.name, vector.hook_name) == ("joy", "blocks.1.hook_resid_pre")


@pytest.mark.parametrize(
    ("field", "positive", "negative"),
    [
        ("positive", [], [[1.0]]),
        ("positive", [[]], [[1.0]]),
        ("positive", [[1.0, 2.0], [1.0]], [[1.0, 2.0]]),
        ("positive", [[math.inf, 1.0]], [[1.0, 1.0]]),
        ("positive", [[math.inf], [-math.inf]], [[1.0]]),
        ("positive", [[1e308], [1e308]], [[1.0]]),
        ("positive", [1.0, 2.0], [[1.0]]),
        ("positive", "joy", [[1.0]]),
        ("positive", 3, [[1.0]]),
        ("negative", [[1.0]], ["grief"]),
        ("negative", [[1.0]], [[math.nan]]),
        ("negative", [[1.0, 2.0]], [[1.0]]),
        ("negative", [[1.0, 2.0]], [[1.0, 2.0]]),
    ],
)
def test_contrasts_that_are_refused(field: str, positive: object, negative: object) -> None:
    with pytest.raises(InvalidInput) as caught:
        Vector.from_contrast(positive, negative)
    assert caught.value.field == field


def test_texts_are_shown_the_way_to_the_worker() -> None:
    with pytest.raises(InvalidInput, match=r"steerer\.contrast_vector"):
        Vector.from_contrast(["joy"], ["grief"])


@pytest.mark.parametrize("direction", [F, V])
def test_a_control_stands_for_what_it_is_of(direction: Feature | Vector) -> None:
    control = direction.control(7)
    assert control == Control(direction, 7)
    assert control != direction.control()
    assert feature_of(control) == feature_of(direction) == (F if direction is F else None)
    assert str(control) == f"random like {direction} (7)"
    assert str(direction.control()) == f"random like {direction}"


def test_features_of_several_saes_have_names_and_keys_of_their_own() -> None:
    assert [str(Feature(3, "war", sae)) for sae in ("", "late")] == ["3 war", "3 war (late)"]
    assert str(Feature(3, sae="late").at(2)) == "feature 3 (late) +2"
    assert [Feature(3).key, Feature(3, sae="a").key, Feature(4, "x", "a").key] == ["/3", "a/3", "a/4"]


# ---- positions and schedules


@pytest.mark.parametrize(
    ("given", "expected", "shown"),
    [
        ("all", "all", "all"),
        (slice(None), Span(0), "[0:]"),
        (slice(2, 8, 2), Span(2, 8, 2), "[2:8:2]"),
        (slice(-4, None), Span(-4), "[-4:]"),
        (slice(np.int64(1), np.int64(3)), Span(1, 3), "[1:3]"),
        ([5, -1, 5, 2], TokenPositions((-1, 2, 5)), "[-1, 2, 5]"),
        (np.array([1, 0]), TokenPositions((0, 1)), "[0, 1]"),
        (iter(range(2)), TokenPositions((0, 1)), "[0, 1]"),
    ],
    ids=str,
)
def test_positions(given: object, expected: object, shown: str) -> None:
    edit = F.at(1, positions=given)  # type: ignore[arg-type]
    assert edit.positions == expected
    assert as_positions(expected) == expected
    assert str(edit.positions) == shown


def test_an_edit_reads_as_one_line() -> None:
    edit = Feature(3, "war").at(4, unit="norm", method="clamp", positions=[1], schedule=Schedule(2, 8))
    assert str(edit) == "3 war +4 norm clamp [1] from token 2, half-life 8"
    assert str(Feature(3, "war").ablate()) == "3 war ablate"
    assert str(Steering((F.at(1),), preserve_norm=True)) == "feature 3 +1, norm kept"
    assert str(Steering((), preserve_norm=True)) == "baseline"


def test_ablate_has_no_strength() -> None:
    edit = F.ablate(positions="prompt", skip_special=True)
    assert (edit.method, edit.strength, edit.positions, edit.skip_special) == ("ablate", 0.0, "prompt", True)


# ---- the grid


def test_cells_are_numbered_prompt_steering_sample() -> None:
    grid = Grid(("a", "b"), (Steering(), Steering((F.at(1),)), Steering((F.at(2),))), 2)
    seen = [grid.coordinates(cell) for cell in range(len(grid))]
    assert [(at.prompt, at.steering, at.sample) for at in seen] == [
        (p, s, n) for p in range(2) for s in range(3) for n in range(2)
    ]
    with pytest.raises(InvalidInput):
        grid.coordinates(12)


@given(grids)
def test_every_cell_has_a_place_of_its_own_in_order(grid: Grid) -> None:
    places = [grid.coordinates(cell) for cell in range(len(grid))]
    assert [(at.prompt, at.steering, at.sample) for at in places] == list(
        itertools.product(range(len(grid.prompts)), range(len(grid.steerings)), range(grid.samples))
    )
    assert list(grid.edits()) == [edit for steering in grid.steerings for edit in steering.edits]
    for cell in (-1, len(grid)):
        with pytest.raises(InvalidInput):
            grid.coordinates(cell)


@given(grids)
def test_a_grid_is_equal_to_itself_made_again(grid: Grid) -> None:
    again = Grid(grid.prompts, grid.steerings, grid.samples, grid.generation, grid.measures)
    assert again == grid
    assert hash(again) == hash(grid)
    assert msgspec.convert(msgspec.to_builtins(grid), Grid) == grid


@pytest.mark.parametrize(
    ("combine", "baseline", "n_edits"),
    [(False, True, [0, 1, 1]), (True, True, [0, 2]), (True, False, [2]), (False, False, [1, 1])],
)
def test_columns(combine: bool, baseline: bool, n_edits: list[int]) -> None:
    made = columns([F.at(1), F.at(2)], combine=combine, baseline=baseline)
    assert [len(column.edits) for column in made] == n_edits
    assert made[0].is_baseline is baseline
