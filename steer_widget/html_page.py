"""A result as a page of its own: one file that any browser opens, without a network and without a kernel.

Its script draws the run as the widget does, to be sorted, coloured and charted. What it replaces is the same run as a
table, which is what readers without scripts see: mail programs, previews, printers of web pages.
"""

from __future__ import annotations

import base64
import hashlib
from pathlib import Path
from typing import TYPE_CHECKING

from .html_table import html_table, safe_html
from .run_file import run_file, script_json

if TYPE_CHECKING:
    from .result import RunResult

_STATIC = Path(__file__).with_name("static")


def html_page(result: RunResult, title: str = "", tags: tuple[str, ...] = ()) -> str:
    """The whole result as a stand-alone page; every text in it is escaped, so it shows as text whatever it holds."""
    file = run_file(result, title, tags)
    script, styles = _built("standalone.js"), _built("standalone.css")
    name = safe_html(file.title)
    facts = "<br>".join(safe_html(f"{fact.name}: {fact.value}") for fact in file.facts)
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{_policy(script)}">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{name} · steer_widget</title><style>{styles}</style></head>"
        f'<body><main id="sw-page"><h1>{name}</h1>{html_table(result)}<p>{facts}</p></main>\n'
        f'<script type="application/json" id="sw-run">{script_json(file)}</script>\n'
        f'<script type="module">{script}</script></body></html>\n'
    )


def _policy(script: str) -> str:
    """Nothing may be fetched, and nothing run but this script, whatever the texts hold."""
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    return f"default-src 'none'; img-src data:; style-src 'unsafe-inline'; script-src 'sha256-{digest}'"


def _built(name: str) -> str:
    return (_STATIC / name).read_text(encoding="utf-8")
