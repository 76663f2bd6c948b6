"""Tiny engines, and events collected from them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from steer_widget.protocol import CellDone, Event, RunDone, StartRun, Tokens
from steer_widget.saes import load_sae
from steer_widget.saes.sae import Sae
from steer_widget.spec import Grid
from steer_widget.worker.engine import Engine
from steer_widget.worker.hook_points import HookPoint
from tests.tiny import make


class Ran:
    """What a run sent."""

    def __init__(self, events: list[Event]) -> None:
        self.events = events
        self.ends = {e.cell: e for e in events if isinstance(e, CellDone)}
        self.done = next(e for e in events if isinstance(e, RunDone))

    @property
    def tokens(self) -> list[tuple[int, ...]]:
        return [self.ends[cell].token_ids for cell in sorted(self.ends)]

    @property
    def texts(self) -> list[str]:
        return [self.ends[cell].text for cell in sorted(self.ends)]

    def streamed_text(self, cell: int) -> str:
        return "".join(
            d.text for e in self.events if isinstance(e, Tokens) for d in e.deltas if d.cell == cell
        )

    def streamed_tokens(self, cell: int) -> tuple[int, ...]:
        return tuple(
            i
            for e in self.events
            if isinstance(e, Tokens)
            for d in e.deltas
            if d.cell == cell
            for i in d.token_ids
        )


def run(
    engine: Engine,
    grid: Grid,
    cells: tuple[int, ...] | None = None,
    is_cancelled: Callable[[list[Event]], bool] = lambda _: False,
    max_act: dict[str, float] | None = None,
) -> Ran:
    """Runs a grid and gathers its events."""
    events: list[Event] = []
    command = StartRun("run", grid, cells if cells is not None else tuple(range(len(grid))), max_act or {})
    engine.run(command, events.append, lambda: is_cancelled(events))
    return Ran(events)


def make_engine(model_folder: Path, *sae_folders: Path, max_batch_rows: int | None = None) -> Engine:
    """An engine with a tiny model; its SAEs are named by their folders."""
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    model = AutoModelForCausalLM.from_pretrained(model_folder, dtype=torch.float32).eval()
    tokenizer = AutoTokenizer.from_pretrained(model_folder)
    saes = {folder.name: load_sae(str(folder)) for folder in sae_folders}
    return Engine(model, tokenizer, saes, model_name="tiny", max_batch_rows=max_batch_rows)


def sae_of(engine: Engine) -> Sae:
    """Its first SAE."""
    return next(iter(engine.saes.values()))


def point_of(engine: Engine) -> HookPoint:
    """Hook point of its first SAE."""
    return engine.adapter.point(sae_of(engine).hook_name)


@pytest.fixture(scope="session", autouse=True)
def one_thread() -> Iterator[None]:
    """A tiny model is computed faster by one thread than shared out among several."""
    import torch

    n_before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(n_before)


@pytest.fixture(scope="session")
def tiny_folders(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    root = tmp_path_factory.mktemp("tiny")
    return make.make_model(root / "model"), make.make_sae(root / "sae")


@pytest.fixture(scope="session")
def engine(tiny_folders: tuple[Path, Path]) -> Engine:
    return make_engine(*tiny_folders)


@pytest.fixture(scope="session")
def engine_of(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Engine]:
    """The engine of a family of `tests.tiny.make`, made when it is first asked for."""
    from tests.worker import families

    return families.engines(tmp_path_factory.mktemp("families"))
