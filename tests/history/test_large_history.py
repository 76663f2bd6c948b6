from __future__ import annotations

import time
from pathlib import Path

import msgspec

from steer_widget.history import History
from steer_widget.history.brief import Notes
from steer_widget.history.database import Database
from steer_widget.history.writing import insert, row_of_result
from tests.history.results import a_result


def test_thousands_of_runs_open_fast_and_ten_thousand_cells_are_searched_fast(folder: Path) -> None:
    some = [a_result(f"abc{number}", text=f"text {number} " + "word " * 60) for number in range(100)]
    with Database(folder).writing() as connection:
        for number in range(5000):
            insert(
                connection,
                row_of_result(msgspec.structs.replace(some[number % 100], run=f"run{number}")),
                "",
                Notes(),
                saved=False,
            )
    history = History(folder)
    began_s = time.perf_counter()
    assert len(history) == 5000
    assert history[0].n_cells == 2
    repr(history)
    opened_s = time.perf_counter() - began_s
    began_s = time.perf_counter()
    assert len(history.search("text 99 wORd")) == 50
    searched_s = time.perf_counter() - began_s
    assert opened_s < 0.5
    assert searched_s < 1.0
