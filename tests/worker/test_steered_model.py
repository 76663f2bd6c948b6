"""A model of the user's own under a steering, in other tools: against plain hooks of PyTorch."""

from __future__ import annotations

import warnings
from contextlib import contextmanager

import pytest
import torch
from sae_lens import SAE
from transformers import AutoModelForCausalLM, AutoTokenizer

import steer_widget as sw
from steer_widget.arguments import make_grid
from steer_widget.errors import HookInactive, InvalidInput, SaeMismatch
from tests.tiny import make
from tests.unit.scripted import ScriptedBackend
from tests.worker.conftest import run

F, G = sw.Feature(3), sw.Feature(9)
LAYER = 2  # of tests.tiny.make.HOOK_NAME


@pytest.fixture(scope="module")
def model(tiny_folders):
    return AutoModelForCausalLM.from_pretrained(tiny_folders[0], dtype=torch.float32).eval()


@pytest.fixture(scope="module")
def tokenizer(tiny_folders):
    return AutoTokenizer.from_pretrained(tiny_folders[0], padding_side="left")


@pytest.fixture(scope="module")
def sae(tiny_folders):
    return SAE.load_from_disk(tiny_folders[1])


@pytest.fixture
def steered(model, tokenizer, sae):
    return lambda steering: sw.steered(model, tokenizer, sae, steering)


@pytest.fixture(autouse=True)
def left_as_it_was(model):
    yield
    assert not any(module._forward_hooks or module._forward_pre_hooks for module in model.modules())
    assert "generate" not in vars(model)


@contextmanager
def plainly_hooked(model, change, layer=LAYER):
    """What anybody would write: the output of a block changed by a hook."""

    def hook(_module, _args, output):
        return (change(output[0]), *output[1:]) if isinstance(output, tuple) else change(output)

    handle = model.model.layers[layer].register_forward_hook(hook)
    try:
        yield
    finally:
        handle.remove()


def batch(tokenizer, *texts):
    return tokenizer(
        list(texts or ("The sea", "She said that the letter had come")), return_tensors="pt", padding=True
    )


def logits(model, inputs):
    with torch.no_grad():
        return model(**inputs).logits


def test_a_forward_pass_is_that_of_a_plain_hook(model, tokenizer, sae, steered) -> None:
    inputs = batch(tokenizer)
    kept = inputs["attention_mask"].bool()
    vectors = 4 * sae.W_dec[3] - 2 * sae.W_dec[9]
    with plainly_hooked(model, lambda h: h + vectors.detach()):
        expected = logits(model, inputs)
    with steered([F.at(4), G.at(-2)]):
        found = logits(model, inputs)
    torch.testing.assert_close(found[kept], expected[kept])
    assert not torch.allclose(found[kept], logits(model, inputs)[kept], atol=1e-2)


def test_methods_that_read_the_activation_do_so_here_too(model, tokenizer, sae, steered) -> None:
    inputs = batch(tokenizer, "The sea")

    def clamp(h):
        act = sae.encode(h)[..., 3:4]
        return h + (5 - act) * sae.W_dec[3]

    with plainly_hooked(model, clamp):
        expected = logits(model, inputs)
    with steered(F.at(5, method="clamp")):
        torch.testing.assert_close(logits(model, inputs), expected)


@pytest.mark.parametrize("use_cache", [True, False])
@pytest.mark.parametrize("options", [{}, {"num_beams": 3}, {"num_return_sequences": 2, "do_sample": True}])
def test_generate_writes_what_a_plain_hook_makes_it_write(
    model, tokenizer, sae, steered, use_cache, options
) -> None:
    inputs = batch(tokenizer)
    options = {"max_new_tokens": 12, "do_sample": False, "use_cache": use_cache, "pad_token_id": 0, **options}
    with plainly_hooked(model, lambda h: h + 5 * sae.W_dec[3].detach()):
        torch.manual_seed(0)
        expected = model.generate(**inputs, **options)
    with steered(F.at(5)):
        torch.manual_seed(0)
        found = model.generate(**inputs, **options)
    torch.manual_seed(0)
    plain = model.generate(**inputs, **options)
    assert torch.equal(found, expected)
    assert not torch.equal(found, plain)


@pytest.mark.parametrize(
    "edit",
    [
        F.at(6, positions="generated"),
        F.at(6, positions="prompt"),
        F.at(6, positions=slice(-2, None)),
        F.at(6, positions=[0, 3, -1]),
        F.at(6, schedule=sw.Schedule(start=2, half_life=3)),
        F.at(6, positions=slice(1, 4), skip_special=True),
        F.at(0.5, unit="norm"),
        F.control(3).at(6),
        G.at(0.3, method="orthogonal"),
    ],
    ids=str,
)
def test_generate_writes_what_a_run_writes(engine, model, tokenizer, steered, edit) -> None:
    prompts = ("The sea", "She said that the letter had come")
    generation = sw.Generation(max_new_tokens=10)
    wanted = run(
        engine, make_grid(list(prompts), [sw.Steering((edit,), preserve_norm=True)], generation=generation)
    )
    inputs = batch(tokenizer, *prompts)
    with steered(sw.Steering((edit,), preserve_norm=True)):
        written = model.generate(**inputs, max_new_tokens=10, do_sample=False, pad_token_id=0)
    for row, tokens in zip(written[:, inputs["input_ids"].shape[1] :].tolist(), wanted.tokens, strict=True):
        assert tuple(row[: len(tokens)]) == tokens


def test_positions_that_count_from_the_prompt_need_generate(model, tokenizer, steered) -> None:
    context = steered(F.at(6, positions="generated"))
    with pytest.raises(InvalidInput, match=r"outside model\.generate"), context:
        logits(model, batch(tokenizer))


def test_positions_from_the_start_hold_in_cached_passes_and_behind_padding(
    model, tokenizer, sae, steered
) -> None:
    inputs = batch(tokenizer)
    ids, mask = inputs["input_ids"], inputs["attention_mask"]
    place, cut = mask.cumsum(-1) - 1, 6
    chosen = ((place >= 1) & (place < 5) & mask.bool())[..., None]
    with plainly_hooked(model, lambda h: h + chosen * 6 * sae.W_dec[3].detach()):
        expected = logits(model, {**inputs, "position_ids": place.clamp_min(0)})
    with steered(F.at(6, positions=slice(1, 5))), torch.no_grad():
        places = place.clamp_min(0).split([cut, ids.shape[1] - cut], dim=1)
        first = model(ids[:, :cut], attention_mask=mask[:, :cut], position_ids=places[0], use_cache=True)
        cache = first.past_key_values
        rest = model(ids[:, cut:], attention_mask=mask, position_ids=places[1], past_key_values=cache)
    torch.testing.assert_close(rest.logits, expected[:, cut:])


def test_contexts_nest_and_end_in_their_order(model, tokenizer, steered) -> None:
    inputs = batch(tokenizer)
    options = {"max_new_tokens": 8, "do_sample": False, "pad_token_id": 0}
    with steered([F.at(3), G.at(4, positions="generated")]):
        expected = model.generate(**inputs, **options)
    with steered(G.at(4, positions="generated")):
        with steered(F.at(3)):
            assert torch.equal(model.generate(**inputs, **options), expected)
        inner = model.generate(**inputs, **options)
        with steered(F.at(1, positions="generated")):
            model.generate(**inputs, **options)
        assert torch.equal(model.generate(**inputs, **options), inner)
    assert not torch.equal(inner, expected)


def test_what_a_steering_is_measured_by_is_the_model_without_the_outer_one(model, tokenizer, steered) -> None:
    inputs = batch(tokenizer, "The sea")
    with steered(G.at(50)), steered(F.at(0.5, unit="norm")):
        found = logits(model, inputs)
    with steered([G.at(50), F.at(0.5, unit="norm")]):
        torch.testing.assert_close(found, logits(model, inputs))


def test_hooks_come_off_after_an_error_and_a_broken_pass_spoils_nothing(
    model, tokenizer, sae, steered
) -> None:
    inputs = batch(tokenizer)
    with pytest.raises(ZeroDivisionError), steered(F.at(4)):
        raise ZeroDivisionError

    def fail(*_args):
        raise MemoryError

    with steered(F.at(4)):
        handle = model.model.layers[1].register_forward_hook(fail)
        with pytest.raises(MemoryError):
            logits(model, inputs)
        handle.remove()
        found = logits(model, batch(tokenizer, "The sea"))
    with plainly_hooked(model, lambda h: h + 4 * sae.W_dec[3].detach()):
        torch.testing.assert_close(found, logits(model, batch(tokenizer, "The sea")))


def test_what_did_not_act_is_said(model, tokenizer, steered) -> None:
    with pytest.warns(UserWarning, match="no forward pass in this block"), steered(F.at(4)):
        pass
    with (
        pytest.warns(UserWarning, match="No token was steered in 1 forward passes"),
        steered(F.at(4, positions=[200])),
    ):
        logits(model, batch(tokenizer))
    layers, context = model.model.layers, steered(F.at(4))
    model.model.layers = torch.nn.ModuleList([layers[0], layers[1], layers[1], layers[3]])
    try:
        with pytest.raises(HookInactive, match="did not act"), context:
            model(**batch(tokenizer), use_cache=False)  # a layer that is there twice has one place in a cache
    finally:
        model.model.layers = layers
    with warnings.catch_warnings(), steered(F.at(0)):
        warnings.simplefilter("error")
        logits(model, batch(tokenizer))  # strength 0 steers nothing, as was asked for


@pytest.mark.parametrize("mode", [torch.no_grad, torch.inference_mode, torch.enable_grad])
def test_any_mode_of_autograd_after_any_other(model, tokenizer, sae, steered, mode) -> None:
    inputs = batch(tokenizer, "The sea")
    with plainly_hooked(model, lambda h: h + 4 * sae.W_dec[3].detach()):
        expected = logits(model, inputs)
    with steered(F.at(4)):
        for other in (torch.inference_mode, torch.enable_grad):
            with other():
                model(**inputs)
        with mode():
            found = model(**inputs).logits
        if mode is torch.enable_grad:
            found.sum().backward()
            assert model.model.embed_tokens.weight.grad is not None
            model.zero_grad()
    torch.testing.assert_close(found.detach().clone(), expected)


def test_in_bfloat16_the_stream_keeps_its_format(tiny_folders, tokenizer, sae) -> None:
    model = AutoModelForCausalLM.from_pretrained(tiny_folders[0], dtype=torch.bfloat16).eval()
    inputs = batch(tokenizer)
    with plainly_hooked(model, lambda h: h + (4 * sae.W_dec[3].detach()).bfloat16()):
        expected = logits(model, inputs)
    with sw.steered(model, tokenizer, sae, F.at(4)):
        found = logits(model, inputs)
    assert found.dtype is torch.bfloat16
    kept = inputs["attention_mask"].bool()
    assert torch.equal(found[kept], expected[kept])


def test_a_steerer_lends_its_features(tiny_folders, model, tokenizer, sae) -> None:
    inputs = batch(tokenizer)
    with sw.from_model(model, tokenizer, sae, history=False) as steerer:
        steerer.ready()
        context = steerer.steered(model, steerer.feature(3).at(4))
    with context:
        from_memory = logits(model, inputs)
    # No worker is asked: the SAE is read here.
    with sw.load(*tiny_folders, backend=ScriptedBackend(), history=False) as elsewhere:
        context = elsewhere.steered(model, elsewhere.feature(3).at(4))
    with context:
        assert torch.equal(logits(model, inputs), from_memory)
    with sw.steered(model, tokenizer, tiny_folders[1], F.at(4)):
        assert torch.equal(logits(model, inputs), from_memory)


def test_bad_input_is_refused_before_anything(tmp_path, model, tokenizer, sae, steered) -> None:
    with pytest.raises(InvalidInput, match="a Hugging Face causal model"):
        sw.steered("gpt2", tokenizer, sae, F.at(1))
    with pytest.raises(InvalidInput, match="feature: got 64"):
        steered(sw.Feature(64).at(1))
    with pytest.raises(SaeMismatch, match="d_in"):
        sw.steered(model, tokenizer, make.make_sae(tmp_path / "sae", d_in=16), F.at(1))
    with pytest.raises(InvalidInput, match="attention_mask"), steered(F.at(1)):
        model(**{**batch(tokenizer), "attention_mask": torch.ones(2, 1, 4, 4)})
