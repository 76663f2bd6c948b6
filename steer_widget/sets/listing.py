"""Sets as a table: one line for each."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..html_table import safe_html
from ..printable import printable

if TYPE_CHECKING:
    from ._base import Sets

MAX_SHOWN = 50
_TABLE = "border-collapse:collapse;text-align:left;max-width:100%"
_LINE = "border:1px solid rgba(128,128,128,.35);padding:.3em .6em;text-align:left;vertical-align:top"
_HEAD = f"{_LINE};font-weight:600;background:rgba(128,128,128,.12)"
_NOTE = "opacity:.7;font-size:90%"


def list_text(sets: Sets[Any, Any]) -> str:
    """The sets, one on each line."""
    rows, notes = _content(sets)
    lines = [f"{name!r}  {n_items}  {saved_at}  {preview}" for name, n_items, saved_at, preview in rows]
    return "\n".join(printable(line).replace("\n", " ") for line in (notes[0], *lines, *notes[1:]))


def list_html(sets: Sets[Any, Any]) -> str:
    """The sets as a table; every text in it is escaped, so it shows as text whatever it holds."""
    rows, notes = _content(sets)
    heads = "".join(f'<th style="{_HEAD}">{head}</th>' for head in ("name", "items", "saved", "first"))
    body = "".join(
        "<tr>" + "".join(f'<td style="{_LINE}">{safe_html(str(value))}</td>' for value in row) + "</tr>"
        for row in rows
    )
    return (
        f'<div style="overflow-x:auto"><table style="{_TABLE}"><thead><tr>{heads}</tr></thead><tbody>{body}</tbody>'
        f'</table></div><div style="{_NOTE}">{"<br>".join(map(safe_html, notes))}</div>'
    )


def _content(sets: Sets[Any, Any]) -> tuple[list[tuple[str, int, str, str]], list[str]]:
    """Rows, and notes, of which the first is the headline."""
    infos, damaged = sets.listed()
    n_left = len(infos) - MAX_SHOWN
    rows = [(info.name, info.n_items, info.saved_at, info.preview) for info in infos[:MAX_SHOWN]]
    return rows, [
        f"{len(infos)} sets in {sets.folder}",
        *([f"… and {n_left} more: list(sets)"] if n_left > 0 else []),
        *(f"{file.path.name} could not be read. {file.why}" for file in damaged),
    ]
