"""A prompt is read once for all rows that share it, as far as they are steered alike; nothing else changes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import torch

from steer_widget.spec import Edit, Feature, Generation, Grid, Schedule, Steering
from steer_widget.worker import joined_cache, prefill
from tests.tiny import make
from tests.worker.conftest import Ran, make_engine, point_of, run

PROMPTS = ("I went for a walk and saw the sea. " * 3, "The mountains were white with snow, " * 2)
GENERATION = Generation(max_new_tokens=8)


@pytest.fixture(scope="module", params=["llama", "gpt2", "gpt_neox", "gemma2"])
def fitted(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Any:
    root = tmp_path_factory.mktemp(request.param)
    return make_engine(make.make_model(root / "model", request.param), make.make_sae(root / "sae"))


@pytest.fixture(autouse=True)
def sharing_always_pays(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(prefill, "_PASS_IN_TOKENS", 0)
    monkeypatch.setattr(joined_cache, "_MIN_SHARED", 0)


@pytest.fixture
def read(request: pytest.FixtureRequest) -> Iterator[dict[str, int]]:
    """Counts the tokens that the first and the last block compute."""
    engine = request.getfixturevalue("fitted")
    counted = {"first": 0, "last": 0}
    blocks = engine.adapter.layers._blocks
    handles = []
    for name, block in (("first", blocks[0]), ("last", blocks[-1])):
        norm = next(module for module in block.modules() if "norm" in type(module).__name__.lower())

        def count(_module: Any, args: Any, name: str = name) -> None:
            counted[name] += args[0].shape[0] * args[0].shape[1]

        handles.append(norm.register_forward_pre_hook(count))
    yield counted
    for handle in handles:
        handle.remove()


def edit(positions: Any, strength: float = 6.0, method: str = "add", **options: Any) -> Edit:
    return Feature(3).at(strength, unit="raw", method=method, positions=positions, **options)


def both_ways(engine: Any, grid: Grid) -> tuple[Ran, Ran]:
    shared = run(engine, grid)
    engine.adapter.can_split = False
    try:
        return shared, run(engine, grid)
    finally:
        engine.adapter.can_split = True


GRIDS = {
    "unsteered and steered at once": [(), (edit("all"),), (edit("generated"),), (edit("prompt"),)],
    "all steered from the start": [(edit("all"),), (edit("all", 9.0),), (edit("all", 3.0, "clamp"),)],
    "none steered in the prompt": [(), (edit("generated"),), (edit(slice(-1, None), -5.0),)],
    "from a place in the prompt": [
        (edit(slice(4, None)),),
        (edit([2, 7]),),
        (edit("all", schedule=Schedule(2)),),
    ],
}


@pytest.mark.parametrize("columns", list(GRIDS.values()), ids=list(GRIDS))
def test_tokens_and_doses_do_not_depend_on_sharing(fitted, columns) -> None:
    assert fitted.adapter.can_split
    grid = Grid(PROMPTS, tuple(Steering(edits) for edits in columns), 2, GENERATION, measures=())
    shared, alone = both_ways(fitted, grid)
    assert shared.done.state == "done", shared.done.error
    assert shared.tokens == alone.tokens
    for cell in shared.ends:
        wanted = alone.ends[cell].measures.dose
        assert shared.ends[cell].measures.dose == (
            wanted if wanted is None else pytest.approx(wanted, rel=1e-4)
        )


def test_prompts_are_read_once_where_only_what_follows_is_steered(fitted, read) -> None:
    steerings = tuple(Steering((edit("generated", strength),)) for strength in (0.0, 2.0, 4.0, 6.0, 8.0))
    generation = Generation(max_new_tokens=1)
    grid = Grid(PROMPTS[:1], steerings, 1, generation, measures=())
    n_prompt = len(fitted.adapter.tokenizer(PROMPTS[0])["input_ids"])
    run(fitted, grid)
    assert read["first"] == read["last"] == n_prompt - 1 + len(steerings)


def test_layers_below_the_hook_point_are_read_once_where_prompts_are_steered(fitted, read) -> None:
    steerings = tuple(Steering((edit("all", strength),)) for strength in (2.0, 4.0, 6.0, 8.0))
    grid = Grid(PROMPTS[:1], steerings, 1, Generation(max_new_tokens=1), measures=())
    n_prompt = len(fitted.adapter.tokenizer(PROMPTS[0])["input_ids"])
    run(fitted, grid)
    assert read["first"] == n_prompt - 1 + len(steerings)
    assert read["last"] == len(steerings) * (n_prompt - 1) + len(steerings)


def test_short_prompts_of_few_rows_are_read_as_they_are(fitted, read, monkeypatch) -> None:
    monkeypatch.undo()
    grid = Grid(
        PROMPTS[:1], (Steering(), Steering((edit("all"),))), 1, Generation(max_new_tokens=1), measures=()
    )
    run(fitted, grid)
    n_prompt = len(fitted.adapter.tokenizer(PROMPTS[0])["input_ids"])
    assert read["first"] == read["last"] == 2 * n_prompt


def test_no_block_keeps_a_changed_forward_or_a_hook(fitted) -> None:
    run(fitted, Grid(PROMPTS, tuple(Steering(edits) for edits in next(iter(GRIDS.values()))), 1, GENERATION))
    for block in fitted.adapter.layers._blocks:
        assert "forward" not in block.__dict__
        assert not block._forward_hooks
        assert not block._forward_pre_hooks
    assert not point_of(fitted).module._forward_hooks


def test_a_model_whose_blocks_cannot_run_apart_is_read_whole(tmp_path, monkeypatch) -> None:
    from transformers.models.llama.modeling_llama import LlamaDecoderLayer

    forward = LlamaDecoderLayer.forward

    def depends_on_the_first(self, hidden_states, *args, **kwargs):
        """Each block adds what the first one read in this pass, which no block above can know by itself."""
        if self.self_attn.layer_idx == 0:
            type(self).first_input = hidden_states
        return forward(self, hidden_states, *args, **kwargs) + 0.1 * type(self).first_input

    monkeypatch.setattr(LlamaDecoderLayer, "forward", depends_on_the_first)
    engine = make_engine(make.make_model(tmp_path / "model"), make.make_sae(tmp_path / "sae"))
    assert not engine.adapter.can_split
    grid = Grid(PROMPTS, (Steering(), Steering((edit("all"),))), 1, GENERATION, measures=())
    assert run(engine, grid).done.state == "done"


def test_left_padding_is_masked_at_every_width() -> None:
    prefixes = prefill.Prefixes.of([[5, 6, 7], [8]], pad_id=0)
    assert prefixes.token_ids.tolist() == [[5, 6, 7], [0, 0, 8]]
    assert prefixes.positions.tolist() == [[0, 1, 2], [-2, -1, 0]]
    assert torch.equal(prefixes.mask, torch.tensor([[1, 1, 1], [0, 0, 1]]))
    assert prefixes.rows([0]).mask is None
