"""Which features are worth a try: those that several ways to find them agree on."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Final, Literal

import msgspec

from ..catalog import Catalog
from ..cell import prompt_text
from ..errors import InvalidInput
from ..protocol import FeatureCard
from ..spec import Feature, Prompt
from .wish import is_empty

Source = Literal["label", "meaning", "words", "texts", "output score"]
"""Who names a feature: its label has words of the wish; or means what the wish means; or words of the texts on it; its activation tells these
texts from others; it brings its own tokens forth."""

_N_LABELLED: Final = 20
_N_WORDS: Final = 8
_LEAST_TEXTS: Final = 2
_SHORTEST: Final = 3
_LONG_CHARS: Final = 4
_ENDING_CHARS: Final = 3
_WORD: Final = re.compile(r"[^\W_]+")
_RANK_BIAS: Final = 10
_WORTH: Final[Mapping[Source, float]] = {
    "label": 1.0,
    "meaning": 1.0,
    "words": 0.7,
    "texts": 1.0,
    "output score": 0.5,
}


class Candidate(msgspec.Struct, frozen=True):
    """A feature to be tried. `sources`: who speaks for it; `score`: how strongly, comparable within one list."""

    feature: Feature
    sources: tuple[Source, ...]
    score: float


def labelled(catalog: Catalog, words: Sequence[str], sae: str) -> list[int]:
    """Features whose label or tokens have these words, best first; none where there is no table."""
    found: dict[int, None] = {}
    for asked in dict.fromkeys((" ".join(words), *words)):
        try:
            hits = catalog.search(asked, _N_LABELLED, sae)
        except InvalidInput:  # there is no feature table; the SAE's name was checked before
            return []
        found.update(dict.fromkeys(card.index for card, _ in hits if _names(card, words)))
    return list(found)[:_N_LABELLED]


def characteristic(examples: Sequence[Prompt], against: Sequence[Prompt]) -> tuple[str, ...]:
    """Words that many of the examples have and few of the others, at most 8, the most telling first.

    By the difference of the shares of texts that have them; a word counts from two examples on.
    """
    n_a, n_b = max(1, len(examples)), max(1, len(against))
    counts = [Counter(word for text in texts for word in set(_words(text))) for texts in (examples, against)]
    telling = {
        word: count / n_a - counts[1][word] / n_b
        for word, count in counts[0].items()
        if count >= _LEAST_TEXTS and len(word) >= _SHORTEST and not is_empty(word)
    }
    best = sorted((word for word, value in telling.items() if value > 0), key=lambda w: (-telling[w], w))
    return tuple(best[:_N_WORDS])


def _words(text: Prompt) -> list[str]:
    return _WORD.findall(prompt_text(text).lower())


def _names(card: FeatureCard, words: Sequence[str]) -> bool:
    """Whether one of the words is in its label or the tokens it fires on; beginnings alone, as search takes them, are not."""
    told = _WORD.findall(" ".join((card.label, *(example.token for example in card.examples))).lower())
    return any(is_form_of(one, word) for one in told for word in words)


def is_form_of(one: str, other: str) -> bool:
    """Whether two words differ in an ending at most: sea and seas, walk and walking, but not sea and search."""
    short, long = sorted((one, other), key=len)
    return long.startswith(short) and len(long) - len(short) <= (
        1 if len(short) < _LONG_CHARS else _ENDING_CHARS
    )


def merged(catalog: Catalog, sae: str, ranked: Mapping[Source, Sequence[int]], n: int) -> list[Candidate]:
    """The `n` features that rank best over all sources, by reciprocal rank fusion (Cormack et al. 2009).

    score = Σ over sources of w / (10 + rank), rank from 1. The output score (arXiv 2505.20063) ranks the features
    that the other sources name, as far as it is known and not 0; it counts half.
    """
    named = dict.fromkeys(index for indices in ranked.values() for index in indices)
    scores = {index: catalog.card(index, sae).output_score or 0.0 for index in named}
    by_output = sorted((index for index in named if scores[index] > 0), key=lambda index: -scores[index])
    all_ranked: dict[Source, Sequence[int]] = {**ranked, "output score": by_output}
    found: dict[int, list[tuple[Source, float]]] = {index: [] for index in named}
    for source, indices in all_ranked.items():
        for rank, index in enumerate(indices, 1):
            found[index].append((source, _WORTH[source] / (_RANK_BIAS + rank)))
    candidates = [
        Candidate(
            catalog.feature(index, sae),
            tuple(source for source, _ in votes),
            sum(vote for _, vote in votes),
        )
        for index, votes in found.items()
    ]
    return sorted(candidates, key=lambda one: (-one.score, one.feature.index))[:n]
