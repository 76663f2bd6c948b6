"""The logit lens of a direction, as users see it."""

from __future__ import annotations

import json
from itertools import zip_longest

import msgspec

from .html_table import safe_html
from .printable import printable, width
from .protocol import LensToken

_TABLE = "border-collapse:collapse;text-align:left"
_LINE = "border:1px solid rgba(128,128,128,.35);padding:.25em .7em;text-align:left"
_NUMBER = f"{_LINE};text-align:right;font-variant-numeric:tabular-nums"
_HEADS = ("raised", "logit", "lowered", "logit")


class LogitLens(msgspec.Struct, frozen=True):
    """The tokens that a direction raises and lowers when it goes straight to the logits.

    Attributes:
        up: most raised first; see `sw.LensToken`.
        down: most lowered first.
    """

    up: tuple[LensToken, ...]
    down: tuple[LensToken, ...]

    def __repr__(self) -> str:
        rows = [_HEADS, *self._rows()]
        n_columns = [max(width(row[column]) for row in rows) for column in range(len(_HEADS))]
        return "\n".join(
            "  ".join(
                f"{' ' * (n - width(text))}{text}" if column % 2 else f"{text}{' ' * (n - width(text))}"
                for column, (text, n) in enumerate(zip(row, n_columns, strict=True))
            ).rstrip()
            for row in rows
        )

    def _repr_html_(self) -> str:
        heads = "".join(f'<th style="{_LINE}">{head}</th>' for head in _HEADS)
        rows = "".join(
            "<tr>"
            + "".join(
                f'<td style="{_NUMBER if column % 2 else _LINE}">{safe_html(text)}</td>'
                for column, text in enumerate(row)
            )
            + "</tr>"
            for row in self._rows()
        )
        return f'<table style="{_TABLE}"><thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table>'

    def _rows(self) -> list[tuple[str, str, str, str]]:
        return [(*_shown(up), *_shown(down)) for up, down in zip_longest(self.up, self.down)]


def _shown(token: LensToken | None) -> tuple[str, str]:
    if token is None:
        return "", ""
    # Quoted, so that a leading space and a line break are seen.
    return printable(json.dumps(token.text, ensure_ascii=False)), f"{token.logit:+.3g}"
