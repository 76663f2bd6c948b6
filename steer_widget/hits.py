"""Features that were found, as users see them: a list with a text and an HTML form."""

from __future__ import annotations

from collections.abc import Iterable

from .catalog import Hit
from .features.search import Meant
from .html_table import safe_html
from .printable import printable, shortened, width

_TABLE = "border-collapse:collapse;text-align:left"
_LINE = "border:1px solid rgba(128,128,128,.35);padding:.25em .7em;text-align:left"
_HEADS = ("feature", "label", "score", "activation", "output score")


class Hits(list[Hit]):
    """A list of `sw.Hit`, best first, that a notebook shows as a table.

    Attributes:
        note: what there is to say of them, in a sentence; mostly empty.
    """

    def __init__(self, found: Iterable[Hit] = (), note: str = "") -> None:
        super().__init__(found)
        self.note = note

    def __repr__(self) -> str:
        rows = self._rows()
        columns = [[printable(text) for text in column] for column in zip(*rows, strict=True)]
        wide = [max(map(width, column)) for column in columns]
        lines = (
            "  ".join(text + " " * (n - width(text)) for text, n in zip(row, wide, strict=True)).rstrip()
            for row in zip(*columns, strict=True)
        )
        return "\n".join((*lines, *([printable(self.note)] if self.note else [])))

    def _repr_html_(self) -> str:
        heads, *rows = (
            "".join(f'<{tag} style="{_LINE}">{safe_html(text)}</{tag}>' for text in row)
            for tag, row in zip(["th", *["td"] * len(self)], self._rows(), strict=True)
        )
        body = "".join(f"<tr>{row}</tr>" for row in rows)
        note = f"<div>{safe_html(self.note)}</div>" if self.note else ""
        return f'<table style="{_TABLE}"><thead><tr>{heads}</tr></thead><tbody>{body}</tbody></table>{note}'

    def _rows(self) -> list[tuple[str, ...]]:
        """Heads, and a row for each; columns that nothing stands in are left out."""
        if not self:
            return [("no features",)]
        rows = [_HEADS, *map(_row, self)]
        used = [n for n in range(len(_HEADS)) if n == 0 or any(row[n] for row in rows[1:])]
        return [tuple(row[n] for n in used) for row in rows]


def _row(hit: Hit) -> tuple[str, ...]:
    numbers = (hit.score, hit.act, hit.output_score)
    shown = ("" if number is None else f"{number:.3g}" for number in numbers)
    return (str(hit.feature.index), shortened(hit.feature.label), *shown)


def note_on(meant: Meant | None) -> str:
    """What a mistyped word was taken for."""
    if meant is None:
        return ""
    taken = f": taken for {', '.join(f'“{one}…”' for one in meant.near)}" if meant.near else ""
    return f"“{meant.word}” stands nowhere{taken}."
