"""A result as a page of its own: one file that any browser shows, without scripts and without a network."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from .html_table import html_table, safe_html

if TYPE_CHECKING:
    from .result import RunResult
    from .spec import Generation

# Nothing in it may run or be fetched, whatever the texts hold.
_POLICY = "default-src 'none'; style-src 'unsafe-inline'"
_STYLE = (
    ":root{color-scheme:light dark}"
    "body{font:14px/1.5 system-ui,sans-serif;max-width:1200px;margin:2em auto;padding:0 1em}"
    "h1{font-size:20px;margin:0 0 .3em}p{margin:0 0 1.2em;opacity:.75}"
)


def html_page(result: RunResult, title: str = "", tags: tuple[str, ...] = ()) -> str:
    """The whole result as a stand-alone page; every text in it is escaped, so it shows as text whatever it holds."""
    name = safe_html(title or f"Run {result.run}")
    facts = [result.created_at, *tags, _settings(result.grid.generation)]
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{name} · steer_widget</title><style>{_STYLE}</style></head>"
        f"<body><h1>{name}</h1><p>{safe_html(' · '.join(fact for fact in facts if fact))}</p>"
        f"{html_table(result)}</body></html>\n"
    )


def _settings(generation: Generation) -> str:
    """Every setting by the name it has in Python."""
    return ", ".join(f"{name}={value!r}" for name, value in msgspec.structs.asdict(generation).items())
