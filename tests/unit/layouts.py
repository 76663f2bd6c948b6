"""Selections with the number of their columns, for the kernel and the page alike.

``python -m tests.unit.layouts`` writes them anew, where the shape of a selection has changed.
"""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import msgspec

from steer_widget.errors import InvalidInput
from steer_widget.layout import columns_of
from steer_widget.spec import Feature, SelectedEdit, Selection, Vector

PATH = Path(__file__).with_name("data") / "layouts.json"
_SEED = 5
_N_CASES = 60
_STRENGTHS = (0.0, -0.0, 1.0, 1.0, -2.5, 0.1, 0.3, 40.0, 1e-9, 1e9)
_METHODS = (None, "add", "clamp", "scale", "ablate", "cap")


def cases() -> list[dict[str, Any]]:
    """Each a selection as the page gets it, its number of columns, and the field by which it is refused, if it is."""
    rng = random.Random(_SEED)
    return [_case(selection) for selection in (*_corners(), *(_selection(rng) for _ in range(_N_CASES)))]


def _case(selection: Selection) -> dict[str, Any]:
    plain = msgspec.to_builtins(selection)
    try:
        return {"selection": plain, "n_columns": len(columns_of(selection)), "refused": ""}
    except InvalidInput as error:
        return {"selection": plain, "n_columns": None, "refused": error.field}


def _corners() -> list[Selection]:
    """What a second counting would miss first."""
    row = SelectedEdit(Feature(1), 0.0, more_strengths=(-0.0, 0.0, 1.0, 1.0))
    hidden = msgspec.structs.replace(row, is_hidden=True)
    control = SelectedEdit(Feature(1).control(), 2.0)
    some = SelectedEdit(Feature(1), 0.0, more_strengths=tuple(map(float, range(1, 32))))
    many = SelectedEdit(Feature(1), 0.0, more_strengths=tuple(map(float, range(1, 1_000))))
    return [
        Selection(),
        Selection(baseline=False, control=True),
        Selection((hidden,), "combined", control=True),
        Selection((row,)),
        Selection((row, row), "combined"),
        Selection((row, control), control=True),
        Selection((row, control), "combined", control=True),
        Selection((row,), "grid"),
        Selection((hidden,), "grid"),
        Selection((row, row), "grid", grid_strengths=(0.0, -0.0, 3.0, 3.0)),
        Selection((row,), "sweep", sweep_start=3.0, sweep_stop=3.0),
        Selection((row,), "sweep", sweep_start=0.0, sweep_stop=-0.0, control=True),
        Selection((row,), "sweep", sweep_start=0.0, sweep_stop=1e-9, n_sweep_steps=200),
        Selection((row,), "sweep", sweep_start=1e6, sweep_stop=1e6 + 0.5),
        Selection((row, row), "sweep", sweep_stop=1.0, n_sweep_steps=1),
        Selection((row, row), master=0.0),
        Selection((some, some), "combined"),
        Selection((many,), control=True),
        Selection((many, row)),
        Selection((row,) * 6, "sweep", sweep_stop=1.0, n_sweep_steps=200),
    ]


def _selection(rng: random.Random) -> Selection:
    def strengths(n_most: int) -> tuple[float, ...]:
        return tuple(rng.choices(_STRENGTHS, k=rng.randint(0, n_most)))

    def row() -> SelectedEdit:
        feature = Feature(rng.randrange(9), "a label")
        direction = rng.choice([feature, feature, feature.control(), Vector([1.0, 2.0])])  # type: ignore[arg-type]
        return SelectedEdit(
            direction, rng.choice(_STRENGTHS), method=rng.choice(_METHODS), more_strengths=strengths(4),
            is_hidden=rng.random() < 0.2,
        )  # fmt: skip

    return Selection(
        tuple(row() for _ in range(rng.randint(0, 5))),
        rng.choice(["separate", "combined", "grid", "sweep"]),
        baseline=rng.random() < 0.7,
        samples=rng.randint(1, 3),
        grid_strengths=strengths(5),
        sweep_start=rng.choice(_STRENGTHS),
        sweep_stop=rng.choice(_STRENGTHS),
        n_sweep_steps=rng.randint(1, 12),
        control=rng.random() < 0.4,
        master=rng.choice([1.0, 1.0, 0.0, -1.5]),
    )


def text() -> str:
    """The file: a line for each case."""
    return "[\n" + ",\n".join(json.dumps(case, separators=(",", ":")) for case in cases()) + "\n]\n"


if __name__ == "__main__":
    PATH.write_text(text(), encoding="utf-8")
