"""An SAE put together from its configuration and its tensors, wherever they come from."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import torch

from ..errors import LoadError, SaeMismatch
from . import encoders
from .config import SaeConfig, read_config
from .sae import Sae
from .weights import Weights

if TYPE_CHECKING:
    from torch import Tensor

    from .encoders._base import Encoder

TENSORS = (
    "W_dec", "W_enc", "b_dec", "b_enc", "threshold", "b_gate", "r_mag", "b_mag",
    "scaling_factor", "finetuning_scaling_factor",
)  # fmt: skip
"""What is read of the weights, by sae-lens' names."""

_SCALINGS = ("scaling_factor", "finetuning_scaling_factor")


def make_sae(
    name: str,
    config: Mapping[str, Any],
    tensors: Mapping[str, Tensor],
    *,
    activation_scale: float | None = None,
) -> Sae:
    """An SAE from what sae-lens keeps of it.

    Args:
        name: folder or release it came from.
        config: `cfg.json`, or the `cfg.to_dict()` of an SAE.
        tensors: by sae-lens' names, on any device; without an encoder's it can still be added.
        activation_scale: what a training checkpoint multiplies activations by, where that is known.

    Raises:
        SaeMismatch: a kind that cannot be steered with.
        LoadError: tensors are missing, or do not fit each other.
    """
    read = read_config(config, activation_scale)
    _check_shapes(name, tensors)
    _check_scalings(tensors)
    decoder = tensors["W_dec"]
    if read.normalisation.factor != 1.0:
        decoder = decoder.float() / read.normalisation.factor
    if read.rescales_by_decoder_norm:
        norms = torch.linalg.vector_norm(tensors["W_dec"], dim=-1, dtype=torch.float32)
        decoder = decoder.float() / norms[:, None]
        tensors = {**tensors, "decoder_norms": norms}
    encoder, reason = _make_encoder(read, tensors)
    return Sae(
        name=name,
        architecture=read.architecture,
        hook_name=read.hook_name,
        decoder=decoder,
        neuronpedia_id=read.neuronpedia_id,
        hf_hook_name=read.hf_hook_name,
        normalisation=read.normalisation,
        encoder=encoder,
        no_encoder_reason=reason,
    )


def _make_encoder(config: SaeConfig, tensors: Mapping[str, Tensor]) -> tuple[Encoder | None, str]:
    if config.no_encoder_reason:
        return None, config.no_encoder_reason
    kind = encoders.get(config.architecture)
    required = (*kind.required, "b_dec") if config.applies_b_dec_to_input else kind.required
    missing = [name for name in required if name not in tensors]
    if missing:
        return None, f"its weights lack {', '.join(missing)}"
    return kind(Weights(tensors), config.options, applies_b_dec=config.applies_b_dec_to_input), ""


def _check_shapes(name: str, tensors: Mapping[str, Tensor]) -> None:
    decoder = tensors.get("W_dec")
    if decoder is None or decoder.ndim != 2:
        raise LoadError(
            f"The SAE {name} has no decoder W_dec of shape [d_sae, d_in]. It is damaged or not in SAELens 6 "
            "format; save it again with sae.save_model(folder)."
        )
    d_sae, d_in = decoder.shape
    fitting = {"W_enc": (d_in, d_sae), "b_dec": (d_in,), "W_dec": (d_sae, d_in)}
    for key, tensor in tensors.items():
        shape = fitting.get(key, (d_sae,))
        if tuple(tensor.shape) != shape or not tensor.is_floating_point():
            raise LoadError(
                f"The SAE {name} is damaged: {key} is {tensor.dtype} of shape {tuple(tensor.shape)}, where its "
                f"decoder asks for numbers of shape {shape}. Save it again with sae.save_model(folder)."
            )


def _check_scalings(tensors: Mapping[str, Tensor]) -> None:
    for key in _SCALINGS:
        if key in tensors and not torch.allclose(tensors[key].float(), torch.ones(())):
            raise SaeMismatch(
                "sae", key, "weights without a scaling of their own",
                hint="Versions of sae-lens before 6 fine-tuned such a factor; multiply it into W_dec and save again.",
            )  # fmt: skip
