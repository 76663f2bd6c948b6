"""What a run measures agrees with plain PyTorch; what cannot be measured is absent, and said."""

from __future__ import annotations

import math
from pathlib import Path

import pytest
import torch

from steer_widget.protocol import CellDone, CellMeasured, Fault, Measures, TokenMeasures
from steer_widget.spec import MEASURES, Feature, Generation, Grid, Steering
from steer_widget.worker import prefill, scoring
from tests.tiny import make
from tests.worker import reference
from tests.worker.conftest import Ran, make_engine, run, sae_of
from tests.worker.test_steering import PROMPTS, Twin, edit_of

GENERATION = Generation(max_new_tokens=12)
STEERINGS = (
    Steering(),
    Steering((edit_of(3, 5.0),)),
    Steering((edit_of(9, 6.0, positions="generated"), edit_of(3, 0.0, method="ablate"))),
    Steering((edit_of(3, 5.0),), preserve_norm=True),
)
GRID = Grid(PROMPTS, STEERINGS, 1, GENERATION)
WEIGHTS = {"all": lambda _at, _n: 1.0, "generated": lambda at, n: float(at >= n - 1)}


@pytest.fixture(scope="module", params=["llama", "gpt2", "gpt_neox", "gemma2"])
def fitted(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory):
    root = tmp_path_factory.mktemp(request.param)
    return make_engine(make.make_model(root / "model", request.param), make.make_sae(root / "sae"))


def measured(ran: Ran) -> dict[int, CellMeasured]:
    return {event.cell: event for event in ran.events if isinstance(event, CellMeasured)}


def logits(twin: Twin, ran: Ran, cell: int, *, steered: bool) -> tuple[torch.Tensor, torch.Tensor]:
    """Reference logits where the cell's tokens are drawn, and activations at the hook point on the tokens."""
    at = GRID.coordinates(cell)
    ids = twin.tokenizer(PROMPTS[at.prompt])["input_ids"]
    tokens = list(ran.ends[cell].token_ids)
    steering = GRID.steerings[at.steering]
    edits = [twin.edit(edit, WEIGHTS[edit.positions]) for edit in steering.edits] if steered else []
    seen: list[torch.Tensor] = []
    module = twin.sites[0][0]
    with module.register_forward_hook(
        lambda _m, _a, out: seen.append(out[0] if isinstance(out, tuple) else out)
    ):
        found = reference.logits(
            twin.model, twin.sites, ids + tokens, edits, len(ids), keeps_norm=bool(steering.preserve_norm)
        )
    return found[len(ids) - 1 : -1], seen[0][0][len(ids) :]


@pytest.mark.parametrize("shares_prompts", [False, True])
def test_measures_agree_with_the_reference(fitted, monkeypatch, shares_prompts) -> None:
    if shares_prompts:
        monkeypatch.setattr(prefill, "_PASS_IN_TOKENS", -10_000)
    ran, twin = run(fitted, GRID), Twin(fitted)
    found = measured(ran)
    assert sorted(found) == list(range(len(GRID)))
    for cell, event in found.items():
        at = GRID.coordinates(cell)
        unsteered, h = logits(twin, ran, cell, steered=False)
        steered, _ = logits(twin, ran, cell, steered=True)
        tokens = torch.tensor(ran.ends[cell].token_ids)
        kl = reference.kl(steered, unsteered)
        surprise = -unsteered.log_softmax(-1)[torch.arange(len(tokens)), tokens]
        assert event.tokens.kl == pytest.approx(kl.tolist(), abs=2e-4, rel=1e-3)
        assert event.tokens.surprise == pytest.approx(surprise.tolist(), abs=1e-4)
        assert event.measures.kl_mean == pytest.approx(float(kl.mean()), abs=2e-4, rel=1e-3)
        assert event.measures.kl_max == pytest.approx(float(kl.max()), abs=2e-4, rel=1e-3)
        assert event.measures.kl_p95 == pytest.approx(float(kl.quantile(0.95)), abs=2e-4, rel=1e-3)
        assert event.measures.perplexity == pytest.approx(math.exp(float(surprise.mean())), rel=1e-3)
        best = steered.softmax(-1).topk(5)
        for n, alternatives in enumerate(event.tokens.alternatives):
            assert [a.token_id for a in alternatives] == best.indices[n].tolist()
            assert [a.steered for a in alternatives] == pytest.approx(best.values[n].tolist(), abs=1e-4)
            wanted = unsteered[n].softmax(-1)[best.indices[n]].tolist()
            assert [a.unsteered for a in alternatives] == pytest.approx(wanted, abs=1e-4)
        features = [edit.feature.index for edit in GRID.steerings[at.steering].edits]
        assert [a.index for a in event.measures.activations] == features
        activations = ((h - twin.b_dec) @ twin.w_enc + twin.b_enc).relu()
        for n, index in enumerate(features):
            series = activations[:, index]
            assert event.tokens.activations[n] == pytest.approx(series.tolist(), abs=1e-3)
            assert event.measures.activations[n].mean == pytest.approx(float(series.mean()), abs=1e-3)
            assert event.measures.activations[n].max == pytest.approx(float(series.max()), abs=1e-3)
        baseline = cell - at.steering
        if at.steering == 0:
            assert set(event.tokens.kl) == {0.0}, "the baseline is exactly the unsteered model"
            assert event.measures.off_target == ()
        else:
            _, baseline_h = logits(twin, ran, baseline, steered=False)
            before = ((baseline_h - twin.b_dec) @ twin.w_enc + twin.b_enc).relu().mean(0)
            shift = activations.mean(0) - before
            shift[features] = 0
            wanted = [moved for moved in shift[shift.abs().topk(5).indices].tolist() if abs(moved) > 1e-3]
            found_shifts = [moved.shift for moved in event.measures.off_target if abs(moved.shift) > 1e-3]
            assert found_shifts == pytest.approx(wanted, abs=1e-3)
    assert any(event.measures.off_target for event in found.values())
    assert any(event.measures.kl_mean > 0.01 for event in found.values())


def test_texts_never_wait_for_measures(engine) -> None:
    small = make_engine_like(engine, max_batch_rows=2)
    kinds = [type(event) for event in run(small, GRID).events]
    assert kinds.count(CellDone) == kinds.count(CellMeasured) == len(GRID)
    assert max(n for n, kind in enumerate(kinds) if kind is CellDone) < kinds.index(CellMeasured)


def make_engine_like(engine, **options):
    from steer_widget.worker.engine import Engine

    return Engine(engine.adapter.model, engine.adapter.tokenizer, engine.saes, model_name="tiny", **options)


@pytest.mark.parametrize("name", [name for name in MEASURES if name != "similarity"])
def test_each_measure_can_be_taken_alone(engine, name) -> None:
    grid = Grid(PROMPTS[:1], STEERINGS[:2], 1, GENERATION, measures=(name,))
    ran = run(engine, grid)
    events = measured(ran)
    assert bool(events) == (name != "repetition"), "repetition is known when the text ends"
    one = events[1].measures if events else ran.ends[1].measures
    tokens = events[1].tokens if events else TokenMeasures()
    there = {
        "kl": one.kl_mean is not None and bool(tokens.kl),
        "perplexity": one.perplexity is not None and bool(tokens.surprise),
        "repetition": one.repetition is not None
        and one.distinct_1 is not None
        and one.distinct_2 is not None,
        "activation": bool(one.activations) and bool(tokens.activations),
        "off_target": bool(one.off_target),
        "alternatives": bool(tokens.alternatives),
    }
    assert there == {other: other == name for other in there}
    assert one.dose is not None


def test_no_measures_no_second_reading(engine, monkeypatch) -> None:
    monkeypatch.setattr(scoring, "_MAX_TOKENS", {})  # would not matter: nothing may be read again
    n_passes: list[int] = []
    forward = type(engine.adapter)._forward

    def counted(self, *args, **kwargs):
        n_passes.append(1)
        return forward(self, *args, **kwargs)

    monkeypatch.setattr(type(engine.adapter), "_forward", counted)
    grid = Grid(PROMPTS[:1], STEERINGS[:2], 1, Generation(max_new_tokens=5, stop=()), measures=())
    ran = run(engine, grid)
    assert not measured(ran)
    assert len(n_passes) == max(len(end.token_ids) for end in ran.ends.values())


def test_a_failed_measure_is_said_and_costs_no_text(engine, monkeypatch) -> None:
    def fail(*_args, **_kwargs):
        raise RuntimeError("the head broke")

    wanted = run(engine, GRID).texts
    with monkeypatch.context() as patch:
        patch.setattr(type(engine.adapter), "unembed", fail)
        ran = run(engine, GRID)
    assert ran.done.state == "done"
    assert ran.texts == wanted
    faults = [event for event in ran.events if isinstance(event, Fault)]
    assert faults
    assert "the head broke" in faults[0].error.message
    assert "not touched" in faults[0].error.message


def test_measuring_halves_its_batches_when_memory_runs_out(engine, monkeypatch) -> None:
    wanted = {cell: event.measures for cell, event in measured(run(engine, GRID)).items()}
    whole = type(engine.adapter).last_hidden

    def small_only(self, token_ids, *args, **kwargs):
        if len(token_ids) > 4:
            raise torch.OutOfMemoryError("CUDA out of memory")
        return whole(self, token_ids, *args, **kwargs)

    monkeypatch.setattr(type(engine.adapter), "last_hidden", small_only)
    found = measured(run(engine, GRID))
    assert sorted(found) == sorted(wanted)
    for cell, event in found.items():
        assert event.measures.perplexity == pytest.approx(wanted[cell].perplexity, rel=1e-4)


def test_a_stop_while_measuring_ends_the_run_with_all_texts(engine) -> None:
    ran = run(
        engine, GRID, is_cancelled=lambda events: any(isinstance(event, CellMeasured) for event in events)
    )
    assert {end.state for end in ran.ends.values()} == {"done"}
    assert ran.done.state == "done"


def test_an_sae_without_encoder_leaves_activations_absent(tmp_path: Path) -> None:
    from safetensors.torch import load_file, save_file

    folder = make.make_sae(tmp_path / "sae")
    tensors = load_file(folder / "sae_weights.safetensors")
    save_file({"W_dec": tensors["W_dec"], "b_dec": tensors["b_dec"]}, folder / "sae_weights.safetensors")
    engine = make_engine(make.make_model(tmp_path / "model"), folder)
    assert not sae_of(engine).has_encoder
    found = measured(run(engine, Grid(PROMPTS[:1], STEERINGS[:2], 1, GENERATION)))
    assert found[1].measures.activations == ()
    assert found[1].measures.off_target == ()
    assert found[1].measures.kl_mean is not None
    edit = Feature(3).at(1.0, unit="raw", method="clamp", positions="all")
    refused = run(engine, Grid(PROMPTS[:1], (Steering((edit,)),), 1, GENERATION))
    assert refused.done.error is not None
    assert refused.done.error.field == "method"


def test_similarity_without_a_model_for_it_is_refused(engine) -> None:
    ran = run(engine, Grid(PROMPTS[:1], STEERINGS[:1], 1, GENERATION, measures=("similarity",)))
    assert ran.done.error is not None
    assert ran.done.error.field == "measures"
    assert not ran.ends


def test_a_cell_that_measured_nothing_says_nothing() -> None:
    assert Measures() == Measures(dose=None, flags=(), activations=(), off_target=())
