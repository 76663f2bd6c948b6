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
    lines = [
        f"{name!r}  {n_items}  {saved_at}  {preview}" for name, n_items, saved_at, preview in _shown(sets)
    ]
    return "\n".join(printable(line).replace("\n", " ") for line in (_headline(sets), *lines, *_notes(sets)))


def list_html(sets: Sets[Any, Any]) -> str:
    """The sets as a table; every text in it is escaped, so it shows as text whatever it holds."""
    heads = "".join(f'<th style="{_HEAD}">{head}</th>' for head in ("name", "items", "saved", "first"))
    rows = "".join(
        "<tr>" + "".join(f'<td style="{_LINE}">{safe_html(str(value))}</td>' for value in row) + "</tr>"
        for row in _shown(sets)
    )
    notes = "<br>".join(map(safe_html, (_headline(sets), *_notes(sets))))
    return (
        f'<div style="overflow-x:auto"><table style="{_TABLE}"><thead><tr>{heads}</tr></thead><tbody>{rows}</tbody>'
        f'</table></div><div style="{_NOTE}">{notes}</div>'
    )


def _shown(sets: Sets[Any, Any]) -> list[tuple[str, int, str, str]]:
    return [(info.name, info.n_items, info.saved_at, info.preview) for info in sets.infos()[:MAX_SHOWN]]


def _headline(sets: Sets[Any, Any]) -> str:
    return f"{len(sets)} sets in {sets.folder}"


def _notes(sets: Sets[Any, Any]) -> list[str]:
    n_left = len(sets) - MAX_SHOWN
    left = [f"… and {n_left} more: list(sets)"] if n_left > 0 else []
    return [*left, *(f"{file.path.name} could not be read. {file.why}" for file in sets.damaged)]
