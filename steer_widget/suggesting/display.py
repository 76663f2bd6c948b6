"""Suggestions as text and as an HTML table, each with a text of its own beside the baseline's."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..cell import prompt_text
from ..html_table import safe_html
from ..printable import printable, shortened

if TYPE_CHECKING:
    from .suggestions import Suggestion, Suggestions

_TABLE = "border-collapse:collapse;text-align:left;max-width:100%"
_LINE = "border:1px solid rgba(128,128,128,.35);padding:.3em .6em;text-align:left;vertical-align:top"
_HEAD = f"{_LINE};font-weight:600;background:rgba(128,128,128,.12)"
_TEXT = f"{_LINE};white-space:pre-wrap;overflow-wrap:anywhere;min-width:12em"
_NOTE = "opacity:.7;font-size:90%"
_HEADS = ("feature", "strength", "effect", "sureness", "its text of the largest effect", "the baseline's")


def facts(one: Suggestion) -> tuple[str, str, str, str]:
    """Feature, strength, effect and sureness in words."""
    effect = "not measured" if one.effect is None else f"{one.effect:+.2f}"
    sure = one.sureness if one.fluency.is_fluent else f"{one.sureness}, not fluent"
    return str(one.feature), f"{one.strength:.4g}", effect, sure


def best_place(one: Suggestion) -> int:
    """Number of the prompt and sample whose effect is the largest: it shows best what the effect is a mean of."""
    if len(one.effects) != len(one.cells):
        return 0
    return max(range(len(one.effects)), key=one.effects.__getitem__)


def texts_of(one: Suggestion) -> tuple[str, str, str]:
    """A prompt, and what is written behind it, steered and not; empty where there is none."""
    if not one.cells:
        return "", "", ""
    place = best_place(one)
    return prompt_text(one.cells[place].prompt), one.cells[place].text, one.baseline[place].text


def headline(found: Suggestions) -> str:
    """What was asked, and at what cost."""
    asked = f"{found.wish!r}" if found.wish else f"{len(found.examples)} examples"
    unit = "nats" if found.topic else "share of the way"
    return (
        f"Suggestions for {asked}: {found.n_tried} features tried at p95 KL {found.kl:g} in {found.seconds:.1f} s, "
        f"effect in {unit}"
    )


def as_text(found: Suggestions) -> str:
    """One below the other."""
    lines = [headline(found), found.note]
    for number, one in enumerate(found, 1):
        name, strength, effect, sure = facts(one)
        lines += ["", f"{number}. {name} at {strength}: effect {effect}, {sure}"]
        prompt, text, baseline = texts_of(one)
        lines += [
            f"   {shortened(prompt)}",
            f"   steered:  {text.strip()}",
            f"   baseline: {baseline.strip()}",
        ]
    return "\n".join(printable(line.replace("\n", " ")) for line in lines)


def as_html(found: Suggestions) -> str:
    """A table; every text in it is escaped, so it shows as text whatever it holds."""
    heads = "".join(f'<th style="{_HEAD}">{head}</th>' for head in _HEADS)
    rows = []
    for one in found:
        cells = [f'<td style="{_LINE}">{safe_html(fact)}</td>' for fact in facts(one)]
        prompt, *texts = texts_of(one)
        cells += [f'<td style="{_TEXT}">{safe_html(f"{prompt}{text}")}</td>' for text in texts]
        rows.append(f"<tr>{''.join(cells)}</tr>")
    return (
        f'<div style="overflow-x:auto"><div>{safe_html(found.note)}</div><table style="{_TABLE}"><thead><tr>{heads}'
        f'</tr></thead><tbody>{"".join(rows)}</tbody></table></div><div style="{_NOTE}">'
        f"{safe_html(headline(found))}</div>"
    )
