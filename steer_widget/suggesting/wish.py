"""A wish in words, as what there should be more of."""

from __future__ import annotations

import re
from typing import Final

from ..errors import InvalidInput
from ..spec.checks import text

MAX_CHARS: Final = 200
_ALLOWED: Final = (
    f"what there should be more of, in up to {MAX_CHARS} characters, such as 'more about the sea'"
)
# Only in front: what is wished for may have any of these words in it.
_FILLER: Final = frozenset(
    [
        "i",
        "i'd",
        "we",
        "would",
        "want",
        "wish",
        "like",
        "it",
        "the",
        "model",
        "this",
        "to",
        "let",
        "make",
        "be",
        "sound",
        "write",
        "writes",
        "writing",
        "talk",
        "talks",
        "talking",
        "tell",
        "speak",
        "give",
        "me",
        "us",
        "please",
        "a",
        "lot",
        "much",
        "some",
        "more",
        "text",
        "texts",
        "story",
        "stories",
        "sentences",
        "something",
        "things",
        "about",
        "of",
        "on",
        "with",
        "should",
        "that",
        "is",
    ]
)
_LESS: Final = frozenset(["less", "fewer", "no", "not", "never", "without", "avoid", "don't", "stop"])
_WORD: Final = re.compile(r"\S+")
_EDGES: Final = ' \t\r\n.,;:!?"“”„'
# Words that no label is found by.
_EMPTY: Final = _FILLER | frozenset(
    [
        "an",
        "and",
        "or",
        "in",
        "at",
        "by",
        "for",
        "from",
        "as",
        "are",
        "was",
        "were",
        "been",
        "has",
        "have",
        "had",
        "do",
        "does",
        "did",
        "its",
        "their",
        "our",
        "your",
        "my",
        "his",
        "her",
        "very",
        "really",
        "so",
        "too",
        "also",
        "than",
        "then",
        "there",
        "these",
        "those",
        "which",
        "who",
        "what",
        "when",
        "where",
        "how",
        "they",
        "she",
        "he",
        "you",
        "just",
        "out",
        "up",
        "down",
        "into",
        "over",
        "can",
        "will",
        "could",
        "one",
        "all",
        "any",
        "not",
        "but",
        "if",
        "because",
        "while",
        "him",
        "them",
    ]
)


def topic_of(wish: object) -> str:
    """The wish without the words in front that only say that it is one: ``more about the sea`` gives ``the sea``.

    Raises:
        InvalidInput: it is no text, empty, too long, or asks for less of something.
    """
    given = text("wish", wish, _ALLOWED).strip(_EDGES)
    if not given or len(given) > MAX_CHARS:
        raise InvalidInput("wish", wish, _ALLOWED)
    starts = [(match.start(), match.group().strip(_EDGES).lower()) for match in _WORD.finditer(given)]
    for place, (start, word) in enumerate(starts):
        if word in _LESS:
            raise InvalidInput(
                "wish", wish, _ALLOWED,
                hint="For less of something ask for more of it, and turn the sign of the strengths.",
            )  # fmt: skip
        if word not in _FILLER:
            # An article belongs to what follows it.
            has_article = place > 0 and starts[place - 1][1] in {"the", "a", "this"}
            return given[starts[place - 1][0] if has_article else start :]
    return given


def is_empty(word: str) -> bool:
    """Whether no label is found by a word: small words, and those that only say that something is wished for."""
    return word in _EMPTY


def words_in(topic: str) -> tuple[str, ...]:
    """The words of a topic that labels may be found by, each once; all of them where none would be left."""
    words = list(dict.fromkeys(word.strip(_EDGES).lower() for word in topic.split()))
    return tuple(word for word in words if word and word not in _EMPTY) or tuple(filter(None, words))
