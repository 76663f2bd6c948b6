"""What a selection comes to, held against layouts written out by hand, and against its own way back."""

from __future__ import annotations

import itertools
import json
import math
import time

import msgspec
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

import steer_widget as sw
from steer_widget.layout import MAX_COLUMNS, columns_of, selection_of
from steer_widget.spec import SelectedEdit, Selection, as_selected
from tests.unit import layouts, strategies

A, B = sw.Feature(1, "a"), sw.Feature(2, "b")


def row(feature: sw.Feature, *strengths: float, **fields: object) -> SelectedEdit:
    return SelectedEdit(feature, strengths[0], more_strengths=strengths[1:], **fields)  # type: ignore[arg-type]


def told(selection: Selection) -> list[str]:
    """Each column as `index@strength`, controls with a question mark in front."""
    return [
        " ".join(
            f"{'?' if isinstance(edit.feature, sw.Control) else ''}{getattr(edit.feature, 'of', edit.feature).index}"
            f"@{edit.strength!r}"
            for edit in column.edits
        )
        for column in columns_of(selection)
    ]  # fmt: skip


# ---- layouts


@pytest.mark.parametrize(
    ("selection", "wanted"),
    [
        (Selection(), [""]),
        (Selection(baseline=False), []),
        (Selection((row(A, 4), row(B, -1))), ["", "1@4.0", "2@-1.0"]),
        (Selection((row(A, 4, 8, 4), row(B, 1))), ["", "1@4.0", "1@8.0", "2@1.0"]),
        (Selection((row(A, 4), row(B, 1, is_hidden=True))), ["", "1@4.0"]),
        (Selection((row(A, 4, is_hidden=True),), "combined"), [""]),
        (Selection((row(A, 4), row(B, 1)), "combined"), ["", "1@4.0 2@1.0"]),
        (Selection((row(A, 1, 2), row(B, 3, 4)), "combined", baseline=False),
         ["1@1.0 2@3.0", "1@1.0 2@4.0", "1@2.0 2@3.0", "1@2.0 2@4.0"]),
        (Selection((row(A, 9, 10), row(B, 9)), "grid", grid_strengths=(0.5, -0.5, 0.5)),
         ["", "1@0.5", "1@-0.5", "2@0.5", "2@-0.5"]),
        (Selection((row(A, 9),), "sweep", sweep_start=-8, sweep_stop=8),
         ["", "1@-8.0", "1@-4.0", "1@0.0", "1@4.0", "1@8.0"]),
        (Selection((row(A, 9),), "sweep", sweep_start=3, sweep_stop=3), ["", "1@3.0"]),
        (Selection((row(A, 9),), "sweep", sweep_start=3, sweep_stop=5, n_sweep_steps=1), ["", "1@3.0"]),
        (Selection((row(A, 1, 2),), control=True), ["", "1@1.0", "?1@1.0", "1@2.0", "?1@2.0"]),
        (Selection((row(A, 1), row(B, 2)), "combined", control=True), ["", "1@1.0 2@2.0", "?1@1.0 ?2@2.0"]),
    ],
)  # fmt: skip
def test_layouts(selection: Selection, wanted: list[str]) -> None:
    assert told(selection) == wanted


def test_a_row_that_is_random_already_gets_no_control() -> None:
    rows = (as_selected(A.control().at(1)), row(B, 2))
    assert told(Selection(rows, control=True)) == ["", "?1@1.0", "2@2.0", "?2@2.0"]
    assert told(Selection(rows, "combined", control=True)) == ["", "?1@1.0 2@2.0"]


def test_columns_are_plain_edits_with_all_that_the_row_says() -> None:
    edit = A.at(3, unit="norm", method="clamp", positions=[0, -1], skip_special=True, schedule=sw.Schedule(2))
    (column,) = columns_of(Selection((as_selected(edit),), baseline=False))
    assert type(column.edits[0]) is sw.Edit
    assert column.edits == (edit,)


@pytest.mark.parametrize(
    ("start", "stop", "n_steps", "wanted"),
    [
        (0, 1, 11, [0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0]),
        (1, -1, 5, [1.0, 0.5, 0.0, -0.5, -1.0]),
        (0, 1, 4, [0.0, 0.333333, 0.666667, 1.0]),
        (1e6, 1e6 + 0.5, 3, [1e6, 1e6 + 0.25, 1e6 + 0.5]),
        (1234567.8, 2234567.8, 3, [1234567.8, 1734568.0, 2234567.8]),
        (0, 3e-9, 4, [0.0, 1e-9, 2e-9, 3e-9]),
        (-1.5e308, 1.5e308, 3, [-1.5e308, 0.0, 1.5e308]),
    ],
)
def test_sweeps_have_nice_numbers(start: float, stop: float, n_steps: int, wanted: list[float]) -> None:
    selection = Selection(
        (row(A, 9),), "sweep", baseline=False, sweep_start=start, sweep_stop=stop, n_sweep_steps=n_steps
    )
    strengths = [column.edits[0].strength for column in columns_of(selection)]
    assert strengths == wanted
    assert not any(math.copysign(1, strength) < 0 for strength in strengths if strength == 0)


@given(start=strategies.finite, stop=strategies.finite, n_steps=st.integers(1, 200))
def test_any_sweep_goes_evenly_from_end_to_end(start: float, stop: float, n_steps: int) -> None:
    selection = Selection(
        (row(A, 9),), "sweep", baseline=False, sweep_start=start, sweep_stop=stop, n_sweep_steps=n_steps
    )
    try:
        strengths = [column.edits[0].strength for column in columns_of(selection)]
    except sw.InvalidInput as error:
        assert error.field == "n_sweep_steps"  # noqa: PT017 - it may be refused or not
        assert math.isclose(start, stop, rel_tol=1e-10) or abs(stop - start) < 1e-300
        return
    assert strengths[0] == start
    if start == stop or n_steps == 1:
        assert len(strengths) == 1
        return
    assert len(strengths) == n_steps
    assert strengths[-1] == stop
    assert strengths == sorted(strengths, reverse=stop < start)
    for i, strength in enumerate(strengths):
        exact = start * (1 - i / (n_steps - 1)) + stop * (i / (n_steps - 1))
        assert abs(strength / 4 - exact / 4) <= abs(stop / 4 - start / 4) * 1e-5 + 5e-324


# ---- the master dial


@pytest.mark.parametrize(
    ("method", "strength", "master", "wanted"),
    [
        (None, 4, 0.5, 2), ("add", 4.2, 1.1, 4.62), ("add", 4, 0, 0), ("add", 4, -1, -4),
        ("clamp", 10, 0.5, 5), ("cap", -6, 0.5, -3),
        ("scale", 3, 0.5, 2), ("scale", 1, 7, 1), ("scale", 0, 0.5, 0.5),
        ("orthogonal", 0, 0.25, 0.75), ("ablate", 0, 0.5, 0),
    ],
)  # fmt: skip
def test_the_master_scales_what_a_strength_does(
    method: str | None, strength: float, master: float, wanted: float
) -> None:
    selection = Selection((row(A, strength, method=method),), baseline=False, master=master)
    assert columns_of(selection)[0].edits[0].strength == wanted


def test_the_master_scales_every_layout_and_changes_no_number_of_columns() -> None:
    for layout in ("separate", "combined", "grid", "sweep"):
        selection = Selection((row(A, 1, 2), row(B, 3)), layout, grid_strengths=(1, 2), sweep_stop=4)
        plain = columns_of(selection)
        for master in (0.0, 0.5, -2.0):
            scaled = columns_of(msgspec.structs.replace(selection, master=master))
            for one, other in zip(plain, scaled, strict=True):
                pairs = zip(one.edits, other.edits, strict=True)
                assert all(mine.strength * master == theirs.strength for mine, theirs in pairs)


# ---- what is refused


def test_a_grid_without_strengths_is_refused_where_there_are_rows() -> None:
    with pytest.raises(sw.InvalidInput, match=r"^grid_strengths: "):
        columns_of(Selection((row(A, 1),), "grid"))
    assert told(Selection((row(A, 1, is_hidden=True),), "grid")) == [""]


def test_too_many_columns_are_refused_at_once() -> None:
    many = row(A, *range(100))
    started_s = time.perf_counter()
    with pytest.raises(
        sw.InvalidInput, match=r"^selection: got 'more columns than can be counted'; .*at most 1,000"
    ):
        columns_of(Selection((many,) * 3_000, "combined"))
    with pytest.raises(sw.InvalidInput, match=r"^selection: got '1,001 columns'"):
        columns_of(Selection((row(A, *range(MAX_COLUMNS + 1)),)))
    with pytest.raises(sw.InvalidInput, match=r"^selection: got '300,000 columns'"):
        columns_of(Selection((many,) * 3_000, control=True))
    assert time.perf_counter() - started_s < 1
    assert len(columns_of(Selection((row(A, *range(MAX_COLUMNS)),), control=True))) == 1 + 2 * MAX_COLUMNS


def test_a_strength_that_becomes_infinite_is_refused_by_the_dial_that_made_it_so() -> None:
    with pytest.raises(sw.InvalidInput, match=r"^master: got 10\.0; allowed: .*1e\+308"):
        columns_of(Selection((row(A, 1e308),), master=10))


def test_a_sweep_between_neighbouring_numbers_is_refused() -> None:
    with pytest.raises(
        sw.InvalidInput, match=r"^n_sweep_steps: got 5; allowed: fewer, from 1\.0 to 1\.0000000000000002"
    ):
        columns_of(Selection((row(A, 1),), "sweep", sweep_start=1, sweep_stop=math.nextafter(1, 2)))


# ---- there and back


@given(selection=strategies.selections)
@settings(max_examples=200)
def test_columns_lead_back_to_a_selection_of_the_same_columns(selection: Selection) -> None:
    # Strengths that the dial makes the same are told apart by no column any more.
    selection = msgspec.structs.replace(selection, master=1.0)
    try:
        columns = columns_of(selection)
    except sw.InvalidInput:
        assume(False)
    back = selection_of(columns, selection.samples)
    assert columns_of(back) == columns
    assert back.samples == selection.samples


def test_rows_with_several_strengths_come_back_as_they_were() -> None:
    for layout in ("separate", "combined"):
        for control in (False, True):
            selection = Selection((row(A, 1, 2), row(B, 3, 4)), layout, samples=2, control=control)
            assert selection_of(columns_of(selection), 2) == selection


@pytest.mark.parametrize(
    "steerings",
    [
        [sw.Steering((A.at(1),)), sw.Steering()],
        [sw.Steering(), sw.Steering((A.at(1),), preserve_norm=True)],
        [sw.Steering((A.at(1), B.at(1))), sw.Steering((A.at(1),))],
        [sw.Steering((A.at(i), B.at(i))) for i in range(50)],
        [sw.Steering((A.at(i),)) for i in range(MAX_COLUMNS + 1)],
    ],
    ids=["baseline last", "norm kept", "uneven", "a diagonal", "too many"],
)
def test_columns_that_no_selection_stands_for_are_refused(steerings: list[sw.Steering]) -> None:
    with pytest.raises(sw.InvalidInput, match=r"^steerings: .*steerer\.reopen\(result\)"):
        selection_of(steerings)


# ---- the page counts as well


def test_the_file_that_the_page_s_counting_is_held_against_is_current() -> None:
    assert layouts.PATH.read_text(encoding="utf-8") == layouts.text(), (
        "python -m tests.unit.layouts writes it anew"
    )
    cases = json.loads(layouts.PATH.read_text(encoding="utf-8"))
    assert {case["refused"] for case in cases} == {"", "selection", "grid_strengths"}
    for layout, control in itertools.product(("separate", "combined", "grid", "sweep"), (True, False)):
        found = [
            c for c in cases if (c["selection"]["layout"], c["selection"]["control"]) == (layout, control)
        ]
        assert any((case["n_columns"] or 0) > 2 for case in found)
