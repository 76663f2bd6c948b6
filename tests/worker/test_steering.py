"""Tokens and logits under every steering agree with the plain-PyTorch reference, alone and in mixed batches."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file

from steer_widget.spec import Edit, Feature, Generation, Grid, Schedule, Steering, Vector, columns
from steer_widget.worker import decode
from tests.tiny import make
from tests.worker import reference
from tests.worker.conftest import Ran, make_engine, point_of, run, sae_of

PROMPTS = ("I went for a walk and", "The mountains were white with snow, and nobody", "She")
N_NEW = 6
GENERATION = Generation(max_new_tokens=N_NEW)
MAX_ACT = {"/3": 4.0, "/9": 3.0}
FAMILIES = ("llama", "gpt2", "gpt_neox", "gemma2", "qwen2")

# strengths that change the texts of the tiny models, by method and unit
STRENGTHS: dict[str, dict[str, float]] = {
    "add": {"raw": 6.0, "max_act": -1.5, "norm": 0.8},
    "clamp": {"raw": 7.0, "max_act": 2.0, "norm": -0.9},
    "cap": {"raw": 0.3, "max_act": -0.2, "norm": 0.05},
    "scale": {"raw": 4.0},
    "orthogonal": {"raw": -3.0},
    "ablate": {"raw": 0.0},
}
Weight = Callable[[int, int], float]
POSITIONS: dict[str, tuple[Any, Weight]] = {
    "all": ("all", lambda _at, _n: 1.0),
    "prompt": ("prompt", lambda at, n: float(at < n)),
    "generated": ("generated", lambda at, n: float(at >= n - 1)),
    "slice": (slice(1, None, 2), lambda at, _n: float(at >= 1 and at % 2 == 1)),
    "slice from the prompt's end": (slice(-2, None), lambda at, n: float(at >= max(n - 2, 0))),
    "tokens": ([0, -1, 8], lambda at, n: float(at in {0, n - 1, 8})),
}
SCHEDULES: dict[str, tuple[Schedule | None, Weight]] = {
    "from token 2": (Schedule(start=2), lambda at, n: float(at - (n - 1) >= 2)),
    "half-life 3": (Schedule(half_life=3.0), lambda at, n: 0.5 ** (max(at - (n - 1), 0) / 3.0)),
    "from 1, half-life 2": (
        Schedule(start=1, half_life=2.0),
        lambda at, n: 0.5 ** ((at - (n - 1) - 1) / 2.0) if at - (n - 1) >= 1 else 0.0,
    ),
}


@pytest.fixture(scope="module", params=FAMILIES)
def fitted(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory):
    root = tmp_path_factory.mktemp(request.param)
    return make_engine(
        make.make_model(root / "model", request.param), make.make_sae(root / "sae"), max_batch_rows=16
    )


def edit_of(index: int, strength: float, unit: str = "raw", **options: Any) -> Edit:
    return Feature(index).at(strength, **{"unit": unit, "method": "add", "positions": "all", **options})


class Twin:
    """The reference's view of an engine with the tiny SAE: its formulas, from the files alone."""

    def __init__(self, engine: Any) -> None:
        self.engine = engine
        self.model, self.tokenizer = engine.adapter.model, engine.adapter.tokenizer
        point = point_of(engine)
        self.sites = [(point.module, point.side)]
        tensors = load_file(Path(sae_of(engine).name) / "sae_weights.safetensors")
        self.w_enc, self.b_enc = tensors["W_enc"], tensors["b_enc"]
        self.w_dec, self.b_dec = tensors["W_dec"], tensors["b_dec"]

    def edit(self, edit: Edit, weight: Weight = lambda _at, _n: 1.0) -> reference.Edit:
        index = edit.feature.index
        v = self.w_dec[index]
        strength = edit.strength
        is_length = edit.method == "cap"
        if edit.unit == "max_act":
            strength *= MAX_ACT[f"/{index}"] * (float(v.norm()) if is_length else 1.0)
        elif edit.unit == "norm":
            strength *= self.engine.sae_infos[0].residual_norm / (1.0 if is_length else float(v.norm()))

        def activation(h: torch.Tensor) -> float:
            return max(float((h - self.b_dec) @ self.w_enc[:, index] + self.b_enc[index]), 0.0)

        return reference.Edit(str(edit.method), v, strength, weight, activation)

    def tokens(self, prompt: str, edits: list[reference.Edit], **options: Any) -> tuple[int, ...]:
        ids = self.tokenizer(prompt)["input_ids"]
        return tuple(reference.greedy(self.model, self.sites, ids, edits, N_NEW, **options))


def agree(engine: Any, steerings: list[Steering], edits: list[list[reference.Edit]], **options: Any) -> Ran:
    """Runs all steerings over all prompts in mixed batches; every cell must have the reference's tokens."""
    twin = Twin(engine)
    ran = run(engine, Grid(PROMPTS, tuple(steerings), 1, GENERATION), max_act=MAX_ACT)
    assert ran.done.state == "done", ran.done.error
    wanted = [twin.tokens(prompt, own, **options) for prompt in PROMPTS for own in edits]
    assert ran.tokens == wanted
    return ran


def test_every_method_position_and_unit_agrees_with_the_reference(fitted) -> None:
    twin = Twin(fitted)
    steerings, edits = [Steering()], [[]]
    for method, units in STRENGTHS.items():
        for unit, strength in units.items():
            for positions, weight in POSITIONS.values():
                edit = edit_of(3, strength, unit, method=method, positions=positions)
                steerings.append(Steering((edit,)))
                edits.append([twin.edit(edit, weight)])
    ran = agree(fitted, steerings, edits)
    per_prompt = len(steerings)
    baselines = [ran.tokens[prompt * per_prompt] for prompt in range(len(PROMPTS))]
    n_changed = sum(tokens != baselines[cell // per_prompt] for cell, tokens in enumerate(ran.tokens))
    assert n_changed > len(ran.tokens) / 4, "the edits have to do something, or nothing is tested"
    for cell in range(0, len(ran.tokens), 29):
        alone = run(fitted, Grid(PROMPTS, tuple(steerings), 1, GENERATION), (cell,), max_act=MAX_ACT)
        assert alone.ends[cell].token_ids == ran.ends[cell].token_ids


def test_mixed_steerings_schedules_and_kept_norms_agree_with_the_reference(fitted) -> None:
    twin = Twin(fitted)
    steerings, edits = [], []
    for schedule, weight in SCHEDULES.values():
        for method in ("add", "clamp"):
            edit = edit_of(9, 7.0, method=method, schedule=schedule)
            steerings.append(Steering((edit,)))
            edits.append([twin.edit(edit, weight)])
    mixed = [
        (edit_of(3, 4.0), POSITIONS["all"][1]),
        (edit_of(9, 5.0, method="clamp", positions="generated"), POSITIONS["generated"][1]),
        (edit_of(11, -2.0, method="orthogonal"), POSITIONS["all"][1]),
        (edit_of(12, 0.0, method="ablate", positions=slice(1, None, 2)), POSITIONS["slice"][1]),
        (edit_of(3, 0.2, method="cap"), POSITIONS["all"][1]),
    ]
    for order in (mixed, mixed[::-1]):
        steerings.append(Steering(tuple(edit for edit, _ in order)))
        edits.append([twin.edit(edit, weight) for edit, weight in order])
    agree(fitted, steerings, edits)
    kept = [Steering(s.edits, preserve_norm=True) for s in steerings]
    agree(fitted, kept, edits, keeps_norm=True)


def test_logits_agree_to_four_digits(fitted, monkeypatch) -> None:
    twin = Twin(fitted)
    seen: list[torch.Tensor] = []
    pick = decode.Sampler.pick

    def watched(self, logits, steps):
        seen.append(logits.float().clone())
        return pick(self, logits, steps)

    monkeypatch.setattr(decode.Sampler, "pick", watched)
    cases = [edit_of(3, STRENGTHS[method]["raw"], method=method) for method in STRENGTHS]
    ran = run(fitted, Grid(PROMPTS[1:2], tuple(Steering((edit,)) for edit in cases), 1, GENERATION))
    ids = twin.tokenizer(PROMPTS[1])["input_ids"]
    for row, edit in enumerate(cases):
        tokens = list(ran.ends[row].token_ids)
        wanted = reference.logits(twin.model, twin.sites, ids + tokens, [twin.edit(edit)], len(ids))
        for step in range(len(tokens)):
            if len(seen[step]) == len(cases):  # rows leave as they end
                torch.testing.assert_close(seen[step][row], wanted[len(ids) - 1 + step], atol=1e-4, rtol=1e-4)


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


@pytest.mark.parametrize(
    ("method", "strength"),
    [("add", 0.0), ("scale", 1.0), ("orthogonal", 1.0)],
    ids=["add", "scale", "orthogonal"],
)
def test_a_strength_that_changes_nothing_is_the_baseline_to_the_bit(
    engine, monkeypatch, method, strength
) -> None:
    seen: list[torch.Tensor] = []
    pick = decode.Sampler.pick

    def watched(self, logits, steps):
        seen.append(logits.clone())
        return pick(self, logits, steps)

    monkeypatch.setattr(decode.Sampler, "pick", watched)
    edits = [edit_of(3, strength, method=method), edit_of(9, 5.0)]
    grid = Grid(PROMPTS[:1], columns(edits, combine=False, baseline=True), 1, Generation(temperature=1.0))
    ran = run(engine, grid)
    assert ran.ends[1].token_ids == ran.ends[0].token_ids
    assert ran.ends[1].measures.dose is None
    assert torch.equal(seen[0][0], seen[0][1])
    assert not torch.equal(seen[0][0], seen[0][2])


def test_special_tokens_are_left_out_where_asked(engine) -> None:
    twin = Twin(engine)
    prompt = "<|user|>I went for<|end|> a walk"
    ids = twin.tokenizer(prompt)["input_ids"]
    special = {at for at, token in enumerate(ids) if token in engine.adapter.special_ids}
    assert len(special) == 2
    edits = [edit_of(index, 6.0, positions="prompt", skip_special=True) for index in (3, 9, 11, 12)]
    ran = run(engine, Grid((prompt,), columns(edits, combine=False, baseline=False), 1, GENERATION))

    def weight(at: int, n_prompt: int) -> float:
        return float(at < n_prompt and at not in special)

    wanted = [twin.tokens(prompt, [twin.edit(edit, weight)]) for edit in edits]
    assert ran.tokens == wanted
    assert wanted != [twin.tokens(prompt, [twin.edit(edit, POSITIONS["prompt"][1])]) for edit in edits]


def test_vectors_and_controls_steer(engine) -> None:
    twin = Twin(engine)
    direction = sae_of(engine).decoder[3].float()
    vector = Vector((direction * 2).tolist(), "mine")
    cases = [
        (vector.at(3.0, unit="raw", method="add", positions="all"), [("add", direction * 2, 3.0)]),
        (vector.at(0.0, unit="raw", method="orthogonal", positions="all"), [("orthogonal", direction, 0.0)]),
        (
            vector.at(0.4, unit="norm", method="add", positions="all"),
            [("add", direction, 0.4 * residual(engine))],
        ),
    ]
    ran = run(engine, Grid(PROMPTS, tuple(Steering((edit,)) for edit, _ in cases), 1, GENERATION))
    wanted = [
        twin.tokens(prompt, [reference.Edit(method, v, s) for method, v, s in own])
        for prompt in PROMPTS
        for _, own in cases
    ]
    assert ran.tokens == wanted
    control = Steering((Feature(3).control().at(8.0, unit="raw", method="add", positions="all"),))
    other = Steering((Feature(3).control(1).at(8.0, unit="raw", method="add", positions="all"),))
    feature = Steering((edit_of(3, 8.0),))
    measured = run(engine, Grid(PROMPTS[:1], (control, other, feature), 1, Generation(max_new_tokens=1)))
    doses = [measured.ends[cell].measures.dose for cell in range(3)]
    assert doses == pytest.approx([doses[2]] * 3, rel=1e-4), "a control has the feature's norm"
    assert len(set(run(engine, Grid(PROMPTS, (control, other, feature), 1, GENERATION)).tokens)) > 3


def residual(engine: Any) -> float:
    return float(engine.sae_infos[0].residual_norm)


def test_several_saes_and_layers_at_once(tmp_path: Path) -> None:
    low = make.make_sae(tmp_path / "low", hook_name="blocks.1.hook_resid_pre", seed=5)
    high = make.make_sae(tmp_path / "high", hook_name="blocks.3.hook_mlp_out", seed=6)
    engine = make_engine(make.make_model(tmp_path / "model"), low, high)
    points = [engine.adapter.point(sae.hook_name) for sae in engine.saes.values()]
    edits = [
        Feature(3, sae=name).at(6.0, unit="raw", method="add", positions="all") for name in ("low", "high")
    ]
    ran = run(engine, Grid(PROMPTS, (Steering(tuple(edits)), Steering((edits[1],))), 1, GENERATION))
    sites = [(point.module, point.side) for point in points]
    own = [
        reference.Edit("add", sae.decoder[3].float(), 6.0, site=n)
        for n, sae in enumerate(engine.saes.values())
    ]
    tokenizer, model = engine.adapter.tokenizer, engine.adapter.model
    wanted = [
        tuple(reference.greedy(model, sites, tokenizer(prompt)["input_ids"], steering, N_NEW))
        for prompt in PROMPTS
        for steering in (own, own[1:])
    ]
    assert ran.tokens == wanted
    both, one = (ran.ends[cell].measures.dose for cell in (0, 1))
    assert both > one > 0, "the dose of a cell sums over its hook points"


def test_unknown_maximum_activation_is_refused(engine) -> None:
    ran = run(engine, Grid(PROMPTS[:1], (Steering((edit_of(3, 2.0, "max_act"),)),), 1, GENERATION))
    assert ran.done.state == "failed"
    assert ran.done.error is not None
    assert ran.done.error.field == "unit"
    assert not ran.ends


@pytest.mark.parametrize(
    ("edit", "field"),
    [
        (edit_of(3, 2.0, "norm", method="scale"), "unit"),
        (Vector([1.0] * make.D_MODEL).at(1.0, method="clamp", unit="raw"), "method"),
        (Vector([1.0] * make.D_MODEL).at(1.0, unit="max_act"), "unit"),
        (Vector([1.0] * 5).at(1.0), "vector"),
        (Vector([1.0] * make.D_MODEL, hook_name="blocks.99.hook_resid_pre").at(1.0), "layer"),
        (Feature(3, sae="no such").at(1.0), "sae"),
        (Feature(make.D_SAE).control().at(1.0), "feature"),
    ],
)
def test_what_cannot_be_applied_is_refused_by_name(engine, edit, field) -> None:
    ran = run(engine, Grid(PROMPTS[:1], (Steering((edit,)),), 1, GENERATION))
    assert [type(event).__name__ for event in ran.events] == ["RunDone"]
    assert ran.done.error is not None
    assert ran.done.error.field == field


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
    grid = Grid(
        PROMPTS[:1], (Steering((edit_of(3, 6.0, positions="prompt"),)),), 1, Generation(max_new_tokens=1)
    )
    assert run(engine, grid).ends[0].measures.dose == pytest.approx(wanted, rel=1e-4)


def test_half_precision_norms_do_not_overflow(tmp_path: Path) -> None:
    built = make_engine(make.make_model(tmp_path / "model"), make.make_sae(tmp_path / "sae"))
    built.adapter.model.to(torch.bfloat16)
    grid = Grid(PROMPTS[:1], (Steering((edit_of(3, 1e15),)),), 1, Generation(max_new_tokens=2))
    dose = run(built, grid).ends[0].measures.dose
    assert dose is not None
    assert 1e10 < dose < 1e20


def test_logits_that_are_not_finite_end_that_cell_alone(tmp_path: Path) -> None:
    built = make_engine(make.make_model(tmp_path / "model"), make.make_sae(tmp_path / "sae"))
    built.adapter.model.to(torch.float16)
    steerings = (
        Steering(),
        Steering((edit_of(3, 1e6, positions=slice(-1 + 4, None)),)),
        Steering((edit_of(9, 2.0),)),
    )
    ran = run(built, Grid(PROMPTS[:1], steerings, 1, GENERATION))
    assert [ran.ends[cell].state for cell in range(3)] == ["done", "failed", "done"]
    end = ran.ends[1]
    assert end.finish == "diverged"
    assert "diverged" in end.measures.flags
    assert end.error is not None
    assert end.error.kind == "Diverged"
    assert "strength" in end.error.message
    assert ran.done.state == "done"
    assert all(ran.ends[cell].token_ids for cell in (0, 2))
