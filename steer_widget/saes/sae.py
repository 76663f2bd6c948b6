"""An SAE as steering uses it: its directions in the units of the model's activations."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch

from ..errors import SaeMismatch, UnknownFeature

if TYPE_CHECKING:
    from collections.abc import Mapping

    from torch import Tensor

_TRANSCODERS = ("transcoder", "skip_transcoder", "jumprelu_transcoder", "jumprelu_skip_transcoder")
_STEERABLE_NORMALISATIONS = ("none", None)


@dataclass(frozen=True)
class Sae:
    """A loaded SAE.

    Attributes:
        name: folder or release it came from.
        architecture: as sae-lens names it.
        hook_name: tensor of the model that it reads, such as ``blocks.15.hook_resid_post``.
        decoder: one direction per feature, `[d_sae, d_in]`, in activation units.
        neuronpedia_id: empty where it has none.
    """

    name: str
    architecture: str
    hook_name: str
    decoder: Tensor
    neuronpedia_id: str = ""

    @property
    def d_sae(self) -> int:
        """Number of features."""
        return self.decoder.shape[0]

    @property
    def d_in(self) -> int:
        """Width at the hook point."""
        return self.decoder.shape[1]

    def direction(self, index: int) -> Tensor:
        """What strength 1 adds: `[d_in]`, float32.

        Raises:
            UnknownFeature: index outside the SAE.
            SaeMismatch: the direction is zero or not finite, so it cannot steer.
        """
        if not 0 <= index < self.d_sae:
            raise UnknownFeature("feature", index, f"0 to {self.d_sae - 1}, the features of {self.name}")
        direction = self.decoder[index].float()
        norm = float(torch.linalg.vector_norm(direction))
        if not 0 < norm < float("inf"):
            raise SaeMismatch("feature", index, f"a feature whose direction is not zero (its norm is {norm})")
        return direction


def make_sae(name: str, config: Mapping[str, Any], decoder: Tensor) -> Sae:
    """An SAE from sae-lens' configuration and its decoder matrix `[d_sae, d_in]`.

    Raises:
        SaeMismatch: a kind whose decoder rows are no directions in activation units.
    """
    metadata = {**config, **(config.get("metadata") or {})}
    architecture = str(config.get("architecture", "standard"))
    if architecture in _TRANSCODERS:
        raise SaeMismatch(
            "sae", architecture, "an SAE: a transcoder writes to another place than the one it reads"
        )
    normalisation = config.get("normalize_activations", "none")
    if normalisation not in _STEERABLE_NORMALISATIONS:
        raise SaeMismatch(
            "sae", f"normalize_activations={normalisation}", "none",
            hint="Its decoder is not in the units of the model's activations; fold the normalisation into the "
            "weights with sae-lens and save it again.",
        )  # fmt: skip
    hook_name = metadata.get("hook_name")
    if not hook_name:
        raise SaeMismatch(
            "sae", "hook_name missing in its configuration", "a hook name such as blocks.15.hook_resid_post"
        )
    if config.get("rescale_acts_by_decoder_norm"):
        decoder = decoder.float() / torch.linalg.vector_norm(decoder.float(), dim=-1, keepdim=True)
    return Sae(name, architecture, str(hook_name), decoder, str(metadata.get("neuronpedia_id") or ""))
