"""Prompts out of tables: CSV, with commas or semicolons, and TSV."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence

from .errors import InvalidInput

_QUOTES = 'A cell with quotes, commas or lines in it stands in quotes: "say ""so"", please".'


def table_prompts(
    name: str, content: str, heads: Sequence[str], *, is_tabbed: bool
) -> Iterator[tuple[int, str]]:
    """Cells of the column of prompts, each with the number of the line it ends in.

    Args:
        name: of the file, for errors.
        content: of the file.
        heads: what the column may be called; where none is, the first column from the first line on.
        is_tabbed: whether tabs part the columns.

    Raises:
        InvalidInput: a row without a prompt, one with more cells than the first row, or quotes that are not closed.
    """
    delimiter, column = _column(content, heads, "\t" if is_tabbed else ",;")
    n_cells = 0
    reader = csv.reader(io.StringIO(content, newline=""), delimiter=delimiter, strict=True)
    try:
        if column is not None:
            n_cells = len(next(reader))
        for row in reader:
            if not any(cell.strip() for cell in row):
                continue
            n_cells = n_cells or len(row)
            # A text with commas and without quotes: its first part alone is not what was written.
            if any(cell.strip() for cell in row[n_cells:]):
                raise InvalidInput(
                    f"line {reader.line_num} of {name}",
                    row,
                    f"as many cells as the first row, {n_cells}",
                    hint=_QUOTES,
                )
            cell = row[column or 0] if len(row) > (column or 0) else ""
            if not cell.strip():
                raise InvalidInput(f"line {reader.line_num} of {name}", row, "a row with a prompt")
            yield reader.line_num, cell
    except csv.Error as error:
        raise InvalidInput(
            f"line {reader.line_num} of {name}", str(error), "cells in CSV",
            hint=_QUOTES,
        ) from error  # fmt: skip


def _column(content: str, heads: Sequence[str], delimiters: str) -> tuple[str, int | None]:
    """What parts the columns, and which one has the prompts; None where no head says so."""
    for delimiter in delimiters:
        try:
            first = next(csv.reader(io.StringIO(content, newline=""), delimiter=delimiter, strict=True), [])
        except csv.Error:  # told with its line when the rows are read
            continue
        names = [cell.strip().casefold() for cell in first]
        found = next((head for key in heads for head in (key, f"{key}s") if head in names), None)
        if found is not None:
            return delimiter, names.index(found)
    return delimiters[0], None
