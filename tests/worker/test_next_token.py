"""Next-token distributions agree with plain PyTorch, whatever was asked before; and only what must be is computed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any

import pytest
import torch

from steer_widget.errors import Diverged, InvalidInput
from steer_widget.protocol import NextTokenOf, NextTokens
from steer_widget.spec import Feature, Generation, Grid, Message, Steering, Vector
from steer_widget.worker import next_token
from steer_widget.worker.engine import Engine
from tests.tiny import make
from tests.worker import reference
from tests.worker.conftest import make_engine, run
from tests.worker.families import FAMILIES, PARALLEL
from tests.worker.test_family_edits import site_of
from tests.worker.test_steering import POSITIONS, PROMPTS, SCHEDULES, STRENGTHS, Twin, edit_of

K = 6


@pytest.fixture(scope="module", params=["llama", "gpt2", "gpt_neox", "gemma2"])
def fitted(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory):
    root = tmp_path_factory.mktemp(request.param)
    return make_engine(make.make_model(root / "model", request.param), make.make_sae(root / "sae"))


def ask(engine: Engine, prompt: Any, steering: Steering, **options: Any) -> NextTokens:
    return engine.next_token(NextTokenOf(1, prompt, steering, **{"k": K, **options}))


def agrees(engine: Engine, found: NextTokens, steered: torch.Tensor, unsteered: torch.Tensor) -> None:
    """Against logits `[d_vocab]` of the reference."""
    p, q = steered.softmax(-1), unsteered.softmax(-1)
    larger = torch.maximum(p, q)
    assert [t.token_id for t in found.tokens] == larger.topk(len(found.tokens)).indices.tolist()
    for token in found.tokens:
        assert token.steered == pytest.approx(float(p[token.token_id]), abs=1e-4)
        assert token.unsteered == pytest.approx(float(q[token.token_id]), abs=1e-4)
        assert token.text == engine.adapter.tokenizer.decode([token.token_id])
    assert found.kl == pytest.approx(float(reference.kl(steered, unsteered)), abs=1e-4, rel=1e-3)


def reference_dose(
    twin: Twin, ids: list[int], edits: Sequence[reference.Edit], *, keeps_norm: bool = False
) -> float:
    """Mean of |edit|/|h| over the steered tokens of the prompt."""
    seen: list[torch.Tensor] = []
    module, _ = twin.sites[0]
    with (
        module.register_forward_hook(
            lambda _m, _a, out: seen.append(out[0] if isinstance(out, tuple) else out)
        ),
        torch.no_grad(),
    ):
        twin.model(torch.tensor([ids]), use_cache=False)
    h = seen[0][0]
    moved = (reference.steered(h, edits, len(ids), keeps_norm=keeps_norm) - h).norm(dim=-1)
    doses = (moved / h.norm(dim=-1))[moved > 0]
    return float(doses.mean()) if len(doses) else 0.0


def test_methods_and_positions_agree_with_the_reference(fitted) -> None:
    twin, n_changed = Twin(fitted), 0
    for method, units in STRENGTHS.items():
        for positions, weight in POSITIONS.values():
            edit = edit_of(3, units["raw"], method=method, positions=positions)
            for prompt in PROMPTS[:2]:
                ids = twin.tokenizer(prompt)["input_ids"]
                found = ask(fitted, prompt, Steering((edit,)))
                own = [twin.edit(edit, weight)]
                unsteered = reference.logits(twin.model, twin.sites, ids, [], len(ids))[-1]
                steered = reference.logits(twin.model, twin.sites, ids, own, len(ids))[-1]
                agrees(fitted, found, steered, unsteered)
                assert found.dose == pytest.approx(reference_dose(twin, ids, own), abs=1e-5)
                n_changed += found.kl > 0.01
    assert n_changed > 20, "the edits have to do something, or nothing is tested"


@pytest.mark.parametrize("keeps_norm", [False, True])
def test_several_edits_schedules_and_kept_norms_agree_with_the_reference(fitted, keeps_norm) -> None:
    twin, prompt = Twin(fitted), PROMPTS[1]
    ids = twin.tokenizer(prompt)["input_ids"]
    unsteered = reference.logits(twin.model, twin.sites, ids, [], len(ids))[-1]
    for schedule, weight in SCHEDULES.values():
        both = [
            (edit_of(3, 4.0), POSITIONS["all"][1]),
            (edit_of(9, 6.0, method="clamp", schedule=schedule), weight),
        ]
        found = ask(fitted, prompt, Steering(tuple(edit for edit, _ in both), preserve_norm=keeps_norm))
        own = [twin.edit(edit, weight) for edit, weight in both]
        steered = reference.logits(twin.model, twin.sites, ids, own, len(ids), keeps_norm=keeps_norm)[-1]
        agrees(fitted, found, steered, unsteered)
        assert found.dose == pytest.approx(reference_dose(twin, ids, own, keeps_norm=keeps_norm), abs=1e-5)


@pytest.mark.parametrize("family", FAMILIES)
def test_every_family_and_point_agrees_with_the_reference(engine_of, family) -> None:
    engine = engine_of(family)
    model, tokenizer = engine.adapter.model, engine.adapter.tokenizer
    v = torch.nn.functional.normalize(torch.randn(32, generator=torch.Generator().manual_seed(2)), dim=0)
    ids = tokenizer(PROMPTS[1])["input_ids"]
    unsteered = reference.logits(model, [], ids, [], len(ids))[-1]
    kinds = ("hook_resid_post", "attn.hook_z", "hook_resid_pre", "hook_mlp_out", "hook_resid_mid")
    for kind in kinds:  # from high to low and back: what is kept must not be taken where it does not hold
        if kind == "hook_resid_mid" and family in PARALLEL:
            continue
        vector = Vector(v.tolist(), hook_name=f"blocks.2.{kind}")
        found = ask(
            engine,
            PROMPTS[1],
            Steering((vector.at(5.0, unit="raw", method="add", positions="all"),)),
        )
        site = site_of(model, family, kind)
        steered = reference.logits(model, [site], ids, [reference.Edit("add", v, 5.0)], len(ids))[-1]
        agrees(engine, found, steered, unsteered)
        assert found.kl > 0.01


def test_layers_are_mixed_and_asked_for_in_any_order(engine) -> None:
    model, tokenizer = engine.adapter.model, engine.adapter.tokenizer
    v = torch.nn.functional.normalize(torch.randn(32, generator=torch.Generator().manual_seed(3)), dim=0)
    for prompt, layers in ((0, (3,)), (0, (1, 2)), (1, (0,)), (0, (2,)), (0, (0, 3)), (0, (3,)), (0, ())):
        ids = tokenizer(PROMPTS[prompt])["input_ids"]
        edits = tuple(
            Vector(v.tolist(), hook_name=f"blocks.{layer}.hook_resid_post").at(
                4.0, unit="raw", method="add", positions="all"
            )
            for layer in layers
        )
        found = ask(engine, PROMPTS[prompt], Steering(edits))
        sites = [(model.model.layers[layer], "output") for layer in layers]
        own = [reference.Edit("add", v, 4.0, site=site) for site in range(len(sites))]
        unsteered = reference.logits(model, [], ids, [], len(ids))[-1]
        agrees(engine, found, reference.logits(model, sites, ids, own, len(ids))[-1], unsteered)


def test_the_same_question_has_the_same_answer_to_the_bit(engine) -> None:
    questions = [(prompt, Steering((edit_of(3, s),))) for prompt in PROMPTS for s in (2.0, 7.0)]
    first = [ask(engine, *question) for question in questions]
    assert [ask(engine, *question) for question in reversed(questions)] == first[::-1]


def test_no_steering_changes_nothing_at_all(engine) -> None:
    for steering in (
        Steering(),
        Steering((edit_of(3, 0.0),)),
        Steering((edit_of(3, 5.0, positions=[200]),)),
    ):
        found = ask(engine, PROMPTS[0], steering)
        assert (found.kl, found.dose) == (0.0, 0.0)
        assert all(token.steered == token.unsteered for token in found.tokens)


def test_it_is_where_a_greedy_run_begins(engine) -> None:
    steering = Steering((edit_of(3, 6.0, positions="generated"),))
    found = ask(engine, PROMPTS[0], steering)
    ran = run(engine, Grid(PROMPTS[:1], (Steering(), steering), 1, Generation(max_new_tokens=1)))
    assert max(found.tokens, key=lambda t: t.unsteered).token_id == ran.tokens[0][0]
    assert max(found.tokens, key=lambda t: t.steered).token_id == ran.tokens[1][0]
    assert ran.ends[1].measures.dose == pytest.approx(found.dose, abs=1e-6)


def test_chats_are_read_by_their_template_and_units_by_their_maximum(engine) -> None:
    chat = ask(
        engine, (Message("user", "Hello sea"),), Steering((edit_of(3, 2.0, "max_act"),)), max_act={"/3": 3.0}
    )
    as_text = ask(engine, "<|user|>Hello sea<|end|><|assistant|>", Steering((edit_of(3, 6.0),)))
    asked = ask(engine, "Hello sea", Steering((edit_of(3, 6.0),)), chat=True)
    assert chat == as_text == asked
    assert ask(engine, "Hello sea", Steering((edit_of(3, 6.0),))) != asked


@contextmanager
def blocks_run(engine: Engine) -> Iterator[list[int]]:
    """Numbers of the decoder blocks that run inside, in order."""
    ran: list[int] = []
    with ExitStack() as hooks:
        for n, block in enumerate(engine.adapter.model.model.layers):
            hooks.enter_context(block.mlp.register_forward_hook(lambda *_, n=n: ran.append(n)))
        yield ran


def blocks_of(engine: Engine, prompt: str, steering: Steering) -> list[int]:
    """Numbers of the decoder blocks that a question runs."""
    with blocks_run(engine) as ran:
        ask(engine, prompt, steering)
    return ran


def test_a_dial_on_the_same_prompt_runs_the_blocks_above_it_alone(engine) -> None:
    ask(engine, PROMPTS[1], Steering())
    first = blocks_of(engine, PROMPTS[0], Steering((edit_of(3, 2.0),)))
    assert first == [0, 1, 2, 3, 3], "below once, above once for each of both"
    assert blocks_of(engine, PROMPTS[0], Steering((edit_of(3, 3.0),))) == [3]
    assert blocks_of(engine, PROMPTS[0], Steering()) == []


def test_no_more_than_one_prompt_of_bounded_size_is_kept_and_none_during_a_run(engine, monkeypatch) -> None:
    steering, anew = Steering((edit_of(3, 2.0),)), [0, 1, 2, 3, 3]
    wanted = ask(engine, PROMPTS[0], steering)
    assert blocks_of(engine, PROMPTS[0], steering) == [3]
    run(engine, Grid(PROMPTS[:1], (Steering(),), 1, Generation(max_new_tokens=1), measures=()))
    assert blocks_of(engine, PROMPTS[0], steering) == anew
    assert blocks_of(engine, PROMPTS[1], steering) == anew
    assert blocks_of(engine, PROMPTS[0], steering) == anew
    monkeypatch.setattr(next_token, "_MAX_KEPT_BYTES", 1000)
    assert blocks_of(engine, PROMPTS[1], steering) == anew
    assert blocks_of(engine, PROMPTS[1], steering) == anew
    assert ask(engine, PROMPTS[0], steering) == wanted


def test_what_cannot_be_is_refused(engine) -> None:
    with pytest.raises(InvalidInput) as caught:
        ask(
            engine, PROMPTS[0], Steering((Feature(3).at(1.0, unit="max_act", method="add", positions="all"),))
        )
    assert caught.value.field == "unit"
    with pytest.raises(InvalidInput):
        ask(engine, " sea" * 300, Steering())
    with pytest.raises(Diverged, match="Lower the strength"):
        ask(engine, PROMPTS[0], Steering((edit_of(3, 3e38),) * 20))
    with pytest.raises(Diverged, match="Lower the strength"):  # finite logits, but |edit| is not
        ask(engine, PROMPTS[0], Steering((edit_of(3, 1e25),)))
    assert ask(engine, PROMPTS[0], Steering()).kl == 0.0
