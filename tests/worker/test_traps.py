"""Traps of public steering code, one test each. Numbers as in the list that the project keeps of them.

1 test_steering: test_order_and_number_of_edits_act_once; 3 and 15 test_families (post-norms, tuples, wrappers, caches);
4 and 5 test_position_rule and the positions of test_steering; 7 and 8 test_steering (half precision, strength 0);
9 test_prefill; 11 test_generation (random numbers); 12 below and tests/unit (values); 14 test_measures_of_runs.
The others are here.
"""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from steer_widget.spec import Feature, Generation, Grid, Steering, Vector
from steer_widget.worker.probe import measure_and_check
from tests.tiny import make
from tests.worker.conftest import make_engine, point_of, run
from tests.worker.test_steering import PROMPTS, edit_of

STEERED = Steering((edit_of(3, 6.0),))
SHORT = Generation(max_new_tokens=4)


def test_2_before_a_block_is_behind_the_one_below(tmp_path: Path) -> None:
    model = make.make_model(tmp_path / "model")
    tokens = {}
    for hook_name in ("blocks.2.hook_resid_pre", "blocks.1.hook_resid_post", "blocks.0.hook_resid_pre"):
        engine = make_engine(model, make.make_sae(tmp_path / hook_name, hook_name=hook_name))
        tokens[hook_name] = run(engine, Grid(PROMPTS, (STEERED,), 1, SHORT)).tokens
    assert tokens["blocks.2.hook_resid_pre"] == tokens["blocks.1.hook_resid_post"]
    assert tokens["blocks.0.hook_resid_pre"] != tokens["blocks.1.hook_resid_post"]


def test_2_at_the_bottom_the_embeddings_are_steered(tmp_path: Path) -> None:
    sae = make.make_sae(tmp_path / "sae", hook_name="blocks.0.hook_resid_pre")
    engine = make_engine(make.make_model(tmp_path / "model"), sae)
    direction = next(iter(engine.saes.values())).direction(3)
    grid = Grid(
        PROMPTS[:1],
        (Steering((edit_of(3, 2.0),)),),
        1,
        Generation(max_new_tokens=1),
        measures=("alternatives",),
    )
    best = run(engine, grid).events[-2].tokens.alternatives[0][0]
    ids = torch.tensor([engine.adapter.tokenizer(PROMPTS[0])["input_ids"]])
    with torch.no_grad():
        embedded = engine.adapter.model.get_input_embeddings()(ids) + 2.0 * direction
        logits = engine.adapter.model(inputs_embeds=embedded).logits[0, -1]
    assert best.token_id == int(logits.argmax())
    assert best.steered == pytest.approx(float(logits.softmax(-1).max()), abs=1e-5)


def test_6_padding_is_neither_steered_nor_counted(engine) -> None:
    together = run(engine, Grid(PROMPTS, (STEERED,), 1, SHORT))
    for prompt, text in enumerate(PROMPTS):
        alone = run(engine, Grid((text,), (STEERED,), 1, SHORT))
        assert together.tokens[prompt] == alone.tokens[0]
        wanted = alone.ends[0].measures.dose
        assert together.ends[prompt].measures.dose == pytest.approx(wanted, rel=1e-5)


@pytest.mark.parametrize(
    "error", [KeyboardInterrupt, RuntimeError, None], ids=["interrupt", "error", "cancel"]
)
def test_10_hooks_come_off_however_a_run_ends(engine, monkeypatch, error) -> None:
    n_passes: list[int] = []
    forward = type(engine.adapter)._forward

    def third_fails(self, *args, **kwargs):
        n_passes.append(1)
        if error is not None and len(n_passes) == 3:
            raise error
        return forward(self, *args, **kwargs)

    def hooks() -> list[tuple[int, int, bool]]:
        return [
            (len(module._forward_hooks), len(module._forward_pre_hooks), "forward" in module.__dict__)
            for module in engine.adapter.model.modules()
        ]

    hooks_before = hooks()  # another test may have made transformers put hooks of its own there
    grid = Grid(PROMPTS, (Steering(), STEERED), 1, Generation(max_new_tokens=6), measures=())
    with monkeypatch.context() as patch:
        patch.setattr(type(engine.adapter), "_forward", third_fails)
        if error is KeyboardInterrupt:
            with pytest.raises(KeyboardInterrupt):
                run(engine, grid)
        else:
            run(engine, grid, is_cancelled=lambda _: error is None and len(n_passes) == 3)
    # Rows of a batch that failed are tried again apart from each other.
    assert len(n_passes) > 3 if error is RuntimeError else len(n_passes) == 3
    assert hooks() == hooks_before


def test_12_a_direction_that_is_nothing_is_refused(engine) -> None:
    from steer_widget.errors import InvalidInput

    for values in ([0.0] * make.D_MODEL, [float("nan")] * make.D_MODEL, [float("inf")] + [0.0] * 31):
        with pytest.raises(InvalidInput, match="values"):
            Vector(values)
    for strength in (float("nan"), float("inf")):
        with pytest.raises(InvalidInput, match="strength"):
            Feature(3).at(strength)


def test_13_sinks_and_the_first_token_do_not_count_as_usual_lengths(engine) -> None:
    point = point_of(engine)
    before = measure_and_check(engine.adapter, point, make.D_MODEL)[1]

    def huge(_module, _args, output):
        h = (output[0] if isinstance(output, tuple) else output).clone()
        h[:, :2] *= 1e4  # the first token and one behind it, as sinks are
        h[:, -1] *= 1e4
        return (h, *output[1:]) if isinstance(output, tuple) else h

    with point.module.register_forward_hook(huge):
        after = measure_and_check(engine.adapter, point, make.D_MODEL)[1]
    assert after == pytest.approx(before, rel=0.05)
