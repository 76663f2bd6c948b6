"""Texts as they come, in chunks, each with what tells whether the same texts came before."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sized
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from ..errors import InvalidInput
from ..prompt_files import read_prompts

_ALLOWED = "an iterable of texts, or the path of a file of texts"
NO_DIGEST: Final = ""


@dataclass(frozen=True)
class Chunk:
    """Some texts. `n_after`, `digest`: how many texts there are up to its end, and the fingerprint of them all."""

    texts: tuple[str, ...]
    n_after: int
    digest: str


class Corpus:
    """A stream of texts that is read once.

    Args:
        texts: any iterable of texts; or a path as `sw.read_prompts` takes it.

    Raises:
        InvalidInput: neither.
        MissingPath: the file cannot be read.
    """

    def __init__(self, texts: Iterable[str] | str | Path) -> None:
        is_path = isinstance(texts, Path) or (isinstance(texts, str) and Path(texts).suffix != "")
        given: object = read_prompts(texts) if is_path else texts  # type: ignore[arg-type]  # narrowed by is_path
        if isinstance(given, (str, bytes)) or not isinstance(given, Iterable):
            raise InvalidInput("texts", texts, _ALLOWED, hint="One text is a list of one: [text].")
        self.name = Path(texts).name if is_path else ""  # type: ignore[arg-type]
        self.n_total = len(given) if isinstance(given, Sized) else None
        self._texts = iter(given)
        self._n = 0
        self._digest = NO_DIGEST

    def skip(self, n: int, digest: str) -> None:
        """Passes over texts that were counted before.

        Raises:
            InvalidInput: they are others, or fewer.
        """
        for _ in range(n):
            if self._next() is None:
                break
        if self._n != n or self._digest != digest:
            raise InvalidInput(
                "texts", f"{self._n:,} texts", f"a stream that begins with the {n:,} texts counted before",
                hint="Give the same texts in the same order, or begin anew: resume=False.",
            )  # fmt: skip

    def take(self, n_chars: int) -> Chunk | None:
        """The next texts, one at least, until they have so many characters; None at the end.

        Raises:
            InvalidInput: one of them is no text.
        """
        texts: list[str] = []
        n_left = n_chars
        while n_left > 0 and (text := self._next()) is not None:
            texts.append(text)
            n_left -= len(text) + 1
        return Chunk(tuple(texts), self._n, self._digest) if texts else None

    def _next(self) -> str | None:
        for text in self._texts:
            try:
                content = text.encode()
            except (AttributeError, UnicodeEncodeError):
                raise InvalidInput(
                    f"texts[{self._n}]", text, "a text",
                    hint="Of a data set give the column: dataset['text'].",
                ) from None  # fmt: skip
            own = hashlib.sha256(content).hexdigest()
            self._digest = hashlib.sha256((self._digest + own).encode()).hexdigest()
            self._n += 1
            return str(text)
        return None
