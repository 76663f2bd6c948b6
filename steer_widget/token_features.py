"""Which features fire on each token of a text, as users see it."""

from __future__ import annotations

import json
from collections.abc import Sequence

import msgspec

from .catalog import Hit
from .html_table import safe_html
from .printable import printable, width
from .protocol import FiringByToken, PromptToken

_BOX = "max-height:28em;overflow:auto"
_TABLE = "border-collapse:collapse;text-align:left"
_LINE = "border:1px solid rgba(128,128,128,.35);padding:.2em .6em;text-align:left;vertical-align:top"
_TOKEN = f"{_LINE};white-space:pre;font-family:monospace"
_FAINT = "opacity:.6"
_NUMBER = f"{_LINE};text-align:right;{_FAINT};font-variant-numeric:tabular-nums"
_HIT = "display:inline-block;margin:0 .9em .1em 0"
_NOTE = "opacity:.7;font-size:90%;margin-top:.3em"
_MAX_LABEL = 60


class TokenHits(msgspec.Struct, frozen=True):
    """A token and the features that fire on it.

    Attributes:
        token: text, id, whether it is special.
        hits: most surprising first; `act` is the activation on this token.
        is_left_out: whether it was not read: a special token, or an attention sink.
        is_prompt: whether it is the prompt's; False for tokens that were written behind one.
    """

    token: PromptToken
    hits: tuple[Hit, ...]
    is_left_out: bool
    is_prompt: bool


class TokenFeatures(msgspec.Struct, frozen=True):
    """The features of each token of a text: a sequence of `sw.TokenHits`, 0-based.

    Attributes:
        tokens: the same, as a tuple.
    """

    tokens: tuple[TokenHits, ...]

    @classmethod
    def of(cls, found: FiringByToken, hits: Sequence[tuple[Hit, ...]]) -> TokenFeatures:
        """Out of what the worker told; `hits`: of each token."""
        counts = frozenset(found.counts)
        return cls(
            tuple(
                TokenHits(token, own, number not in counts, number < found.n_prompt)
                for number, (token, own) in enumerate(zip(found.tokens, hits, strict=True))
            )
        )

    @property
    def text(self) -> str:
        """The text as the model reads it."""
        return "".join(one.token.text for one in self.tokens)

    def __len__(self) -> int:
        return len(self.tokens)

    def __getitem__(self, number: int) -> TokenHits:
        return self.tokens[number]

    def __repr__(self) -> str:
        shown = [_shown(one) for one in self.tokens]
        n_wide = max((width(text) for text in shown), default=0)
        n_digits = len(str(max(0, len(shown) - 1)))
        lines = [
            f"{number:>{n_digits}}  {text}{' ' * (n_wide - width(text))}  {_features(one)}".rstrip()
            for number, (text, one) in enumerate(zip(shown, self.tokens, strict=True))
        ]
        return "\n".join([_headline(self), *lines])

    def _repr_html_(self) -> str:
        is_written = any(not one.is_prompt for one in self.tokens)
        rows = "".join(_row(number, one, is_written) for number, one in enumerate(self.tokens))
        faint = "; the prompt is faint" if is_written else ""
        return (
            f'<div style="{_BOX}"><table style="{_TABLE}"><tbody>{rows}</tbody></table></div>'
            f'<div style="{_NOTE}">{safe_html(_headline(self))}{faint}</div>'
        )


def _headline(found: TokenFeatures) -> str:
    n_left_out = sum(one.is_left_out for one in found.tokens)
    left_out = f", {n_left_out} left out (special, or attention sinks)" if n_left_out else ""
    return f"{len(found)} tokens{left_out}; features by activation × rarity, with their activations"


def _shown(one: TokenHits) -> str:
    # Quoted, so that a leading space and a line break are seen.
    return printable(json.dumps(one.token.text, ensure_ascii=False))


def _features(one: TokenHits) -> str:
    if one.is_left_out:
        return "left out"
    return " · ".join(_named(hit) for hit in one.hits)


def _named(hit: Hit) -> str:
    act = "" if hit.act is None else f" {hit.act:.3g}"
    return f"{hit.feature.index} {_label(hit)}".rstrip() + act


def _label(hit: Hit) -> str:
    label = printable(hit.feature.label)
    return label if len(label) <= _MAX_LABEL else f"{label[: _MAX_LABEL - 1]}…"


def _row(number: int, one: TokenHits, is_written: bool) -> str:  # noqa: FBT001 - of this file alone
    faint = f";{_FAINT}" if one.is_left_out or (one.is_prompt and is_written) else ""
    return (
        f'<tr><td style="{_NUMBER}">{number}</td><td style="{_TOKEN}{faint}">{safe_html(_shown(one))}</td>'
        f'<td style="{_LINE}">{_html_features(one)}</td></tr>'
    )


def _html_features(one: TokenHits) -> str:
    if one.is_left_out:
        return f'<span style="{_FAINT}">left out</span>'
    return "".join(
        f'<span style="{_HIT}" title="{safe_html(hit.feature.label)}"><b>{hit.feature.index}</b> '
        f'{safe_html(_label(hit))} <span style="{_FAINT}">{"" if hit.act is None else f"{hit.act:.3g}"}</span></span>'
        for hit in one.hits
    )
