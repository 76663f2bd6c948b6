"""What stands in the notebook where no kernel draws the widget: on GitHub, in nbviewer, in a saved file."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .html_table import html_table, safe_html

if TYPE_CHECKING:
    from .result import RunResult


def fallback_html(title: str, result: RunResult | None) -> str:
    """The latest run as a table, or the way to a first one."""
    if result is not None:
        return html_table(result)
    return (
        f"<p><code>{safe_html(title)}</code><br>"
        "Run this cell in a notebook to steer: pick features, set strengths, press Run.</p>"
    )
