"""What is measured: the embedded model and SAE under our engine. All that knows the engine is here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
import torch
from transformers import AutoModelForCausalLM, AutoTokenizer
from transformers.utils import logging

from steer_widget import embedded
from steer_widget.protocol import CellDone, Event, RunDone, StartRun
from steer_widget.saes import load_sae
from steer_widget.spec import Feature, Generation, Grid, Positions, Steering
from steer_widget.worker.accelerate import accelerate
from steer_widget.worker.engine import Engine
from steer_widget.worker.placement import choose_dtype

FEATURE = 523
LAYER = 15
PROMPT = "Yesterday I went for a walk and"

TokenIds = tuple[int, ...]


@dataclass(frozen=True)
class Subject:
    """The plain model for the contenders, and the engine with its own. No text ends early: cells have all their tokens."""

    model: Any
    tokenizer: Any
    engine: Engine

    @property
    def dtype(self) -> str:
        """Of the weights, by name."""
        return str(self.model.dtype).removeprefix("torch.")

    @property
    def direction(self) -> torch.Tensor:
        """What strength 1 adds, `[d_model]`, float32."""
        return next(iter(self.engine.saes.values())).direction(FEATURE)

    def prompt_ids(self, prompt: str) -> TokenIds:
        """The prompt's tokens, as the tokenizer gives them."""
        return tuple(self.tokenizer(prompt).input_ids)


def load_model() -> Any:  # noqa: ANN401 - transformers' models have no common type that knows `generate`
    """A copy of the embedded model in the dtype that the worker would choose, never ending a text."""
    logging.disable_progress_bar()
    dtype = choose_dtype("auto", torch.device("cpu"))
    model = AutoModelForCausalLM.from_pretrained(model_folder(), dtype=dtype).eval()
    model.generation_config.eos_token_id = None
    return model


def model_folder() -> str:
    """Where the embedded model lies."""
    return str(embedded.model_folder(lambda *_: None))


def load() -> Subject:
    """Loads the embedded model as the worker does."""
    tokenizer = AutoTokenizer.from_pretrained(model_folder(), padding_side="left")
    own = load_model()
    accelerate(own)
    saes = {embedded.SAE_NAME: load_sae(str(embedded.sae_folder()))}
    with torch.inference_mode():
        engine = Engine(own, tokenizer, saes, model_name=embedded.MODEL_NAME)
    engine.adapter.eos_ids = frozenset()
    return Subject(load_model(), tokenizer, engine)


def make_grid(
    strengths: Sequence[float],
    n_tokens: int,
    *,
    prompt: str = PROMPT,
    positions: Positions = "all",
    samples: int = 1,
    temperature: float = 0.0,
    measured: bool = False,
) -> Grid:
    """One feature at several strengths; 0 is the unsteered column.

    Args:
        strengths: raw, one column each.
        n_tokens: new tokens of each cell.
        prompt: the only one.
        positions: which tokens are steered.
        samples: cells per column.
        temperature: 0 is greedy.
        measured: False takes no measures: the contenders take none either.
    """
    feature = Feature(FEATURE)
    columns = tuple(
        Steering((feature.at(s, unit="raw", method="add", positions=positions),)) if s else Steering()
        for s in strengths
    )
    grid = Grid((prompt,), columns, samples, Generation(max_new_tokens=n_tokens, temperature=temperature))
    return grid if measured else msgspec.structs.replace(grid, measures=())


def run_ours(subject: Subject, grid: Grid) -> list[TokenIds]:
    """The grid by our engine; the tokens of each cell, all of full length."""
    events: list[Event] = []
    subject.engine.run(StartRun("bench", grid, tuple(range(len(grid)))), events.append, lambda: False)
    end = events[-1]
    if not isinstance(end, RunDone) or end.state != "done":
        raise RuntimeError(f"the run did not come to its end: {end}")
    texts = {event.cell: event.token_ids for event in events if isinstance(event, CellDone)}
    n_tokens = grid.generation.max_new_tokens
    if len(texts) != len(grid) or any(len(text) != n_tokens for text in texts.values()):
        raise RuntimeError(f"not every one of {len(grid)} cells has {n_tokens} tokens")
    return [texts[cell] for cell in range(len(grid))]
