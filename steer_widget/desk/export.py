"""Runs as files that the page hands to the user."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from ..html_page import html_page
from ..protocol import File
from ..saving import result_json
from ..table_csv import table_csv

if TYPE_CHECKING:
    from ..protocol import ExportFormat
    from ..result import RunResult

_MAX_NAME_CHARS = 40
_NOT_IN_NAMES = re.compile(r"[^A-Za-z0-9]+")


def export_file(result: RunResult, kind: ExportFormat, name: str = "", tags: tuple[str, ...] = ()) -> File:
    """A run as JSON that `sw.load_result` and `history.import_file` read, as a table, as a page to read, or as code that runs it again."""
    stem = _NOT_IN_NAMES.sub("-", name).strip("-")[:_MAX_NAME_CHARS] or "run"
    file_name = f"{stem}-{result.run}.{kind}"
    if kind == "json":
        return File(file_name, "application/json", result_json(result).decode())
    if kind == "py":
        return File(file_name, "text/x-python", result.code())
    if kind == "csv":
        return File(file_name, "text/csv", table_csv(result))
    return File(file_name, "text/html", html_page(result, name, tags))
