"""results/latest.json: one row for each figure, each with its own time and conditions.

A run of some figures replaces their rows and leaves the others as they were measured.
"""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path
from typing import Any

from .bars import BARS, Bar
from .measured import Measured

LATEST = Path(__file__).with_name("results") / "latest.json"

Row = dict[str, Any]
Rows = dict[str, Row]


def row(bar: Bar, measured: Measured, found: dict[str, object], took_s: float) -> Row:
    """What the file holds of one figure.

    Args:
        bar: its bar.
        measured: what came out.
        found: the conditions, from before it was measured.
        took_s: how long measuring took.
    """
    return {
        "what": bar.what,
        "how": (bar.measure.__doc__ or "").strip(),
        "ratio": measured.ratio,
        "reach": bar.reach,
        "met": bar.is_met(measured.ratio),
        "absolute": measured.absolute,
        "ratios": list(measured.ratios),
        "notes": measured.notes,
        "measured_at": dt.datetime.now(dt.timezone.utc).isoformat(timespec="seconds"),
        "took_s": took_s,
        **found,
    }


def read() -> Rows:
    """Rows of the figures that there still are, in the table's order; those of an older form are left out."""
    if not LATEST.exists():
        return {}
    saved = json.loads(LATEST.read_text(encoding="utf-8"))
    return {
        key: saved[key] for key in BARS if isinstance(saved.get(key), dict) and "measured_at" in saved[key]
    }


def write(rows: Rows) -> None:
    """Merges rows into the file."""
    merged = {**read(), **rows}
    LATEST.parent.mkdir(exist_ok=True)
    ordered = {key: merged[key] for key in BARS if key in merged}
    LATEST.write_text(json.dumps(ordered, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
