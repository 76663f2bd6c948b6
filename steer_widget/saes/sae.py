"""An SAE as steering uses it: directions and activations in the units of the model's activations."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import torch

from ..errors import SaeMismatch, UnknownFeature
from .encoders._base import CHUNK_NUMBERS, Encoder, joined, slices
from .normalisation import IDENTITY, Normalisation

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True, eq=False)
class Sae:
    """A loaded SAE.

    A feature's contribution to the activation h of a token is
    `activations(h, …) · direction · decoder_scale(h)`; the last is there for a few SAEs only.

    Attributes:
        name: folder or release it came from.
        architecture: as sae-lens names it.
        hook_name: tensor of the model that it reads, such as ``blocks.15.hook_resid_post``.
        decoder: one direction per feature, `[d_sae, d_in]`, in activation units apart from `decoder_scale`.
        neuronpedia_id: empty where it has none.
        hf_hook_name: the same tensor in the words of the Hugging Face model; empty where it has none.
        normalisation: what is done to an activation before it is encoded.
        encoder: None where it can be steered with but not read.
        no_encoder_reason: why not; empty where it can be read.
    """

    name: str
    architecture: str
    hook_name: str
    decoder: Tensor
    neuronpedia_id: str = ""
    hf_hook_name: str = ""
    normalisation: Normalisation = IDENTITY
    encoder: Encoder | None = None
    no_encoder_reason: str = ""

    @property
    def d_sae(self) -> int:
        """Number of features."""
        return self.decoder.shape[0]

    @property
    def d_in(self) -> int:
        """Width at the hook point."""
        return self.decoder.shape[1]

    @property
    def has_encoder(self) -> bool:
        """Whether activations can be read; without, only methods that do not read them can steer."""
        return self.encoder is not None

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

    def encode(self, h: Tensor) -> Tensor:
        """Activations of all features: float32 `[..., d_sae]`.

        Args:
            h: activations of the model at the hook point, `[..., d_in]`, any dtype, heads flattened.

        Raises:
            SaeMismatch: it has no encoder.
        """
        encoder, flat = self._readable(), h.reshape(-1, self.d_in)
        return encoder.encode(self._encoder_input(flat)).view(*h.shape[:-1], self.d_sae)

    def activations(self, h: Tensor, features: Tensor) -> Tensor:
        """Activations of some features, the same for all tokens: float32 `[..., n]`.

        Args:
            h: activations of the model at the hook point, `[..., d_in]`, any dtype.
            features: their indices, `[n]`; best on the CPU, where their values are needed.

        Raises:
            SaeMismatch: it has no encoder.
            UnknownFeature: an index outside the SAE.
        """
        encoder, flat = self._readable(), h.reshape(-1, self.d_in)
        pieces = slices(flat.shape[0], CHUNK_NUMBERS // self.d_in)
        read = joined(encoder.read(self._encoder_input(flat[piece]), features) for piece in pieces)
        return read.view(*h.shape[:-1], len(features))

    def paired_activations(self, h: Tensor, features: Tensor) -> Tensor:
        """Activation of feature k on row k: float32 `[n, seq]`.

        Asked for the same features again and again it costs a handful of small operations.

        Args:
            h: activations of the model at the hook point, `[n, seq, d_in]`, any dtype.
            features: one index per row, `[n]`; best on the CPU, where their values are needed.

        Raises:
            SaeMismatch: it has no encoder.
            UnknownFeature: an index outside the SAE.
        """
        encoder = self._readable()
        pieces = slices(h.shape[0], CHUNK_NUMBERS // max(h.shape[1] * self.d_in, 1))
        return joined(encoder.read_pairs(self._encoder_input(h[piece]), features[piece]) for piece in pieces)

    def decoder_scale(self, h: Tensor) -> Tensor | None:
        """What a decoder row is multiplied by at each token: float32 `[..., 1]`; None where that is 1.

        Args:
            h: activations of the model at the hook point, `[..., d_in]`, any dtype.
        """
        return self.normalisation.scale(h.detach().float())

    def to(self, device: torch.device | str) -> Sae:
        """The same SAE on another device; the encoder's tensors move when they are first needed."""
        device = torch.device(device)
        encoder = None if self.encoder is None else self.encoder.to(device)
        return replace(self, decoder=self.decoder.to(device), encoder=encoder)

    def uncentred(self) -> Sae:
        """The same SAE reading h itself, not h − mean(h).

        For models with RMSNorm: TransformerLens leaves their weights as they are, also where the SAE's
        configuration asked for `center_writing_weights`.
        """
        return replace(self, normalisation=replace(self.normalisation, is_centred=False))

    def _encoder_input(self, h: Tensor) -> Tensor:
        return self.normalisation.normalise(h.detach().float())

    def _readable(self) -> Encoder:
        if self.encoder is None:
            raise SaeMismatch(
                "sae", self.name, "an SAE whose activations can be read",
                hint=f"This one can only be added: {self.no_encoder_reason}.",
            )  # fmt: skip
        return self.encoder
