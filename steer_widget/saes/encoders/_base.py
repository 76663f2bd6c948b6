"""What an encoder is, and the two ways of computing only what is asked for."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, ClassVar

import torch

from ._columns import ColumnCache

if TYPE_CHECKING:
    from torch import Tensor
    from typing_extensions import Self

    from ..weights import Weights

CHUNK_NUMBERS = 1 << 24
"""About the largest intermediate tensor: 64 MB in float32."""


class Encoder(ABC):
    """Activations from inputs that are in the SAE's units already.

    Args:
        weights: tensors by sae-lens' names, among them those of `required`.
        options: the SAE's configuration.
        applies_b_dec: whether the decoder's bias is taken off the input.
    """

    required: ClassVar[tuple[str, ...]]

    def __init__(self, weights: Weights, options: Mapping[str, Any], *, applies_b_dec: bool) -> None:
        self._weights = weights
        self._options = options
        self._applies_b_dec = applies_b_dec

    def to(self, device: torch.device) -> Self:
        """The same on another device; tensors move when they are first needed."""
        return type(self)(self._weights.to(device), self._options, applies_b_dec=self._applies_b_dec)

    @property
    def tensors(self) -> dict[str, Tensor]:
        """What it reads with, by sae-lens' names."""
        return self._weights.tensors

    @abstractmethod
    def encode(self, x: Tensor) -> Tensor:
        """All features: float32 `[n, d_sae]` from float32 `[n, d_in]`."""

    @abstractmethod
    def read(self, x: Tensor, features: Tensor) -> Tensor:
        """Some features, the same for all inputs: `[n, n_features]` from `[n, d_in]`."""

    @abstractmethod
    def read_pairs(self, x: Tensor, features: Tensor) -> Tensor:
        """Feature k on the inputs of row k: `[n, seq]` from `[n, seq, d_in]` and `[n]`."""

    def _centre(self, x: Tensor) -> Tensor:
        return x - self._weights.vector("b_dec") if self._applies_b_dec else x


class ColumnEncoder(Encoder):
    """A feature's activation depends on its own column of `W_enc` and its own parameters alone."""

    parameters: ClassVar[tuple[str, ...]]

    def __init__(self, weights: Weights, options: Mapping[str, Any], *, applies_b_dec: bool) -> None:
        super().__init__(weights, options, applies_b_dec=applies_b_dec)
        self._cache = ColumnCache(weights, self.parameters)

    @abstractmethod
    def _activate(self, products: Tensor, parameters: Mapping[str, Tensor]) -> Tensor:
        """Turns products `x · W_enc` into activations, in place; features lie in the last axis."""

    def encode(self, x: Tensor) -> Tensor:
        """See `Encoder.encode`."""
        x = self._centre(x)
        matrix = self._weights.matrix("W_enc")
        activations = x.new_empty(x.shape[0], matrix.shape[1])
        for part in _column_slices(matrix, x.shape[0]):
            products = torch.mm(x, matrix[:, part].float(), out=activations[:, part])
            parameters = {name: self._weights.vector(name)[part] for name in self.parameters}
            self._activate(products, parameters)
        return activations

    def read(self, x: Tensor, features: Tensor) -> Tensor:
        """See `Encoder.read`."""
        columns = self._cache.take(features)
        return self._activate(self._centre(x) @ columns.vectors.T, columns.parameters)

    def read_pairs(self, x: Tensor, features: Tensor) -> Tensor:
        """See `Encoder.read_pairs`."""
        columns = self._cache.take(features)
        x = self._centre(x)
        if x.shape[1] == 1:  # a decode step: six times as fast as bmm
            products = (x * columns.vectors[:, None]).sum(dim=-1)
        else:
            products = torch.bmm(x, columns.vectors[:, :, None]).squeeze(-1)
        return self._activate(products.T, columns.parameters).T


class RowEncoder(Encoder):
    """Features compete, so that any one's activation needs them all."""

    @abstractmethod
    def _encode_rows(self, x: Tensor) -> Tensor:
        """All features: `[n, d_sae]` from `[n, d_in]`, off which the decoder's bias has been taken."""

    def encode(self, x: Tensor) -> Tensor:
        """See `Encoder.encode`."""
        return joined(self._parts(x))

    def read(self, x: Tensor, features: Tensor) -> Tensor:
        """See `Encoder.read`."""
        features = features.to(x.device)
        return joined(part[:, features] for part in self._parts(x))

    def read_pairs(self, x: Tensor, features: Tensor) -> Tensor:
        """See `Encoder.read_pairs`."""
        n, seq, d_in = x.shape
        parts = self._parts(x.reshape(n * seq, d_in))
        left = features.to(x.device).repeat_interleave(seq)[:, None]
        read = []
        for part in parts:
            read.append(part.gather(-1, left[: len(part)]))
            left = left[len(part) :]
        return joined(read).view(n, seq)

    def _parts(self, x: Tensor) -> Iterator[Tensor]:
        """All features, as many inputs at a time as memory should hold."""
        n_features = self._weights["W_dec"].shape[0]
        for rows in slices(x.shape[0], CHUNK_NUMBERS // n_features):
            yield self._encode_rows(self._centre(x[rows]))


def multiply(x: Tensor, matrix: Tensor) -> Tensor:
    """`x @ matrix` in float32: `[n, d_sae]`; a matrix in half precision is widened part by part."""
    products = x.new_empty(x.shape[0], matrix.shape[1])
    for part in _column_slices(matrix, x.shape[0]):
        torch.mm(x, matrix[:, part].float(), out=products[:, part])
    return products


def _column_slices(matrix: Tensor, n_rows: int) -> Iterator[slice]:
    d_in, d_sae = matrix.shape
    widened = 0 if matrix.dtype is torch.float32 else d_in
    return slices(d_sae, CHUNK_NUMBERS // max(n_rows, widened, 1))


def slices(n: int, step: int) -> Iterator[slice]:
    """Cuts `range(n)` into pieces of at most `step`; one empty piece where there is nothing to cut."""
    step = max(step, 1)
    return (slice(start, min(start + step, n)) for start in range(0, max(n, 1), step))


def joined(parts: Iterable[Tensor]) -> Tensor:
    """What the pieces gave, along the first axis; copied only where there are several."""
    first, *others = parts
    return torch.cat([first, *others]) if others else first
