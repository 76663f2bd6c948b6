"""What is measured: the embedded model and SAE, and one grid of 21 cells × 60 tokens."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

from steer_widget import embedded
from steer_widget.protocol import Event, StartRun
from steer_widget.saes import load_sae
from steer_widget.spec import Feature, Generation, Grid, columns
from steer_widget.worker.engine import Engine
from steer_widget.worker.placement import choose_dtype

N_TOKENS = 60
STRENGTHS = [5.0 * step for step in range(1, 21)]
FEATURE = 523
PROMPT = "Yesterday I went for a walk and"
GRID = Grid(
    (PROMPT,),
    columns(
        [Feature(FEATURE).at(s, unit="raw", method="add", positions="all") for s in STRENGTHS],
        combine=False,
        baseline=True,
    ),
    1,
    Generation(max_new_tokens=N_TOKENS),
)


@dataclass(frozen=True)
class Subject:
    """The loaded model, with the engine on it. No text ends early: every cell has its 60 tokens."""

    model: Any
    tokenizer: Any
    engine: Engine


def load() -> Subject:
    """Loads the embedded model as the worker does."""
    folder = embedded.model_folder(lambda *_: None)
    dtype = choose_dtype("auto", torch.device("cpu"))
    model = AutoModelForCausalLM.from_pretrained(folder, dtype=dtype).eval()
    tokenizer = AutoTokenizer.from_pretrained(folder)
    engine = Engine(model, tokenizer, load_sae(str(embedded.sae_folder())), model_name=embedded.MODEL_NAME)
    engine.adapter.eos_ids = frozenset()
    model.generation_config.eos_token_id = None
    return Subject(model, tokenizer, engine)


def run_ours(subject: Subject, grid: Grid = GRID) -> list[Event]:
    """The grid by our engine; its events."""
    events: list[Event] = []
    subject.engine.run(StartRun("bench", grid, tuple(range(len(grid)))), events.append, lambda: False)
    return events


def run_generate(subject: Subject, strengths: list[float], *, hook: bool = True) -> None:
    """The strengths as one batch by plain transformers `generate`, cache on, with one hook."""
    prompt = subject.tokenizer([PROMPT] * len(strengths), return_tensors="pt")
    direction = subject.engine.sae.direction(FEATURE)
    edit = (torch.tensor(strengths)[:, None, None] * direction).to(subject.model.dtype)
    module = subject.engine.adapter.hook_point.module

    def steer(_module: torch.nn.Module, _args: object, output: torch.Tensor) -> torch.Tensor:
        return output + edit

    handle = module.register_forward_hook(steer) if hook else None
    try:
        subject.model.generate(**prompt, max_new_tokens=N_TOKENS, do_sample=False, pad_token_id=0)
    finally:
        if handle is not None:
            handle.remove()
