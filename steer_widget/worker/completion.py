"""The text of one cell while it grows: tokens in, finished pieces of text out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from tokenizers.decoders import DecodeStream

if TYPE_CHECKING:
    from tokenizers import Tokenizer
    from transformers import PreTrainedTokenizerBase

_N_CONTEXT_IDS = 8  # enough for a decoder to know whether a space or a split character goes before


class TokenText:
    """Turns tokens into text piece by piece; a character split over tokens comes when it is whole.

    Args:
        tokenizer: the model's.
        prompt_ids: tokens in front, so that the first piece keeps its leading space.
    """

    def __init__(self, tokenizer: PreTrainedTokenizerBase, prompt_ids: Sequence[int]) -> None:
        self._tokenizer = tokenizer
        self._fast: Tokenizer | None = getattr(tokenizer, "backend_tokenizer", None)
        self._stream = DecodeStream(list(prompt_ids[-_N_CONTEXT_IDS:]), skip_special_tokens=True)
        self._ids: list[int] = list(prompt_ids)
        self._n_shown = 0 if self._fast is not None else len(self._decoded())

    def add(self, token_id: int) -> str:
        """The text that this token completes; empty while a character is incomplete."""
        if self._fast is not None:
            return self._stream.step(self._fast, token_id) or ""
        self._ids.append(token_id)
        text = self._decoded()
        if text.endswith("\N{REPLACEMENT CHARACTER}"):
            return ""
        piece = text[self._n_shown :]
        self._n_shown = len(text)
        return piece

    def _decoded(self) -> str:
        return str(self._tokenizer.decode(self._ids, skip_special_tokens=True))


class StopStrings:
    """Cuts a text at the first stop string, holding back what may turn out to be the start of one."""

    def __init__(self, stops: Sequence[str]) -> None:
        self._stops = tuple(stops)
        self._held = ""

    def add(self, piece: str) -> tuple[str, bool]:
        """Takes a piece; returns what is safe to show and whether a stop string was met."""
        if not self._stops:
            return piece, False
        text = self._held + piece
        found = [at for at in (text.find(stop) for stop in self._stops) if at >= 0]
        if found:
            self._held = ""
            return text[: min(found)], True
        n_held = max(_overlap(text, stop) for stop in self._stops)
        self._held = text[len(text) - n_held :]
        return text[: len(text) - n_held], False

    def rest(self) -> str:
        """What was held back, when the text ends without a stop string."""
        held, self._held = self._held, ""
        return held


def _overlap(text: str, stop: str) -> int:
    """Length of the longest end of `text` that begins `stop`."""
    for n in range(min(len(stop) - 1, len(text)), 0, -1):
        if text.endswith(stop[:n]):
            return n
    return 0


class Completion:
    """Tokens and text of one cell so far.

    Attributes:
        token_ids: generated tokens, the end-of-text token included where it was met.
        text: their text, cut before a stop string.
    """

    def __init__(
        self, tokenizer: PreTrainedTokenizerBase, prompt_ids: Sequence[int], stops: Sequence[str]
    ) -> None:
        self.token_ids: list[int] = []
        self.text = ""
        self._token_text = TokenText(tokenizer, prompt_ids)
        self._stop_strings = StopStrings(stops)

    def add(self, token_id: int) -> tuple[str, bool]:
        """Takes a token; returns the text it adds and whether a stop string ended the completion."""
        self.token_ids.append(token_id)
        piece, stopped = self._stop_strings.add(self._token_text.add(token_id))
        self.text += piece
        return piece, stopped

    def finish(self) -> str:
        """The last piece of text, when the completion ends without a stop string."""
        rest = self._stop_strings.rest()
        self.text += rest
        return rest
