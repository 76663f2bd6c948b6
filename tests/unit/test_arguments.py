from __future__ import annotations

import math

import pytest

from steer_widget.arguments import as_columns, as_prompts, as_steerings, make_grid, with_baseline
from steer_widget.errors import InvalidInput
from steer_widget.spec import Feature, Generation, Message, Steering

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


def test_a_grid_has_every_default_filled_in() -> None:
    grid = make_grid(
        "x", as_steerings([F.at(1), F.at(2, unit="max_act", method="add")]), unit="norm", positions="prompt"
    )
    assert [(e.unit, e.method, e.positions) for e in grid.edits()] == [
        ("norm", "add", "prompt"),
        ("max_act", "add", "prompt"),
    ]
    assert grid.generation == Generation()


@pytest.mark.parametrize(
    ("field", "options"),
    [
        ("unit", {"unit": "volts"}),
        ("positions", {"positions": "last"}),
        ("method", {"method": ""}),
        ("method", {"method": None}),
        ("generation", {"generation": {"seed": 1}}),
        ("samples", {"samples": 0}),
        ("samples", {"samples": math.nan}),
    ],
)
def test_options_that_are_refused(field: str, options: dict[str, object]) -> None:
    with pytest.raises(InvalidInput) as caught:
        make_grid("x", (Steering(),), **options)  # type: ignore[arg-type]
    assert caught.value.field == field
