"""Results, and writing them down as the runs of a folder."""

from __future__ import annotations

from pathlib import Path

from steer_widget.history import History
from steer_widget.history.brief import Notes
from steer_widget.history.database import Database
from steer_widget.history.writing import insert, row_of_result
from steer_widget.result import RunResult
from steer_widget.spec import Feature, Grid, Steering
from tests.unit.scripted import MODEL, SAE
from tests.unit.test_result import cells_of

NASTY = "<script>alert(1)</script>\x1b[31m\u202eevil\r"


def a_result(
    run: str = "abc", text: str = "one two", prompt: str = "prompt", label: str = "label"
) -> RunResult:
    plan = Grid((prompt,), (Steering(), Steering((Feature(3, label).at(1.0),))))
    return RunResult(
        run=run, state="done", grid=plan, model=MODEL, saes=(SAE,), seconds=1.0, n_tokens=4,
        cells=cells_of(plan, state="done", text=text, token_ids=(1, 2), finish="length"),
        created_at=f"2026-01-01T00:00:{int(run[3:] or 0) % 60:02d}+00:00",
    )  # fmt: skip


def put(folder: Path, *results: RunResult, saved: bool = False, notes: Notes = Notes()) -> None:  # noqa: B008 - frozen
    with Database(folder).writing() as connection:
        for result in results:
            insert(connection, row_of_result(result), "", notes, saved=saved)


def runs(history: History) -> list[str]:
    return [entry.run for entry in history]
