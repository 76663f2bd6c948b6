"""The next-token distribution after a prompt, as users see it."""

from __future__ import annotations

import json

import msgspec

from .html_table import safe_html
from .printable import printable, width
from .protocol import Alternative

_TABLE = "border-collapse:collapse;text-align:left"
_LINE = "border:1px solid rgba(128,128,128,.35);padding:.25em .7em;text-align:left"
_NUMBER = f"{_LINE};text-align:right;font-variant-numeric:tabular-nums"
_HEADS = ("token", "unsteered", "steered", "change")


class NextToken(msgspec.Struct, frozen=True):
    """The most likely next tokens after a prompt, unsteered and steered.

    Attributes:
        tokens: likeliest of either distribution, by the larger of both probabilities; see `sw.Alternative`.
        kl: KL(steered‖unsteered) of both whole distributions, in nats.
        dose: mean of |edit|/|h| over the prompt's steered tokens, summed over hook points; 0 where none is.
    """

    tokens: tuple[Alternative, ...]
    kl: float
    dose: float

    def __repr__(self) -> str:
        rows = [_HEADS, *map(_row, self.tokens)]
        n_columns = max(width(row[0]) for row in rows)
        lines = [
            f"{row[0]}{' ' * (n_columns - width(row[0]))}  {row[1]:>9}  {row[2]:>7}  {row[3]:>9}"
            for row in rows
        ]
        return "\n".join([self._headline(), *lines])

    def _repr_html_(self) -> str:
        heads = "".join(f'<th style="{_LINE}">{head}</th>' for head in _HEADS)
        rows = "".join(
            "<tr>"
            + "".join(
                f'<td style="{_NUMBER if column else _LINE}">{safe_html(text)}</td>'
                for column, text in enumerate(_row(token))
            )
            + "</tr>"
            for token in self.tokens
        )
        return (
            f'<table style="{_TABLE}"><thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table>'
            f'<div style="opacity:.7;font-size:90%">{safe_html(self._headline())}</div>'
        )

    def _headline(self) -> str:
        return f"KL {self.kl:.3g} nats · dose {self.dose:.3g}"


def _row(token: Alternative) -> tuple[str, str, str, str]:
    # Quoted, so that a leading space and a line break are seen.
    text = printable(json.dumps(token.text, ensure_ascii=False))
    change = token.steered - token.unsteered
    return text, f"{token.unsteered:.1%}", f"{token.steered:.1%}", f"{100 * change:+.1f} pp"
