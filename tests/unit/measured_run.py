"""A run as large as people pass around, with every measure of every token."""

from __future__ import annotations

import random

from steer_widget.cell import Cell
from steer_widget.protocol import (
    Alternative,
    FeatureActivation,
    FeatureShift,
    Measures,
    TokenMeasures,
)
from steer_widget.result import RunResult
from steer_widget.spec import Feature, Grid, Steering
from tests.unit.scripted import MODEL, SAE

STRENGTHS = (10, 20, 30, 40, 50, 60, 80, 100, 140)
LABEL = "food and drink"
N_TOKENS = 60
_LETTERS = "abcdefghijklmnopqrstuvwxyz"


def measured_run(n_prompts: int = 6, *, seed: int = 0) -> RunResult:
    """A sweep of nine strengths beside the baseline: ten cells for each prompt, their texts of random words.

    They take more room than a model's, of which many are the same.
    """
    rng = random.Random(seed)
    words = [" " + "".join(rng.choices(_LETTERS, k=rng.randint(2, 9))) for _ in range(800)]
    steered = tuple(Steering((Feature(3548, LABEL).at(float(strength)),)) for strength in STRENGTHS)
    prompts = tuple(f"Plan {number} for the weekend is" for number in range(n_prompts))
    grid = Grid(prompts, (Steering(), *steered))
    return RunResult(
        run="abc123", state="done", grid=grid, model=MODEL, saes=(SAE,), versions={"torch": "2.9"},
        cells=tuple(_cell(grid, index, rng, words) for index in range(len(grid))),
        created_at="2026-01-02T03:04:05+00:00", seconds=5.0, n_tokens=len(grid) * N_TOKENS,
    )  # fmt: skip


def _cell(grid: Grid, index: int, rng: random.Random, words: list[str]) -> Cell:
    at = grid.coordinates(index)
    texts = tuple(rng.choices(words, k=N_TOKENS))
    is_steered = at.steering > 0
    n_features = int(is_steered)
    kl = tuple(abs(rng.gauss(0, 0.3 * at.steering)) for _ in texts)
    tokens = TokenMeasures(
        kl=kl,
        surprise=tuple(abs(rng.gauss(2, 2)) for _ in texts),
        activations=(tuple(max(0.0, rng.gauss(0, 10)) for _ in texts),) * n_features,
        alternatives=tuple(
            tuple(
                Alternative(7, rng.choice(words), rng.random() ** 3 / 2**rank, rng.random() ** 4)
                for rank in range(5)
            )
            for _ in texts
        ),
        texts=texts,
    )
    measures = Measures(
        dose=0.1 * at.steering,
        flags=("looping",) if at.steering == len(STRENGTHS) else (),
        kl_mean=sum(kl) / len(kl), kl_p95=max(kl), kl_max=max(kl),
        perplexity=10 + 3 * at.steering + rng.random(),
        repetition=rng.random(), distinct_1=rng.random(), distinct_2=rng.random(),
        activations=(FeatureActivation(3548, SAE.name, rng.random(), 3 * rng.random()),) * n_features,
        off_target=tuple(
            FeatureShift(rng.randrange(4608), SAE.name, rng.gauss(0, 10)) for _ in range(10 * n_features)
        ),
    )  # fmt: skip
    return Cell(
        index=index, prompt=grid.prompts[at.prompt], steering=grid.steerings[at.steering], sample=at.sample,
        state="done", finish="length", text="".join(texts), token_ids=tuple(range(N_TOKENS)),
        measures=measures, token_measures=tokens,
    )  # fmt: skip
