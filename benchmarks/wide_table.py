"""A feature table as wide as the largest SAEs have: made from the embedded one, the same on every machine."""

from __future__ import annotations

import gzip
import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from steer_widget.embedded import feature_table_path

_SEED = 5
_N_EXAMPLES = 6
_NEW_WORD = 0.03  # so that the vocabulary grows with the table, as it does in real ones
_SYLLABLES = (
    "ba", "co", "di", "fre", "gu", "han", "il", "jo", "kre", "lu", "mon", "ne", "op", "pra",
    "qui", "ros", "sta", "tem", "un", "vor", "wes", "yan", "zel",
)  # fmt: skip


def write_wide_table(path: Path, n_features: int) -> None:
    """Writes `n_features` lines: labels, tokens and examples of the embedded table, mixed anew for each feature."""
    with gzip.open(feature_table_path(), "rt", encoding="utf-8") as file:
        cards = [json.loads(line) for line in file]
    with path.open("w", encoding="utf-8") as file:
        file.writelines(json.dumps(line) + "\n" for line in _lines(cards, n_features))


def _lines(cards: list[dict[str, Any]], n_features: int) -> Iterator[dict[str, Any]]:
    rng = random.Random(_SEED)  # noqa: S311 - the same table every time, no secret
    named = [card for card in cards if card["label"]]
    known = [card for card in cards if card["examples"]]
    for index in range(n_features):
        one, other, third = rng.choice(named), rng.choice(named), rng.choice(known)
        examples = rng.choices(third["examples"], k=_N_EXAMPLES - 2) + rng.choices(
            rng.choice(known)["examples"], k=2
        )
        yield {
            **third,
            "index": index,
            "label": _mixed(rng, one["label"], other["label"]),
            "label_confidence": one["label_confidence"],
            "max_act": round(rng.uniform(5, 90), 3),
            "logit_lens_up": one["logit_lens_up"],
            "logit_lens_down": other["logit_lens_down"],
            "examples": [
                {**example, "left": _varied(rng, example["left"]), "right": _varied(rng, example["right"])}
                for example in examples
            ],
        }


def _mixed(rng: random.Random, one: str, other: str) -> str:
    """A label with a word of another, as labels of neighbouring features have much in common."""
    words, others = one.split(" "), other.split(" ")
    words[rng.randrange(len(words))] = rng.choice(others)
    return " ".join(words)


def _varied(rng: random.Random, text: str) -> str:
    return " ".join(
        "".join(rng.choices(_SYLLABLES, k=rng.randint(2, 4))) if rng.random() < _NEW_WORD else word
        for word in text.split(" ")
    )
