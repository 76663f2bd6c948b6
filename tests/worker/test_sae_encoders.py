"""Activations and directions of every architecture agree with sae-lens' own, whatever is asked for."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from sae_lens import SAE
from safetensors.torch import load_file, save_file

from steer_widget import embedded
from steer_widget.errors import SaeMismatch, UnknownFeature
from steer_widget.saes import from_sae_lens, load_sae, sae
from steer_widget.saes.encoders import _base, _columns
from steer_widget.saes.sae import Sae
from tests.tiny import saes

CLOSE = {"atol": 1e-5, "rtol": 1e-5}
FEATURES = torch.tensor([3, 0, 39, 3, 17])


@torch.no_grad()
def agree(ours: Sae, theirs: SAE[Any], h: torch.Tensor) -> None:
    """Everything that can be asked of an SAE, against sae-lens: h `[n, seq, d_in]`."""
    expected = theirs.encode(h)
    torch.testing.assert_close(ours.encode(h), expected, **CLOSE)
    torch.testing.assert_close(ours.activations(h, FEATURES), expected[..., FEATURES], **CLOSE)
    paired = FEATURES[: len(h)]
    torch.testing.assert_close(
        ours.paired_activations(h, paired),
        torch.stack([row[:, index] for row, index in zip(expected, paired, strict=True)]),
        **CLOSE,
    )
    # what one feature adds to the reconstruction; decode needs the norms that encode has noted
    reconstruction = theirs.decode(theirs.encode(h))
    theirs.encode(h)
    without = theirs.decode(torch.zeros_like(expected))
    scale = ours.decoder_scale(h)
    directions = torch.stack([row.float() for row in ours.decoder])
    contributions = expected @ directions * (1 if scale is None else scale)
    torch.testing.assert_close(contributions, reconstruction - without, atol=1e-4, rtol=1e-4)
    assert torch.equal(ours.direction(5), directions[5])
    assert (expected > 0).any(), "an SAE that never fires shows nothing"


@pytest.mark.parametrize("applies_b_dec", [True, False])
@pytest.mark.parametrize("normalisation", saes.NORMALISATIONS)
@pytest.mark.parametrize("kind", saes.KINDS)
def test_a_folder_computes_what_sae_lens_computes(kind, normalisation, applies_b_dec, tmp_path) -> None:
    built = saes.build(kind, normalize_activations=normalisation, apply_b_dec_to_input=applies_b_dec)
    folder = saes.save(built, tmp_path)
    agree(load_sae(str(folder)), SAE.load_from_disk(folder), saes.activations(4, 6))
    agree(from_sae_lens(built, "mine"), built, saes.activations(3, 1, seed=1))


def test_the_embedded_sae_computes_what_sae_lens_computes() -> None:
    folder = embedded.sae_folder()
    generator = torch.Generator().manual_seed(0)
    theirs = SAE.load_from_disk(folder)
    h = torch.randn(4, 6, theirs.cfg.d_in, generator=generator) * 3 + theirs.b_dec.detach()
    agree(load_sae(str(folder)), theirs, h)


@pytest.mark.parametrize(
    ("architecture", "options"),
    [
        ("standard", {}),
        ("gated", {}),
        ("jumprelu", {"jumprelu_init_threshold": 0.3}),
        ("topk", {"k": 7}),
        ("topk", {"k": 7, "rescale_acts_by_decoder_norm": False}),
        ("abstopk", {"k": 7}),
        ("batchtopk", {"k": 7.0}),
        ("matryoshka_batchtopk", {"k": 7.0, "matryoshka_widths": [10, 20, saes.D_SAE]}),
    ],
)
def test_what_training_leaves_computes_what_sae_lens_computes(architecture, options, tmp_path) -> None:
    trained = saes.build_training(architecture, **options)
    if hasattr(trained, "topk_threshold"):
        trained.topk_threshold.fill_(0.4)
    trained.save_inference_model(tmp_path / "inference")
    theirs = SAE.load_from_disk(tmp_path / "inference")
    h = saes.activations(4, 6)
    agree(load_sae(str(tmp_path / "inference")), theirs, h)
    agree(from_sae_lens(trained, "still training"), theirs, h)
    trained.save_model(tmp_path / "checkpoint")
    if "batchtopk" in architecture:
        with pytest.raises(SaeMismatch, match="save_inference_model"):
            load_sae(str(tmp_path / "checkpoint"))
    else:
        agree(load_sae(str(tmp_path / "checkpoint")), SAE.load_from_disk(tmp_path / "checkpoint"), h)


@pytest.mark.parametrize("kind", ["standard", "gated", "jumprelu", "topk", "topk rescaled"])
@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_half_precision_weights_stay_so_in_memory_and_compute_in_float32(kind, dtype, tmp_path) -> None:
    folder = saes.save(saes.build(kind).to(dtype=dtype), tmp_path)
    ours, theirs = load_sae(str(folder)), SAE.load_from_disk(folder, dtype="float32")
    if "rescaled" not in kind:
        assert ours.decoder.dtype is dtype
    h = saes.activations(4, 6).to(dtype)
    assert ours.encode(h).dtype is torch.float32
    agree(ours, theirs, h.float())
    torch.testing.assert_close(ours.encode(h), theirs.encode(h.float()), **CLOSE)


@pytest.mark.parametrize("kind", saes.KINDS)
def test_parts_computed_one_after_another_are_the_whole(kind, monkeypatch) -> None:
    built = saes.build(kind).to(dtype=torch.float16)
    h = saes.activations(5, 7)
    features = torch.tensor([1, 5, 39, 0, 5])
    whole = from_sae_lens(built, "whole")
    for module in (_base, sae):
        monkeypatch.setattr(module, "CHUNK_NUMBERS", 3 * saes.D_SAE)
    parts = from_sae_lens(built, "in parts")
    torch.testing.assert_close(parts.encode(h), whole.encode(h), **CLOSE)
    torch.testing.assert_close(parts.activations(h, features), whole.activations(h, features), **CLOSE)
    torch.testing.assert_close(
        parts.paired_activations(h, features), whole.paired_activations(h, features), **CLOSE
    )
    assert whole.encode(h[:0]).shape == (0, 7, saes.D_SAE)
    assert whole.activations(h, features[:0]).shape == (5, 7, 0)


@pytest.mark.parametrize("most_kept", [4096, 3, 1])
def test_other_features_each_time_are_never_mixed_up(most_kept, monkeypatch) -> None:
    monkeypatch.setattr(_columns, "_MOST_KEPT", most_kept)
    built = saes.build("jumprelu")
    ours = from_sae_lens(built, "mine")
    h = saes.activations(2, 3)
    expected = built.encode(h).detach()
    for wanted in ([1, 2], [2, 1], [2, 1], [1], [5, 5, 1], [6, 7, 8, 9, 1], [2, 1], list(range(saes.D_SAE))):
        torch.testing.assert_close(ours.activations(h, torch.tensor(wanted)), expected[..., wanted], **CLOSE)


@pytest.mark.parametrize("index", [-1, saes.D_SAE])
def test_a_feature_outside_the_sae_has_no_activation(index) -> None:
    ours = from_sae_lens(saes.build(), "mine")
    with pytest.raises(UnknownFeature, match=f"0 to {saes.D_SAE - 1}"):
        ours.activations(saes.activations(1, 2), torch.tensor([1, index]))


@pytest.mark.parametrize("kind", saes.KINDS)
def test_everything_moves_to_another_device(kind) -> None:
    # the meta device holds no numbers: what stayed behind could not be multiplied with what moved
    moved = from_sae_lens(saes.build(kind, normalize_activations="layer_norm"), "mine").to("meta")
    h = saes.activations(3, 2).to("meta")
    assert moved.decoder.device.type == "meta"
    assert moved.decoder_scale(h).device.type == "meta"
    if kind.startswith("matching_pursuit"):
        return  # it asks whether it is done, which the meta device cannot say
    for answer in (
        moved.encode(h),
        moved.activations(h, torch.tensor([1, 2])),
        moved.paired_activations(h, torch.tensor([1, 2, 1])),
    ):
        assert answer.device.type == "meta"


@pytest.mark.parametrize("missing", ["W_enc", "b_enc", "threshold", "b_dec"])
def test_an_sae_without_its_encoder_can_be_added_but_not_read(missing, tmp_path) -> None:
    folder = saes.save(saes.build("jumprelu"), tmp_path)
    weights = load_file(folder / "sae_weights.safetensors")
    del weights[missing]
    save_file(weights, folder / "sae_weights.safetensors")
    ours = load_sae(str(folder))
    assert not ours.has_encoder
    assert torch.equal(ours.direction(5), weights["W_dec"][5])
    h = saes.activations(1, 2)
    for ask in (ours.encode, lambda h: ours.activations(h, FEATURES)):
        with pytest.raises(SaeMismatch, match=missing):
            ask(h)
    with pytest.raises(SaeMismatch, match=missing):
        ours.paired_activations(h, FEATURES[:1])


@pytest.mark.parametrize(("normalisation", "factor"), [("none", 1.0), ("constant_scalar_rescale", 0.25)])
def test_a_temporal_sae_can_be_added_but_not_read(normalisation, factor) -> None:
    built = saes.build(
        "temporal", d_sae=128, n_heads=2, bottleneck_factor=8, kval_topk=5,
        normalize_activations=normalisation, activation_normalization_factor=factor,
    )  # fmt: skip
    ours = from_sae_lens(built, "temporal")
    with pytest.raises(SaeMismatch, match="whole text before"):
        ours.encode(saes.activations(1, 2))
    codes = torch.rand(3, 128)
    with torch.no_grad():
        decoded = built.decode(codes) - built.decode(torch.zeros_like(codes))
    torch.testing.assert_close(codes @ ours.decoder, decoded, atol=1e-4, rtol=1e-4)
