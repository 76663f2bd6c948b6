"""What an SAE does to an activation before it reads it: in every way that sae-lens knows."""

from __future__ import annotations

import json
import warnings

import pytest
import torch
from sae_lens import SAE

from steer_widget.errors import SaeMismatch
from steer_widget.saes import from_sae_lens, load_sae
from tests.tiny import saes

CLOSE = {"atol": 1e-5, "rtol": 1e-5}
CENTRED = {"model_from_pretrained_kwargs": {"center_writing_weights": True}}
advises_to_centre = pytest.mark.filterwarnings(
    r"ignore:\s*This SAE has non-empty model_from_pretrained_kwargs:UserWarning"
)


@advises_to_centre
@pytest.mark.parametrize("normalisation", saes.NORMALISATIONS)
@pytest.mark.parametrize("kind", ["standard", "topk"])
def test_an_sae_of_a_centred_model_is_given_centred_activations(kind, normalisation, tmp_path) -> None:
    folder = saes.save(saes.build(kind, normalize_activations=normalisation, metadata=CENTRED), tmp_path)
    ours, theirs = load_sae(str(folder)), SAE.load_from_disk(folder)
    h = saes.activations(4, 6, mean=3.0)
    centred = h - h.mean(dim=-1, keepdim=True)
    with torch.no_grad():
        expected = theirs.encode(centred)
        reconstruction = theirs.decode(expected)
        theirs.encode(centred)
        without = theirs.decode(torch.zeros_like(expected))
    torch.testing.assert_close(ours.encode(h), expected, **CLOSE)
    torch.testing.assert_close(ours.activations(h, torch.tensor([9, 2])), expected[..., [9, 2]], **CLOSE)
    scale = ours.decoder_scale(h)
    contributions = expected @ ours.decoder * (1 if scale is None else scale)
    torch.testing.assert_close(contributions, reconstruction - without, atol=1e-4, rtol=1e-4)
    assert torch.equal(ours.direction(3), theirs.W_dec[3].detach())
    if normalisation == "none":
        assert not torch.allclose(ours.uncentred().encode(h), expected, atol=1e-2)
        torch.testing.assert_close(ours.uncentred().encode(h), theirs.encode(h).detach(), **CLOSE)


@pytest.fixture(scope="module")
def plain_and_centred() -> tuple[dict[str, torch.Tensor], dict[str, torch.Tensor]]:
    """Every activation of a small LayerNorm model, as it is and with its writing weights centred."""
    from transformer_lens import HookedTransformer, HookedTransformerConfig

    config = HookedTransformerConfig(
        n_layers=2, d_model=24, n_ctx=16, d_head=6, n_heads=4, d_mlp=32, d_vocab=50, act_fn="gelu",
        normalization_type="LN", seed=0, device="cpu",
    )  # fmt: skip
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        plain, centred = HookedTransformer(config), HookedTransformer(config)
    with torch.no_grad():
        for parameter in plain.parameters():
            parameter.normal_(0.1, 0.2, generator=torch.Generator().manual_seed(parameter.numel()))
    centred.load_and_process_state_dict(
        plain.state_dict(), fold_ln=False, center_unembed=False, fold_value_biases=False
    )
    ids = torch.arange(10)[None]
    with torch.no_grad():
        return plain.run_with_cache(ids)[1], centred.run_with_cache(ids)[1]


@advises_to_centre
@pytest.mark.parametrize(
    "hook_name",
    [f"blocks.1.hook_{kind}" for kind in ("resid_pre", "resid_mid", "resid_post", "attn_out", "mlp_out")]
    + ["hook_embed", "blocks.1.attn.hook_z", "blocks.1.mlp.hook_post"],
)
def test_an_sae_reads_from_the_plain_model_what_it_would_read_from_the_centred_one(
    hook_name, plain_and_centred
) -> None:
    plain, centred = (cache[hook_name].flatten(2) for cache in plain_and_centred)
    built = saes.build(d_in=plain.shape[-1], metadata={"hook_name": hook_name, **CENTRED})
    expected = built.encode(centred).detach()
    torch.testing.assert_close(from_sae_lens(built, "mine").encode(plain), expected, atol=1e-4, rtol=1e-4)


def test_other_ways_of_loading_the_model_change_nothing() -> None:
    with pytest.warns(UserWarning, match="model_from_pretrained_kwargs"):
        built = saes.build(metadata={"model_from_pretrained_kwargs": {"center_writing_weights": False}})
    h = saes.activations(2, 3, mean=3.0)
    torch.testing.assert_close(from_sae_lens(built, "mine").encode(h), built.encode(h).detach(), **CLOSE)


@pytest.mark.parametrize("normalisation", saes.NORMALISATIONS)
def test_heads_are_read_flattened(normalisation, tmp_path) -> None:
    built = saes.build(
        reshape_activations="hook_z", normalize_activations=normalisation,
        metadata={"hook_name": "blocks.2.attn.hook_z"},
    )  # fmt: skip
    folder = saes.save(built, tmp_path)
    h = saes.activations(4, 6)
    heads = h.view(4, 6, saes.N_HEADS, saes.D_IN // saes.N_HEADS)
    expected = SAE.load_from_disk(folder).encode(heads).detach()
    torch.testing.assert_close(load_sae(str(folder)).encode(h), expected, **CLOSE)


@pytest.mark.parametrize("normalisation", ["layer_norm", "constant_norm_rescale"])
def test_norms_of_half_precision_activations_do_not_overflow(normalisation) -> None:
    built = saes.build(normalize_activations=normalisation)
    h = (saes.activations(2, 3) * 6000).half()
    assert h.isfinite().all()
    assert not h.norm(dim=-1).isfinite().all(), "this test needs norms past 65,504"
    ours = from_sae_lens(built, "mine")
    torch.testing.assert_close(ours.encode(h), built.encode(h.float()).detach(), **CLOSE)
    expected = (
        h.double().std(-1) if normalisation == "layer_norm" else h.double().norm(dim=-1) / saes.D_IN**0.5
    )
    torch.testing.assert_close(ours.decoder_scale(h)[..., 0], expected.float())


@pytest.mark.parametrize("normalisation", ["layer_norm", "constant_norm_rescale"])
def test_where_the_activation_is_zero_nothing_is_added(normalisation) -> None:
    ours = from_sae_lens(saes.build(normalize_activations=normalisation), "mine")
    h = torch.zeros(1, 2, saes.D_IN)
    assert ours.encode(h).isfinite().all()
    assert ours.decoder_scale(h).abs().max() < 1e-6


def test_a_folded_scale_needs_nothing_more(tmp_path) -> None:
    built = saes.build(normalize_activations="expected_average_only_in")
    h = saes.activations(2, 3)
    expected = built.encode(h * 0.3).detach()
    built.fold_activation_norm_scaling_factor(0.3)
    torch.testing.assert_close(load_sae(str(saes.save(built, tmp_path))).encode(h), expected, **CLOSE)


@pytest.mark.parametrize("kind", saes.KINDS)
def test_a_checkpoint_keeps_its_scale_beside_its_weights(kind, tmp_path) -> None:
    unfolded = saes.build(kind, normalize_activations="expected_average_only_in")
    folder = saes.save(unfolded, tmp_path)
    with pytest.raises(SaeMismatch, match="fold_activation_norm_scaling_factor"):
        load_sae(str(folder))
    (folder / "activation_scaler.json").write_text(json.dumps({"scaling_factor": 0.3}))
    ours = load_sae(str(folder))
    h = saes.activations(2, 3)
    expected = unfolded.encode(h * 0.3).detach()
    torch.testing.assert_close(ours.encode(h), expected, **CLOSE)
    with torch.no_grad():
        contributions = unfolded.decode(expected) - unfolded.decode(torch.zeros_like(expected))
    torch.testing.assert_close(expected @ ours.decoder, contributions / 0.3, atol=1e-4, rtol=1e-4)


def test_whitening_that_is_not_folded_is_refused(tmp_path) -> None:
    folder = saes.save(saes.build(normalize_activations="covariance_whitening"), tmp_path)
    with pytest.raises(SaeMismatch, match="covariance_whitening"):
        load_sae(str(folder))
