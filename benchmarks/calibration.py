"""Does the iso-KL strength steer better than a fixed one? `python -m benchmarks.calibration` writes results/calibration.json.

Random features of the embedded SAE that are alive (density above one token in a million) and labelled, added at
all positions behind prompts that calibration does not use. A text counts when both hold, which was fixed before
anything was measured:

- fluent: it is not empty and does not loop, no more than 0.3 of its 4-grams are repeated, and it is at most three
  times as perplexing to the unsteered model as that model's own text behind the same prompt with the same random
  numbers. (Five times is where a text has collapsed; three is where a reader begins to stumble.)
- on topic: the unsteered model, reading it, has the feature at 0.3 of its maximum activation or more on some token.
  (Random texts rarely have that: features fire on one token in some hundreds, mostly far below.)

The rivals are one raw strength for all features, and one multiple of each feature's maximum activation. Either is
given the value that does best on 60 other features; the iso-KL strength is taken as it is. A third is once the
maximum activation, which needs no such choice either.
"""

from __future__ import annotations

import json
import random
from collections.abc import Sequence
from pathlib import Path
from statistics import mean
from typing import Any, Final

import torch

from steer_widget import embedded
from steer_widget.bands import EVERYDAY_PROMPTS
from steer_widget.features.table import FeatureTable
from steer_widget.protocol import EqualStrengths, FindEqualStrengths, Load, Measures
from steer_widget.spec import Edit, Feature, Generation, Grid, Steering
from steer_widget.worker.engine import Engine
from steer_widget.worker.load import load_engine
from steer_widget.worker.tasks import do_task
from steer_widget.worker.unheard import run_unheard

RESULTS = Path(__file__).with_name("results") / "calibration.json"
HELD_OUT: Final = (
    "The first thing I noticed was",
    "In the evening my brother",
    "Most people believe that",
    "Last year we decided to",
)
RAW: Final = (20.0, 30.0, 40.0, 50.0, 60.0, 75.0, 95.0, 120.0)
MULTIPLES: Final = (0.5, 1.0, 1.2, 1.6, 2.0, 2.6, 3.4, 4.5)
AUTO: Final = (0.5, 0.7, 1.0, 1.4)
UNCHOSEN: Final = "max_act 1"
N_DEV, N_TEST = 60, 200
N_AT_ONCE = 10
N_BOOTSTRAPS = 10_000
GENERATION: Final = Generation(max_new_tokens=24, temperature=1.0, top_p=0.95, seed=0)
LEAST_DENSITY = 1e-6
PERPLEXING, REPEATING, FIRING = 3.0, 0.3, 0.3

Outcome = dict[str, float]


def chosen(table: FeatureTable) -> list[int]:
    """Features of both sets, in random order."""
    cards = map(table.card, range(len(table)))
    fit = [c.index for c in cards if c.label and c.max_act and (c.density or 0.0) > LEAST_DENSITY]
    return random.Random(0).sample(fit, N_DEV + N_TEST)  # noqa: S311 - a choice that can be repeated


def iso_kl(engine: Engine, features: Sequence[int]) -> list[float | None]:
    """The raw strength of each, read on the prompts of calibration."""
    task = FindEqualStrengths(0, tuple(map(Feature, features)), EVERYDAY_PROMPTS)
    found = do_task(engine, task, lambda *_: None, lambda: False)
    assert isinstance(found, EqualStrengths)
    return list(found.strengths)


def outcomes(engine: Engine, edits: Sequence[Edit], max_acts: Sequence[float]) -> list[Outcome]:
    """Shares of the texts behind the held-out prompts that are fluent, on topic, and both, for each edit."""
    found: list[Outcome] = []
    grid = Grid(
        HELD_OUT,
        (Steering(), *(Steering((edit,)) for edit in edits)),
        1,
        GENERATION,
        measures=("perplexity", "repetition", "activation"),
    )
    cells = run_unheard(engine, grid, lambda: False)
    n_columns = len(grid.steerings)
    for at, max_act in enumerate(max_acts, start=1):
        counts = []
        for prompt in range(len(HELD_OUT)):
            own, text = cells[prompt * n_columns][1], cells[prompt * n_columns + at][1]
            counts.append((is_fluent(text, own), is_on_topic(text, max_act)))
        found.append(
            {
                "fluent": mean(fluent for fluent, _ in counts),
                "on topic": mean(on for _, on in counts),
                "both": mean(fluent and on for fluent, on in counts),
            }
        )
    return found


def is_fluent(text: Measures, own: Measures) -> bool:
    """See above."""
    if text.flags and {"empty", "looping", "diverged"} & set(text.flags):
        return False
    if text.perplexity is None or own.perplexity is None or (text.repetition or 0.0) > REPEATING:
        return False
    return text.perplexity <= PERPLEXING * own.perplexity


def is_on_topic(text: Measures, max_act: float) -> bool:
    """See above."""
    return bool(text.activations) and text.activations[0].max >= FIRING * max_act


def measured(
    engine: Engine, table: FeatureTable, features: Sequence[int], edits: dict[str, Sequence[Edit | None]]
) -> dict[str, list[Outcome]]:
    """Outcomes of each way to choose a strength, feature by feature. No strength: nothing is on topic."""
    max_acts = [table.card(index).max_act or 0.0 for index in features]
    found: dict[str, list[Outcome]] = {}
    for name, own in edits.items():
        found[name] = []
        for start in range(0, len(features), N_AT_ONCE):
            part = [edit for edit in own[start : start + N_AT_ONCE] if edit is not None]
            acts = [
                a
                for a, e in zip(max_acts[start:], own[start : start + N_AT_ONCE], strict=False)
                if e is not None
            ]
            got = iter(outcomes(engine, part, acts))
            found[name] += [
                {"fluent": 1.0, "on topic": 0.0, "both": 0.0} if edit is None else next(got)
                for edit in own[start : start + N_AT_ONCE]
            ]
        both = mean(one["both"] for one in found[name])
        print(
            f"{name:>14}: {both:.3f}",
            {k: round(mean(o[k] for o in found[name]), 3) for k in found[name][0]},
            flush=True,
        )
    return found


def edits_at(features: Sequence[int], strengths: Sequence[float | None]) -> list[Edit | None]:
    """Each feature added at its own raw strength."""
    return [
        None if strength is None else Feature(index).at(strength, unit="raw", method="add", positions="all")
        for index, strength in zip(features, strengths, strict=True)
    ]


def ways(
    table: FeatureTable, features: Sequence[int], iso: Sequence[float | None]
) -> dict[str, list[Edit | None]]:
    """All that is tried on the features that values are chosen on."""
    max_acts = [table.card(index).max_act or 0.0 for index in features]
    return {
        **{f"raw {s:g}": edits_at(features, [s] * len(features)) for s in RAW},
        **{f"max_act {m:g}": edits_at(features, [m * act for act in max_acts]) for m in MULTIPLES},
        **{f"auto {a:g}": edits_at(features, [None if s is None else a * s for s in iso]) for a in AUTO},
    }


def interval(values: Sequence[float]) -> tuple[float, float]:
    """95 % bootstrap interval of a mean over features."""
    drawn = torch.tensor(values)[
        torch.randint(len(values), (N_BOOTSTRAPS, len(values)), generator=torch.Generator().manual_seed(0))
    ].mean(1)
    return float(drawn.quantile(0.025)), float(drawn.quantile(0.975))


def main() -> None:
    """Measures, prints and saves."""
    engine = load_engine(Load(model="embedded", saes=(), demo=True), lambda *_: None)
    table = FeatureTable.read(embedded.feature_table_path())
    features = chosen(table)
    dev, test = features[:N_DEV], features[N_DEV:]
    iso = [
        s for at in range(0, len(features), N_AT_ONCE) for s in iso_kl(engine, features[at : at + N_AT_ONCE])
    ]
    print(f"iso-KL strengths: {sum(s is None for s in iso)} of {len(iso)} not found", flush=True)
    tried = measured(engine, table, dev, ways(table, dev, iso[:N_DEV]))
    score = {name: mean(one["both"] for one in found) for name, found in tried.items()}
    best = {
        kind: max((n for n in score if n.startswith(kind)), key=score.__getitem__)
        for kind in ("raw", "max_act")
    }
    kept = tuple(dict.fromkeys(("auto 1", *best.values(), UNCHOSEN)))
    all_ways = ways(table, test, iso[N_DEV:])
    found = measured(engine, table, test, {name: all_ways[name] for name in kept})
    rows: dict[str, Any] = {}
    ours = [one["both"] for one in found["auto 1"]]
    for name in kept:
        theirs = [one["both"] for one in found[name]]
        rows[name] = {
            **{key: mean(one[key] for one in found[name]) for key in found[name][0]},
            "interval": interval(theirs),
            "lead of auto": mean(ours) - mean(theirs),
            "interval of the lead": interval([a - b for a, b in zip(ours, theirs, strict=True)]),
        }
        print(name, rows[name])
    saved = {"n_dev": N_DEV, "n_test": N_TEST, "chosen on": score, "test": rows}
    RESULTS.write_text(json.dumps(saved, indent=2) + "\n")


if __name__ == "__main__":
    main()
