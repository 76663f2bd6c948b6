"""Output scores, against plain forward passes with a hook and logit lenses written out, for each family and hook point."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file

from steer_widget.errors import InvalidInput, OutOfMemory, SaeMismatch, UnknownFeature
from steer_widget.protocol import OutputScoresOf
from steer_widget.spec import Feature, Generation, Grid, Steering, Vector
from steer_widget.worker import output_scores, probe
from tests.tiny import make
from tests.worker.conftest import make_engine, run, sae_of
from tests.worker.families import (
    FAMILIES,
    NORM_BEHIND_ATTENTION,
    PARALLEL,
    block_of,
    projection_of,
    weight_of,
    writer_of,
)
from tests.worker.test_family_edits import KINDS, LAYER, site_of
from tests.worker.test_lens import LESS_ONE, lens

PREFIX = "From my experience,"


def ask(engine: Any, *directions: Any) -> tuple[float | None, ...]:
    return engine.output_scores(OutputScoresOf(1, directions)).scores


def amplified(engine: Any, site: tuple[Any, str], edit: torch.Tensor) -> torch.Tensor:
    """Logits behind the prefix, the edit added at its last token: the whole pass, one direction `[d_vocab]`."""
    module, side = site

    def add(_module: Any, args: Any, kwargs: Any, output: Any = None) -> Any:
        value = args[0] if side == "input" else output[0] if isinstance(output, tuple) else output
        edited = value.clone()
        edited.view(-1, edited.shape[-1])[-1] += edit
        if side == "input":
            return (edited, *args[1:]), kwargs
        return (edited, *output[1:]) if isinstance(output, tuple) else edited

    hook = (
        module.register_forward_pre_hook(add, with_kwargs=True)
        if side == "input"
        else module.register_forward_hook(add, with_kwargs=True)
    )
    ids = torch.tensor([engine.adapter.tokenizer(PREFIX)["input_ids"]])
    with hook, torch.no_grad():
        return engine.adapter.model(ids).logits[0, -1]


def score(logits: torch.Tensor, raised: torch.Tensor) -> float:
    """(1 − best rank / |V|) · largest probability, over the 20 tokens that are raised most."""
    tokens = raised.topk(20).indices
    order = logits.argsort(descending=True).tolist()
    best_rank = min(order.index(token) for token in tokens.tolist())
    return (1 - best_rank / len(logits)) * float(logits.softmax(-1)[tokens].max())


def streamed(model: Any, family: str, kind: str, d: torch.Tensor) -> torch.Tensor:
    """What a direction adds to the residual stream."""
    if kind != "attn.hook_z":
        return d
    block = block_of(model, family, LAYER)
    written = d @ weight_of(projection_of(block, family), family)
    if family in NORM_BEHIND_ATTENTION:
        written = written * (writer_of(block, family).weight + (family in LESS_ONE))
    return written


@pytest.mark.parametrize("family", FAMILIES)
def test_each_family_and_hook_point_is_scored_as_in_plain_passes(engine_of: Any, family: str) -> None:
    engine = engine_of(family)
    model = engine.adapter.model
    kinds = [kind for kind in KINDS if kind != "hook_resid_mid" or family not in PARALLEL]
    random = torch.Generator().manual_seed(3)
    rows = {kind: torch.randn(3, make.D_MODEL, generator=random) for kind in kinds}
    asked = [Vector(row.tolist(), hook_name=f"blocks.{LAYER}.{kind}") for kind in kinds for row in rows[kind]]
    found = ask(engine, *asked)
    wanted = []
    for kind in kinds:
        spread = engine._points.get(f"blocks.{LAYER}.{kind}").spread
        for row in rows[kind]:
            edit = row / row.norm() * spread
            logits = amplified(engine, site_of(model, family, kind), edit)
            with torch.no_grad():
                wanted.append(score(logits, lens(model, family, streamed(model, family, kind, row))))
    assert found == pytest.approx(wanted, rel=2e-3, abs=1e-7)
    assert len(set(found)) > len(found) // 2


def test_what_is_added_is_as_long_as_activations_usually_lie_from_their_mean(engine: Any) -> None:
    model, ids = engine.adapter.model, engine.adapter.tokenizer(probe._TEXT)["input_ids"]
    with torch.no_grad():
        h = model(torch.tensor([ids[: make.N_CONTEXT]]), output_hidden_states=True).hidden_states[3][0, 1:]
        h = h[h.norm(dim=-1) <= 5 * h.norm(dim=-1).median()]
        spread = (h - h.mean(0)).norm(dim=-1).median()
        rows = load_file(Path(sae_of(engine).name) / "sae_weights.safetensors")["W_dec"]
        site = block_of(model, "llama", 2), "output"
        wanted = [
            score(amplified(engine, site, row / row.norm() * spread), lens(model, "llama", row))
            for row in rows
        ]
    assert ask(engine, *map(Feature, range(make.D_SAE))) == pytest.approx(wanted, rel=2e-3, abs=1e-7)


def test_the_length_of_a_direction_does_not_matter_and_its_sign_does(engine: Any) -> None:
    row = sae_of(engine).direction(3)
    found = ask(
        engine, Feature(3), Vector((row * 50).tolist()), Vector((-row).tolist()), Feature(3).control()
    )
    assert found[1] == pytest.approx(found[0], rel=1e-3)
    assert len({round(one or 0.0, 9) for one in found[1:]}) == 3


def test_batches_and_whole_passes_give_the_same(engine: Any, tiny_folders: Any, monkeypatch: Any) -> None:
    features = tuple(map(Feature, range(7)))
    wanted = pytest.approx(ask(engine, *features), rel=1e-3)
    monkeypatch.setattr(output_scores, "_MAX_ROWS", {"cpu": 3})
    assert ask(engine, *features) == wanted
    other = make_engine(*tiny_folders)
    other.adapter.can_split = False
    assert ask(other, *features) == wanted


def test_a_batch_that_does_not_fit_is_halved(engine: Any, monkeypatch: Any) -> None:
    features = tuple(map(Feature, range(7)))
    wanted = ask(engine, *features)
    amplify, sizes, limit = output_scores.OutputScorer._amplified, [], [2]

    def scarce(self: Any, point: Any, edits: Any) -> Any:
        sizes.append(len(edits))
        if len(edits) > limit[0]:
            raise torch.OutOfMemoryError("none left")
        return amplify(self, point, edits)

    monkeypatch.setattr(output_scores.OutputScorer, "_amplified", scarce)
    assert ask(engine, *features) == pytest.approx(wanted, rel=1e-3)
    assert sizes == [7, 3, 1, 2, 4, 2, 2]
    limit[0] = 0
    with pytest.raises(OutOfMemory, match="alone"):
        ask(engine, *features)


def test_the_prefix_is_read_once_and_only_its_last_token_goes_through_the_blocks_above(
    tiny_folders: Any,
) -> None:
    engine = make_engine(*tiny_folders)
    ask(engine, Feature(0))
    blocks, seen = engine.adapter.model.model.layers, []
    handles = [
        block.mlp.register_forward_hook(
            lambda _module, args, _output, layer=layer: seen.append((layer, tuple(args[0].shape[:2])))
        )
        for layer, block in enumerate(blocks)
    ]
    ask(engine, *map(Feature, range(5)))
    for handle in handles:
        handle.remove()
    assert seen == [(layer, (5, 1)) for layer in range(3, len(blocks))]
    before = ask(engine, *map(Feature, range(5)))
    run(engine, Grid((PREFIX,), (Steering(),), 1, Generation(max_new_tokens=2)))  # gives the memory back
    assert ask(engine, *map(Feature, range(5))) == pytest.approx(before, rel=1e-3)


def test_what_has_no_score_has_none(tiny_folders: Any, tmp_path: Path) -> None:
    folder = make.make_sae(tmp_path / "sae")
    weights = load_file(folder / "sae_weights.safetensors")
    weights["W_dec"][2] = 0
    save_file(weights, folder / "sae_weights.safetensors")
    engine = make_engine(tiny_folders[0], folder)
    found = ask(engine, Feature(1), Feature(2), Feature(3))
    assert [one is None for one in found] == [False, True, False]
    assert all(one is None or 0 <= one <= 1 for one in found)
    assert ask(engine) == ()


def test_what_cannot_be_scored_is_refused(engine: Any) -> None:
    with pytest.raises(UnknownFeature):
        ask(engine, Feature(make.D_SAE))
    with pytest.raises(InvalidInput) as caught:
        ask(engine, Feature(0, sae="nobody"))
    assert caught.value.field == "sae"
    with pytest.raises(SaeMismatch, match="2 dimensions"):
        ask(engine, Vector([1.0, 2.0]))
    with pytest.raises(InvalidInput) as caught:
        ask(engine, Vector([1.0] * make.D_MODEL, hook_name="model.layers.1.self_attn.q_proj.input"))
    assert caught.value.field == "hook_name"
