"""Is the effect that suggestions are ranked by worth anything, and do they find the feature that was meant?

    python benchmarks/suggestions.py [--features 40] [--seed 7] [--wishes 40]

Features of the embedded SAE whose label is clear (label_confidence 3) and in plain words, half of them with an
output score above 0.005, are drawn at random. The wish is the label's first part.

1. Effect: each feature is added at equal p95 KL, behind the prompts and in the samples of `steerer.suggest`. For each
   wish the effect of its own feature is held against those of all others: the area under the ROC curve, and how
   often it is the largest, or among the largest three.
2. Suggestions: `steerer.suggest(wish)`: how often the feature is among the first three, with its label to be found,
   which makes that easy; and how sure it was said to be.
"""

from __future__ import annotations

import argparse
import random
import re
import time
from collections import Counter

import steer_widget as sw
from steer_widget.arguments import make_grid
from steer_widget.protocol import (
    EqualStrengths,
    FeatureCard,
    FindEqualStrengths,
    Likelihoods,
    ReadLikelihoods,
)
from steer_widget.spec import Steering
from steer_widget.suggesting import Asked
from steer_widget.suggesting.effects import pair_of
from steer_widget.suggesting.ranking import columns_of
from steer_widget.task import Task

PLAIN = re.compile(r"[a-z ,]+")
# Labels of words in a place, not of a topic.
OF_PLACE = re.compile(r"\b(in|after|before|of|at|token|line|hyphen|verb|bracket|letter|pronoun|as|to|for)\b")
MIN_OUTPUT_SCORE = 0.005
TASK_S = 600.0


def is_plain(card: FeatureCard) -> bool:
    """Whether its label is clear and names a topic."""
    return (
        card.label_confidence == 3
        and PLAIN.fullmatch(card.label) is not None
        and len(card.label.split()) <= 4
        and OF_PLACE.search(card.label) is None
    )


def draw(steerer: sw.Steerer, n: int, seed: int) -> list[FeatureCard]:
    """Half of them with an output score."""
    cards = [card for index in range(4608) if is_plain(card := steerer.card(index))]
    rng = random.Random(seed)  # noqa: S311
    rng.shuffle(cards)
    scored = [card for card in cards if (card.output_score or 0) > MIN_OUTPUT_SCORE][: n // 2]
    return scored + [card for card in cards if card not in scored][: n - len(scored)]


def effects(steerer: sw.Steerer, cards: list[FeatureCard], wishes: list[str], kl: float) -> list[list[float]]:
    """Mean effect of each feature (inner) on each wish (outer)."""
    asked = Asked.of("anything", kl=kl)
    features = tuple(steerer.feature(card.index) for card in cards)
    task = FindEqualStrengths(0, features, asked.prompts[:3], kl=kl)
    strengths = (
        Task(steerer.controller, task, EqualStrengths, lambda a: a, "strengths").result(TASK_S).strengths
    )
    steerings = [Steering()] + [
        Steering((f.at(s if s is not None else 60.0),)) for f, s in zip(features, strengths, strict=True)
    ]
    run = steerer.start(
        make_grid(asked.prompts, steerings, generation=asked.generation, samples=asked.samples)
    )
    columns = columns_of(run.result().cells, len(steerings), asked.samples)
    found = []
    for wish in wishes:
        pairs = tuple(pair_of(wish, cell) for column in columns for cell in column)
        values = (
            Task(steerer.controller, ReadLikelihoods(0, pairs), Likelihoods, lambda a: a, wish)
            .result(TASK_S)
            .values
        )
        n = len(columns[0])
        means = [sum(values[at * n : (at + 1) * n]) / n for at in range(len(columns))]
        found.append([mean - means[0] for mean in means[1:]])
    return found


def main() -> None:
    """Prints what was found."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--features", type=int, default=40)
    parser.add_argument("--wishes", type=int, default=40)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--kl", type=float, default=1.0)
    arguments = parser.parse_args()
    steerer = sw.demo()
    steerer.ready()
    cards = draw(steerer, arguments.features, arguments.seed)
    wishes = [card.label.split(",")[0] for card in cards]
    table = effects(steerer, cards, wishes, arguments.kl)
    for name, own in (("all", range(len(cards))), ("with an output score", range(len(cards) // 2))):
        ranks = [sum(other > row[at] for other in row) for at, row in enumerate(table) if at in own]
        n, k = len(ranks), len(cards) - 1
        print(
            f"effect, {name} ({n}): AUC {sum(1 - rank / k for rank in ranks) / n:.3f}, largest of {k + 1} in "
            f"{sum(rank == 0 for rank in ranks) / n:.0%}, among three in {sum(rank < 3 for rank in ranks) / n:.0%}",
            flush=True,
        )
    sure: Counter[tuple[str, bool]] = Counter()
    n_found = n_tried = 0
    seconds = []
    for card, wish in list(zip(cards, wishes, strict=True))[: arguments.wishes]:
        began_s = time.monotonic()
        try:
            suggestions = steerer.suggest(f"more about {wish}", k=3, kl=arguments.kl)
        except sw.GenerationError as error:
            print(f"{wish!r}: {error}", flush=True)
            continue
        seconds.append(time.monotonic() - began_s)
        tried = {
            edit.feature.index
            for s in suggestions.run.grid.steerings
            for edit in s.edits
            if isinstance(edit.feature, sw.Feature)
        }
        n_tried += card.index in tried
        n_found += card.index in [one.feature.index for one in suggestions]
        if suggestions:
            first = suggestions[0]
            words = set(re.findall(r"\w+", wish.lower()))
            told = set(re.findall(r"\w+", first.feature.label.lower()))
            sure[first.sureness, first.feature.index == card.index or bool(words & told)] += 1
            print(
                f"{wish!r}: {card.index} tried {card.index in tried}; {[repr(one) for one in suggestions]}",
                flush=True,
            )
    n = len(seconds)
    print(
        f"suggestions ({n}): tried {n_tried / n:.0%}, among the first three {n_found / n:.0%}, median {sorted(seconds)[n // 2]:.1f} s"
    )
    for (word, is_right), count in sorted(sure.items()):
        print(
            f"  first one {word}, {'the feature or a label with its words' if is_right else 'another'}: {count}"
        )


if __name__ == "__main__":
    main()
