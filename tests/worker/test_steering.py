"""Tokens under steering agree with the plain-PyTorch reference, alone and in a mixed batch."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from steer_widget.spec import Feature, Generation, Grid, Positions, Steering, columns
from tests.tiny import make
from tests.worker.conftest import make_engine, point_of, run, sae_of
from tests.worker.reference import greedy

PROMPTS = ("I went for a walk and", "The mountains were white with snow, and nobody", "She")
GENERATION = Generation(max_new_tokens=12)


def edit_of(index: int, strength: float, positions: Positions = "all"):
    return Feature(index).at(strength, unit="raw", method="add", positions=positions)


@pytest.fixture(scope="module", params=list(make.CONFIGS))
def fitted(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory):
    root = tmp_path_factory.mktemp(request.param)
    return make_engine(make.make_model(root / "model", request.param), make.make_sae(root / "sae"))


def expected(engine, grid: Grid) -> list[tuple[int, ...]]:
    adapter = engine.adapter
    out = []
    for cell in range(len(grid)):
        at = grid.coordinates(cell)
        ids = adapter.tokenizer(grid.prompts[at.prompt])["input_ids"]
        edits = [
            (sae_of(engine).decoder[e.feature.index], e.strength, e.positions)
            for e in grid.steerings[at.steering].edits
        ]
        out.append(tuple(greedy(adapter.model, point_of(engine).module, ids, edits, 12)))
    return out


def test_mixed_padded_batch_agrees_with_reference(fitted) -> None:
    steerings = (
        Steering(),
        Steering((edit_of(3, 6.0),)),
        Steering((edit_of(3, -6.0, "prompt"),)),
        Steering((edit_of(9, 8.0, "generated"),)),
        Steering((edit_of(3, 4.0), edit_of(9, 3.0, "generated"), edit_of(11, -2.0))),
    )
    grid = Grid(PROMPTS, steerings, 1, GENERATION)
    ran = run(fitted, grid)
    assert ran.tokens == expected(fitted, grid)
    assert len(set(ran.tokens)) > len(PROMPTS)  # the edits did something


def test_single_row_agrees_with_its_row_in_a_batch(engine) -> None:
    grid = Grid(
        PROMPTS, columns([edit_of(3, 6.0), edit_of(9, 5.0)], combine=False, baseline=True), 1, GENERATION
    )
    together = run(engine, grid)
    for cell in range(len(grid)):
        alone = run(engine, grid, (cell,))
        assert alone.ends[cell].token_ids == together.ends[cell].token_ids


def test_order_and_number_of_edits_act_once(engine) -> None:
    twice = Grid(PROMPTS[:1], (Steering((edit_of(3, 2.0), edit_of(3, 4.0))),), 1, GENERATION)
    once = Grid(PROMPTS[:1], (Steering((edit_of(3, 6.0),)),), 1, GENERATION)
    assert run(engine, twice).tokens == run(engine, once).tokens


def test_strength_zero_is_the_baseline(engine) -> None:
    grid = Grid(
        PROMPTS, columns([edit_of(3, 0.0)], combine=False, baseline=True), 2, Generation(temperature=1.0)
    )
    ran = run(engine, grid)
    for cell in range(len(grid)):
        at = grid.coordinates(cell)
        if at.steering == 1:
            same = cell - grid.samples
            assert ran.ends[cell].token_ids == ran.ends[same].token_ids
            assert ran.ends[cell].measures.dose is None


def test_units_mean_what_they_say(engine) -> None:
    f = Feature(3)
    raw = edit_of(3, 6.0)
    norm = f.at(6.0 / engine.sae_infos[0].residual_norm, unit="norm", method="add", positions="all")
    max_act = f.at(2.0, unit="max_act", method="add", positions="all")
    grid = Grid(PROMPTS[:1], tuple(Steering((e,)) for e in (raw, norm, max_act)), 1, GENERATION)
    tokens = run(engine, grid, max_act={"/3": 3.0}).tokens
    assert tokens[0] == tokens[1] == tokens[2]


def test_unknown_maximum_activation_is_refused(engine) -> None:
    edit = Feature(3).at(2.0, unit="max_act", method="add", positions="all")
    ran = run(engine, Grid(PROMPTS[:1], (Steering((edit,)),), 1, GENERATION))
    assert ran.done.state == "failed"
    assert ran.done.error is not None
    assert ran.done.error.field == "unit"
    assert not ran.ends


def test_dose_is_edit_over_residual(engine) -> None:
    adapter = engine.adapter
    ids = adapter.tokenizer(PROMPTS[0])["input_ids"]
    seen: list[torch.Tensor] = []
    handle = point_of(engine).module.register_forward_hook(
        lambda _m, _a, out: seen.append(out[0] if isinstance(out, tuple) else out)
    )
    with torch.no_grad():
        adapter.model(torch.tensor([ids]))
    handle.remove()
    wanted = float((6.0 / seen[0][0].norm(dim=-1)).mean())
    grid = Grid(PROMPTS[:1], (Steering((edit_of(3, 6.0, "prompt"),)),), 1, Generation(max_new_tokens=1))
    assert run(engine, grid).ends[0].measures.dose == pytest.approx(wanted, rel=1e-4)


def test_half_precision_norms_do_not_overflow(tmp_path: Path) -> None:
    built = make_engine(make.make_model(tmp_path / "model"), make.make_sae(tmp_path / "sae"))
    built.adapter.model.to(torch.bfloat16)
    built.adapter.dtype = torch.bfloat16
    grid = Grid(PROMPTS[:1], (Steering((edit_of(3, 1e30),)),), 1, Generation(max_new_tokens=2))
    dose = run(built, grid).ends[0].measures.dose
    assert dose is not None
    assert dose > 1e20
