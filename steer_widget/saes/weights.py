"""The tensors of an SAE by name, each brought to the device when it is first asked for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import torch

if TYPE_CHECKING:
    from torch import Tensor


_MAX_KEPT = 1 << 22  # numbers: 16 MB in float32


class Weights:
    """Tensors by sae-lens' names.

    Large matrices keep their dtype: in half precision they take half the memory, and as they come out of a
    safetensors file they are mapped, so that those never asked for are never read.

    Args:
        tensors: by name, on any device.
        device: where they are wanted; None leaves each where it is.
    """

    def __init__(self, tensors: Mapping[str, Tensor], device: torch.device | None = None) -> None:
        self._tensors = dict(tensors)
        self._vectors: dict[str, Tensor] = {}
        self._device = device

    def __contains__(self, name: str) -> bool:
        return name in self._tensors

    def __getitem__(self, name: str) -> Tensor:
        """The tensor in its own dtype."""
        tensor = self._tensors[name]
        if self._device is not None and tensor.device != self._device:
            tensor = self._tensors[name] = tensor.to(self._device)
        return tensor

    def vector(self, name: str) -> Tensor:
        """The tensor in float32, kept."""
        if name not in self._vectors:
            self._vectors[name] = self[name].float()
        return self._vectors[name]

    def matrix(self, name: str) -> Tensor:
        """The tensor, to be multiplied in float32: widened and kept if it is small, in its own dtype if not.

        A small one takes longer to widen than to multiply by a text's activations.
        """
        tensor = self[name]
        return self.vector(name) if tensor.numel() <= _MAX_KEPT else tensor

    @property
    def tensors(self) -> dict[str, Tensor]:
        """All of them, each where it is."""
        return dict(self._tensors)

    def to(self, device: torch.device) -> Weights:
        """The same tensors, wanted on this device."""
        return Weights(self._tensors, device)
