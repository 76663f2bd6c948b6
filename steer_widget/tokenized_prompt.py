"""The exact tokens of a prompt, as users see them."""

from __future__ import annotations

import json

import msgspec

from .html_table import safe_html
from .printable import printable
from .protocol import PromptToken


class TokenizedPrompt(msgspec.Struct, frozen=True):
    """A prompt as the model reads it.

    Attributes:
        tokens: in order; their texts together are the prompt, its template and special tokens included.
        steered: numbers of those that are steered, 0-based.
    """

    tokens: tuple[PromptToken, ...]
    steered: tuple[int, ...] = ()

    @property
    def text(self) -> str:
        """The prompt as the model reads it."""
        return "".join(token.text for token in self.tokens)

    def __repr__(self) -> str:
        steered = frozenset(self.steered)
        width = len(str(max(0, len(self.tokens) - 1)))
        lines = [
            f"{'▸' if number in steered else ' '} {number:>{width}}  "
            f"{printable(json.dumps(token.text, ensure_ascii=False))}{'  special' if token.is_special else ''}"
            for number, token in enumerate(self.tokens)
        ]
        return "\n".join([f"{len(self.tokens)} tokens, {len(steered)} steered (▸)", *lines])

    def _repr_html_(self) -> str:
        return f"<pre>{safe_html(repr(self))}</pre>"
