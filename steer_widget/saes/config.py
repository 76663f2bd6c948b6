"""An SAE's configuration as steering reads it, from what sae-lens keeps in `cfg.json`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..errors import SaeMismatch
from . import encoders
from .normalisation import KINDS, Normalisation
from .older import modernise

_TRANSCODERS = ("transcoder", "skip_transcoder", "jumprelu_transcoder", "jumprelu_skip_transcoder")
_TRAINED_ONLY = ("batchtopk", "matryoshka_batchtopk")
_WITHOUT_ENCODER = {
    "temporal": "it encodes a token by attention over the whole text before it, so no activation belongs to "
    "one token alone",
}
_FOLDED_AT_SAVE = ("expected_average_only_in", "covariance_whitening")
_RESIDUAL_STREAM = (
    "hook_embed", "hook_pos_embed", "hook_resid_pre", "hook_resid_mid", "hook_resid_post", "hook_attn_out",
    "hook_mlp_out", "hook_attn_in", "hook_mlp_in",
)  # fmt: skip


@dataclass(frozen=True)
class SaeConfig:
    """What the configuration says, checked.

    Attributes:
        architecture: as sae-lens names it.
        hook_name: tensor of the model that it reads, in TransformerLens' words.
        hf_hook_name: the same in the words of the Hugging Face model; empty where it has none.
        neuronpedia_id: empty where it has none.
        normalisation: what is done to an activation before it is encoded.
        applies_b_dec_to_input: whether the decoder's bias is taken off it too.
        rescales_by_decoder_norm: whether activations are measured in lengths of decoder rows (topk).
        no_encoder_reason: why it can be steered with but not read; empty for nearly all.
        options: all of it, for what one architecture alone needs, such as `k`.
    """

    architecture: str
    hook_name: str
    hf_hook_name: str
    neuronpedia_id: str
    normalisation: Normalisation
    applies_b_dec_to_input: bool
    rescales_by_decoder_norm: bool
    no_encoder_reason: str
    options: Mapping[str, Any]


def read_config(config: Mapping[str, Any], activation_scale: float | None = None) -> SaeConfig:
    """Reads what sae-lens wrote, of this version or an older one.

    Args:
        config: `cfg.json`, or the `cfg.to_dict()` of an SAE.
        activation_scale: what a training checkpoint multiplies activations by, where that is known.

    Raises:
        SaeMismatch: a kind that cannot be steered with, or no hook name.
    """
    config = modernise(config)
    stated = config.get("metadata") or {}
    metadata = {**config, **{key: value for key, value in stated.items() if value is not None}}
    architecture = str(config.get("architecture", "standard"))
    check_architecture(architecture)
    hook_name, hook_name_out = metadata.get("hook_name"), metadata.get("hook_name_out")
    if not hook_name:
        raise SaeMismatch(
            "sae", "hook_name missing in its configuration", "a hook name such as blocks.15.hook_resid_post"
        )
    if hook_name_out and hook_name_out != hook_name:
        raise _transcoder(f"hook_name_out={hook_name_out}")
    return SaeConfig(
        architecture=architecture,
        hook_name=str(hook_name),
        hf_hook_name=str(metadata.get("hf_hook_name") or ""),
        neuronpedia_id=str(metadata.get("neuronpedia_id") or ""),
        normalisation=_normalisation(config, metadata, activation_scale),
        applies_b_dec_to_input=bool(config.get("apply_b_dec_to_input", True)),
        rescales_by_decoder_norm=architecture in {"topk", "abstopk"}
        and bool(config.get("rescale_acts_by_decoder_norm")),
        no_encoder_reason=_WITHOUT_ENCODER.get(architecture, ""),
        options=config,
    )


def check_architecture(architecture: str) -> None:
    """Says why an SAE of this architecture cannot be steered with, if so.

    Raises:
        SaeMismatch: with the reason.
    """
    if architecture in _TRANSCODERS:
        raise _transcoder(architecture)
    known = sorted({*encoders.names(), *_WITHOUT_ENCODER})
    if architecture in _TRAINED_ONLY:
        raise SaeMismatch(
            "sae", architecture, ", ".join(known),
            hint="It is a training checkpoint; sae.save_inference_model(folder) writes the SAE it stands for.",
        )  # fmt: skip
    if architecture not in known:
        raise SaeMismatch("sae", f"architecture={architecture}", ", ".join(known))


def _transcoder(what: str) -> SaeMismatch:
    return SaeMismatch("sae", what, "an SAE: a transcoder writes to another place than the one it reads")


def _normalisation(
    config: Mapping[str, Any], metadata: Mapping[str, Any], activation_scale: float | None
) -> Normalisation:
    kind = config.get("normalize_activations") or "none"
    loaded_with = metadata.get("model_from_pretrained_kwargs") or {}
    is_centred = bool(loaded_with.get("center_writing_weights")) and str(metadata["hook_name"]).endswith(
        _RESIDUAL_STREAM
    )
    for known in KINDS:
        if kind == known:
            return Normalisation(known, is_centred)
    if kind == "expected_average_only_in" and activation_scale is not None:
        return Normalisation("none", is_centred, activation_scale)
    if kind == "constant_scalar_rescale":
        return Normalisation("none", is_centred, float(config.get("activation_normalization_factor", 1.0)))
    hint = "It is not in the units of the model's activations."
    if kind in _FOLDED_AT_SAVE:
        hint += (
            " sae-lens folds this into the weights when training ends, so the folder is a checkpoint from "
            "before that, or of an old release whose factor stands in sae-lens' own list: load it by "
            "release/sae_id, or fold it (sae.fold_activation_norm_scaling_factor) and save it again."
        )
    raise SaeMismatch("sae", f"normalize_activations={kind}", ", ".join(KINDS), hint=hint)
