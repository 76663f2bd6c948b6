"""What stands in the notebook where no kernel draws the widget: on GitHub, in nbviewer, in a saved file."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .html_table import html_table, safe_html
from .text_table import text_table

if TYPE_CHECKING:
    from .result import RunResult

MAX_CELLS = 300
"""Texts in a saved notebook: some 200 kB."""
_COLUMNS = 100


def hint_html(title: str) -> str:
    """The way to a run."""
    return (
        f"<p><code>{safe_html(title)}</code><br>"
        "Run this cell in a notebook to steer: pick features, set strengths, press Run.</p>"
    )


def fallback_html(title: str, result: RunResult | None) -> str:
    """The latest run as a table, or the way to a first one."""
    return hint_html(title) if result is None else html_table(result)


def static_bundle(result: RunResult | None, mark: str) -> dict[str, str]:
    """The latest run as HTML and as text, by MIME type; as many of its prompts as fit, and how many do not.

    Args:
        result: the run; None: nothing yet.
        mark: a class of the HTML, by which it is found again.
    """
    if result is None:
        return {"text/plain": "", "text/html": _marked(mark, "")}
    n_prompts = max(1, MAX_CELLS // (len(result.grid) // len(result.grid.prompts)))
    return {
        "text/plain": text_table(result, _COLUMNS, n_prompts=n_prompts),
        "text/html": _marked(mark, html_table(result, n_prompts=n_prompts)),
    }


def _marked(mark: str, html: str) -> str:
    return f'<div class="sw-static {mark}">{html}</div>'
