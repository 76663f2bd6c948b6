"""Every family of decoders gives the reference's texts, and transformers' own."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from steer_widget.spec import Feature, Generation, Grid, Positions, Steering
from steer_widget.worker.engine import Engine
from tests.worker import reference
from tests.worker.conftest import run, sae_of
from tests.worker.families import FAMILIES, block_of

# Decode steps of these take the quick way of grouped queries on the CPU.
PACKED = {"llama", "qwen2", "mixtral", "qwen3", "gemma", "olmo2"}
LAYER = 2


@pytest.fixture(params=FAMILIES)
def family(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture
def engine(engine_of: Callable[[str], Engine], family: str) -> Engine:
    return engine_of(family)


PROMPTS = ("I went for a walk and", "The mountains were white with snow, and nobody spoke. She said", "She")
N_NEW = 12


def edit_of(index: int, strength: float, positions: Positions) -> Any:
    return Feature(index).at(strength, unit="raw", method="add", positions=positions)


STEERINGS = (
    Steering(),
    Steering((edit_of(3, 6.0, "all"),)),
    Steering((edit_of(5, -6.0, "prompt"),)),
    Steering((edit_of(9, 8.0, "generated"), edit_of(3, 4.0, "all"))),
)


WEIGHTS: dict[Any, Callable[[int, int], float]] = {
    "all": lambda _at, _n: 1.0,
    "prompt": lambda at, n: float(at < n),
    "generated": lambda at, n: float(at >= n - 1),
}


def wanted_tokens(engine: Engine, family: str, prompt: str, steering: Steering) -> tuple[int, ...]:
    decoder = sae_of(engine).decoder
    edits = [
        reference.Edit("add", decoder[e.feature.index], e.strength, WEIGHTS[e.positions])
        for e in steering.edits
    ]
    sites = [(block_of(engine.adapter.model, family, LAYER), "output")]
    ids = engine.adapter.tokenizer(prompt)["input_ids"]
    return tuple(reference.greedy(engine.adapter.model, sites, ids, edits, N_NEW))


def test_batches_agree_with_reference(engine, family) -> None:
    generation = Generation(max_new_tokens=N_NEW)
    wanted = [wanted_tokens(engine, family, prompt, steering) for prompt in PROMPTS for steering in STEERINGS]
    assert len(set(wanted)) > 2 * len(PROMPTS)  # the edits do something
    assert len({i for tokens in wanted for i in tokens}) > len(wanted)  # the texts do not just repeat
    assert run(engine, Grid(PROMPTS, STEERINGS, 1, generation)).tokens == wanted
    # Without padding there is no mask, and attention may go another way.
    assert engine.adapter._packs_queries == (family in PACKED)
    assert run(engine, Grid(PROMPTS[:1], STEERINGS, 1, generation)).tokens == wanted[: len(STEERINGS)]


def test_unsteered_texts_are_those_of_transformers_generate(engine) -> None:
    model, tokenizer = engine.adapter.model, engine.adapter.tokenizer
    ran = run(engine, Grid(PROMPTS, (Steering(),), 1, Generation(max_new_tokens=24)))
    for prompt, tokens in zip(PROMPTS, ran.tokens, strict=True):
        ids = tokenizer(prompt, return_tensors="pt")
        wanted = model.generate(**ids, max_new_tokens=24, do_sample=False)[0, ids["input_ids"].shape[1] :]
        assert list(tokens) == wanted.tolist()


def test_windows_slide_within_the_texts(engine) -> None:
    """What the two tests before hold for sliding windows, they hold only if a window is left behind."""
    config = engine.adapter.model.config.get_text_config()
    window = getattr(config, "sliding_window", None) or getattr(config, "window_size", None)
    n_longest = max(len(engine.adapter.tokenizer(prompt)["input_ids"]) for prompt in PROMPTS)
    assert window is None or window < n_longest
