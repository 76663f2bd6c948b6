"""A result as an HTML table that reads well in light and dark notebooks, and on GitHub."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from .cell import Cell, prompt_text
from .printable import printable
from .remarks import figures, flag_words
from .spec import Steering
from .text_table import cell_text, headline, left_out

if TYPE_CHECKING:
    from .result import RunResult

# Colours are taken from the page and only made weaker, so they fit any theme; GitHub drops styles.
_TABLE = "border-collapse:collapse;text-align:left;max-width:100%"
_LINE = "border:1px solid rgba(128,128,128,.35);padding:.4em .7em;text-align:left;vertical-align:top"
_HEAD = f"{_LINE};font-weight:600;background:rgba(128,128,128,.12)"
_PROMPT = f"{_LINE};background:rgba(128,128,128,.06);white-space:pre-wrap;overflow-wrap:anywhere"
_TEXT = f"{_LINE};white-space:pre-wrap;overflow-wrap:anywhere;min-width:12em"
_NOTE = "opacity:.7;font-size:90%"
_REMARKS = "font-size:85%;margin-top:.5em;white-space:normal"
_FIGURES = "opacity:.7"
_MEANINGS = (
    "KL: mean over the tokens of KL(steered‖unsteered), in nats. "
    "Perplexity: of this text under the unsteered model."
)


def html_table(result: RunResult, *, n_prompts: int | None = None) -> str:
    """A result; every text in it is escaped, so it shows as text whatever it holds.

    Args:
        result: what to show.
        n_prompts: how many prompts, and in a line how many more there are; None: all.
    """
    grid = result.grid
    shown = range(len(grid.prompts[:n_prompts]))
    heads = "".join(f'<th style="{_HEAD}">{_head(steering)}</th>' for steering in grid.steerings)
    rows = "".join(_prompt_rows(result, number) for number in shown)
    notes = "<br>".join(map(safe_html, (headline(result), *left_out(result, n_prompts))))
    return (
        f'<div style="overflow-x:auto"><table style="{_TABLE}"><thead><tr>{heads}</tr></thead><tbody>{rows}</tbody>'
        f'</table></div><div style="{_NOTE}">{notes}</div>'
    )


def safe_html(text: str) -> str:
    """Text as HTML that shows it, with marks that would turn or hide it made visible."""
    return escape(printable(text), quote=True)


def _lines(text: str) -> str:
    # Without styles, as GitHub shows it, line breaks are elements or none.
    return safe_html(text).replace("\n", "<br>")


def _head(steering: Steering) -> str:
    kept = ["norm kept"] if steering.preserve_norm and steering.edits else []
    return "<br>".join(safe_html(line) for line in (*map(str, steering.edits), *kept)) or "baseline"


def _prompt_rows(result: RunResult, number: int) -> str:
    n_steerings, samples = len(result.grid.steerings), result.grid.samples
    first = number * n_steerings * samples
    prompt = _lines(prompt_text(result.grid.prompts[number]))
    rows = f'<tr><td colspan="{n_steerings}" style="{_PROMPT}"><em>{prompt}</em></td></tr>'
    for sample in range(samples):
        cells = [result.cells[first + steering * samples + sample] for steering in range(n_steerings)]
        rows += "<tr>" + "".join(f'<td style="{_TEXT}">{_body(cell)}</td>' for cell in cells) + "</tr>"
    return rows


def _body(cell: Cell) -> str:
    text = _lines(cell.text)
    if cell.state != "done" or cell.failure is not None:
        note = safe_html(cell_text(cell)[len(cell.text) :].strip())
        text = f'{text} <span style="{_NOTE}">{note}</span>'
    return text + _remarks(cell)


def _remarks(cell: Cell) -> str:
    """Flags and figures below the text, smaller, so that the reader's eye can skip them."""
    lines = [f"<strong>⚠ {safe_html(word)}</strong>" for word in flag_words(cell)]
    measured = " · ".join(figures(cell))
    if measured:
        lines.append(f'<span style="{_FIGURES}">{safe_html(measured)}</span>')
    if not lines:
        return ""
    return f'<div style="{_REMARKS}" title="{safe_html(_MEANINGS)}">{"<br>".join(lines)}</div>'
