"""A history as a table: one line for each run."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from ..html_table import safe_html
from ..printable import printable

if TYPE_CHECKING:
    from .entry import Entry
    from .history import History

MAX_SHOWN = 20
_MAX_CHARS = 60
_HEADS = ("run", "created", "state", "name", "tags", "model", "prompts", "steerings", "cells")
_TABLE = "border-collapse:collapse;text-align:left;max-width:100%"
_LINE = "border:1px solid rgba(128,128,128,.35);padding:.3em .6em;text-align:left;vertical-align:top"
_HEAD = f"{_LINE};font-weight:600;background:rgba(128,128,128,.12)"
_NOTE = "opacity:.7;font-size:90%"


def entry_line(entry: Entry) -> str:
    """A run on one line of plain text."""
    parts = [
        entry.run,
        entry.created_at,
        entry.state,
        f"{entry.n_done}/{entry.n_cells} cells",
        *([repr(_short(entry.name))] if entry.name else []),
        *([f"[{', '.join(map(_short, entry.tags))}]"] if entry.tags else []),
        _short(_model(entry)),
        _listed(entry.prompts, entry.n_prompts),
        _listed(entry.steerings, entry.n_steerings),
    ]
    return printable("  ".join(part for part in parts if part)).replace("\n", " ").replace("\t", " ")


def list_text(history: History) -> str:
    """The newest runs, one on each line."""
    shown, n_runs = history[:MAX_SHOWN], len(history)
    return "\n".join([_headline(history, n_runs), *map(entry_line, shown), *_rest(n_runs)])


def list_html(history: History) -> str:
    """The newest runs as a table; every text in it is escaped, so it shows as text whatever it holds."""
    shown, n_runs = history[:MAX_SHOWN], len(history)
    heads = "".join(f'<th style="{_HEAD}">{head}</th>' for head in _HEADS)
    rows = "".join(f"<tr>{''.join(_column(text) for text in _columns(entry))}</tr>" for entry in shown)
    notes = "<br>".join(safe_html(line) for line in (_headline(history, n_runs), *_rest(n_runs)))
    return (
        f'<div style="overflow-x:auto"><table style="{_TABLE}"><thead><tr>{heads}</tr></thead><tbody>{rows}</tbody>'
        f'</table></div><div style="{_NOTE}">{notes}</div>'
    )


def _columns(entry: Entry) -> tuple[str, ...]:
    return (
        entry.run,
        entry.created_at,
        entry.state,
        _short(entry.name) + (" ★" if entry.saved else ""),
        ", ".join(map(_short, entry.tags)),
        _short(_model(entry)),
        _listed(entry.prompts, entry.n_prompts),
        _listed(entry.steerings, entry.n_steerings),
        f"{entry.n_done}/{entry.n_cells}",
    )


def _column(text: str) -> str:
    return f'<td style="{_LINE}">{safe_html(text)}</td>'


def _headline(history: History, n_runs: int) -> str:
    trouble = f" · {history.problem.message}" if history.problem is not None else ""
    return printable(f"{n_runs} runs in {history.folder}{trouble}")


def _rest(n_runs: int) -> list[str]:
    n_left = n_runs - MAX_SHOWN
    return [f"… and {n_left} older: history[{MAX_SHOWN}:], or history.search(…)"] if n_left > 0 else []


def _model(entry: Entry) -> str:
    return " + ".join((entry.model, *entry.saes)) if entry.model else ""


def _listed(texts: Sequence[str], n_all: int) -> str:
    if not texts:
        return ""
    return _short(texts[0]) + (f" +{n_all - 1}" if n_all > 1 else "")


def _short(text: str) -> str:
    return text if len(text) <= _MAX_CHARS else f"{text[: _MAX_CHARS - 1]}…"
