"""Linear layers whose weights lie in the blocked layout that the processor's matrix units read.

Plain bfloat16 products on the CPU bring the weights into that layout at every call, which takes
longer than the product itself while there are few rows. Here it is done once (oneDNN through torch's
`mkldnn` operators, the ones that torch.compile's freezing uses), and layers that read the same input
become one product.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import torch
from torch import nn
from transformers.pytorch_utils import Conv1D

if TYPE_CHECKING:
    from torch import Tensor

# Rows the layout is chosen for. One made for 64 was never slower at 1, 2, 8, 21 or 1,000 rows than one
# made for those, while one made for a single row loses a tenth at many.
_N_ROWS = 64


def can_pack() -> bool:
    """Whether torch and the processor offer packed bfloat16 products."""
    operators = torch.ops.mkldnn
    names = ("_linear_pointwise", "_reorder_linear_weight", "_is_mkldnn_bf16_supported")
    return (
        torch.backends.mkldnn.is_available()
        and all(hasattr(operators, name) for name in names)
        and bool(operators._is_mkldnn_bf16_supported())  # noqa: SLF001 - torch has no public name for these
    )


def is_packable(module: nn.Module) -> bool:
    """Whether this is a plain linear layer in bfloat16 on the CPU that nobody has changed."""
    if type(module) not in (nn.Linear, Conv1D) or "forward" in vars(module):
        return False
    weight = module.weight
    return (
        isinstance(weight, torch.Tensor)
        and weight.ndim == 2
        and weight.device.type == "cpu"
        and weight.dtype == torch.bfloat16
        and weight.layout == torch.strided
    )


class PackedWeight:
    """A weight `[d_out, d_in]` with its bias, ready to be multiplied.

    Args:
        weight: `[d_out, d_in]`, on the CPU.
        bias: `[d_out]`, or None.
    """

    def __init__(self, weight: Tensor, bias: Tensor | None) -> None:
        self._weight = torch.ops.mkldnn._reorder_linear_weight(weight.contiguous(), _N_ROWS)  # noqa: SLF001
        self._bias = bias
        # Looked up once: finding an operator by its name takes as long as a small product.
        self._product = torch.ops.mkldnn._linear_pointwise.default  # noqa: SLF001
        self._product_times = torch.ops.mkldnn._linear_pointwise.binary  # noqa: SLF001

    def __call__(self, x: Tensor) -> Tensor:
        """The product `[..., d_out]` of `[..., d_in]`."""
        product: Tensor = self._product(x, self._weight, self._bias, "none", [], "")
        return product

    def activated(self, x: Tensor, function: tuple[str, str]) -> Tensor:
        """A function of the product, before it is rounded; oneDNN's name and variant of it."""
        product: Tensor = self._product(x, self._weight, self._bias, function[0], [], function[1])
        return product

    def times(self, x: Tensor, factor: Tensor) -> Tensor:
        """The product times `[..., d_out]`, before it is rounded."""
        product: Tensor = self._product_times(x, factor, self._weight, self._bias, "mul")
        return product

    def dense(self) -> Tensor:
        """The weight as it was, bit for bit."""
        dense: Tensor = self._weight.to_dense()
        return dense


class PackedLinears:
    """Linear layers that read the same input, as one product; or a single layer.

    The modules stay where they are, with their hooks: the first that is called with an input computes
    for all, the others take their part. Each part is handed out once, so that nobody sees what another
    caller did to it.

    Args:
        modules: `nn.Linear` or `Conv1D`, all with a bias or all without.
        keep_weights: whether the modules keep their own weights as well. Otherwise NaNs that take no
            memory stand in their place, so that a reader who is not the module's own forward cannot
            go unnoticed.
    """

    def __init__(self, modules: Sequence[nn.Module], *, keep_weights: bool = False) -> None:
        self.modules = tuple(modules)
        self._keep_weights = keep_weights
        biases: list[Any] = [module.bias for module in self.modules]
        self.packed = PackedWeight(
            torch.cat([_matrix(module) for module in self.modules])
            if len(biases) > 1
            else _matrix(modules[0]),
            None if biases[0] is None else torch.cat([bias.detach() for bias in biases]),
        )
        self._sizes = [_matrix(module).shape[0] for module in self.modules]
        self._input: Tensor | None = None
        self._parts: list[Tensor | None] = [None] * len(self.modules)

    def install(self) -> None:
        """Takes the place of the modules' forward."""
        for part, module in enumerate(self.modules):
            module.forward = self.packed if len(self.modules) == 1 else functools.partial(self._take, part)
            if not self._keep_weights:
                weight: Any = module.weight
                nothing = torch.full((), torch.nan, dtype=weight.dtype).expand(weight.shape)
                module.weight = nn.Parameter(nothing, requires_grad=False)

    def remove(self) -> None:
        """Gives the modules back their own forward and their weights."""
        matrices = self.packed.dense().split(self._sizes)
        for module, matrix in zip(self.modules, matrices, strict=True):
            del module.forward
            if not self._keep_weights:
                dense = matrix.t() if isinstance(module, Conv1D) else matrix
                module.weight = nn.Parameter(dense.contiguous(), requires_grad=False)

    def all_parts(self, x: Tensor) -> Tensor:
        """What all modules make of `[..., d_in]`, side by side in the last dimension."""
        return self.packed(x)

    def _take(self, part: int, x: Tensor) -> Tensor:
        found = self._parts[part] if x is self._input else None
        if found is None:
            self._parts = list(self.packed(x).split(self._sizes, -1))
            self._input = x
            found = self._parts[part]
        self._parts[part] = None
        if all(left is None for left in self._parts):
            self._input = None
        return found  # type: ignore[return-value]  # just made


def _matrix(module: nn.Module) -> Tensor:
    """The weight as `[d_out, d_in]`."""
    weight: Any = module.weight
    matrix: Tensor = weight.detach()
    return matrix.t() if isinstance(module, Conv1D) else matrix
