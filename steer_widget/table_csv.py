"""A result as a CSV table, for spreadsheets and other programs."""

from __future__ import annotations

import csv
import io
import json
from typing import TYPE_CHECKING, Final

from .table_rows import columns_of

if TYPE_CHECKING:
    from .result import RunResult

_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
"""What spreadsheets take for the start of a formula, in front or behind a break (OWASP, CSV injection)."""


def table_csv(result: RunResult, *, tokens: bool = False) -> str:
    """The rows of `RunResult.to_pandas` with the cell's number in front; needs no pandas.

    Lists are JSON, what was not measured is empty. A text that a spreadsheet would take for a formula
    has an apostrophe before it, which spreadsheets do not show; numbers stay numbers.
    """
    rows = result.rows(tokens=tokens)
    file = io.StringIO(newline="")
    writer = csv.DictWriter(file, columns_of(rows, tokens=tokens))
    writer.writeheader()
    writer.writerows({name: _plain(value) for name, value in row.items()} for row in rows)
    return file.getvalue()


def _plain(value: object) -> object:
    if isinstance(value, list):
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, str) and value.startswith(_FORMULA):
        return f"'{value}"
    return value
