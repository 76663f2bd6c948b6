"""Gated MLPs, down(f(gate(x)) · up(x)), with the function and the product done inside the two matrix products."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import torch
from torch import Tensor, nn
from torch.nn import functional

from .packed_linear import PackedLinears
from .replacement import ModuleReplacement, hook_tables, is_own_forward

_FUNCTIONS: dict[tuple[str, str], Callable[[Tensor], Tensor]] = {
    ("swish", ""): functional.silu,
    ("gelu", "none"): functional.gelu,
    ("gelu", "tanh"): lambda x: functional.gelu(x, approximate="tanh"),
    ("relu", ""): functional.relu,
}
_CHILDREN = {"gate_proj", "up_proj", "down_proj", "act_fn"}


class GatedMlp(ModuleReplacement):
    """An MLP `[..., d_model]` → `[..., d_model]` of three packed layers.

    Args:
        module: with `gate_proj`, `up_proj`, `down_proj` and `act_fn`.
        gate: its packed gate.
        up: its packed up-projection.
        function: oneDNN's name of what `act_fn` computes.
    """

    def __init__(
        self, module: nn.Module, gate: PackedLinears, up: PackedLinears, function: tuple[str, str]
    ) -> None:
        super().__init__(module)
        self._gate = gate.packed
        self._up = up.packed
        self._function = function
        self._down = module.down_proj
        self._hook_tables = hook_tables((module.gate_proj, module.up_proj, module.act_fn))  # type: ignore[arg-type]

    def forward(self, x: Tensor) -> Tensor:
        """See `ModuleReplacement.forward`."""
        if any(self._hook_tables):
            return self.plain(x)  # type: ignore[no-any-return]
        gate = self._gate.activated(x, self._function)
        return self._down(self._up.times(x, gate))  # type: ignore[no-any-return, operator]


def gated_mlp_for(module: nn.Module, packed: Mapping[nn.Module, PackedLinears]) -> GatedMlp | None:
    """The replacement of a gated MLP whose layers are packed one by one; None for anything else."""
    children = dict(module.named_children())
    if (
        set(children) != _CHILDREN
        or not is_own_forward(module)
        or next(module.parameters(recurse=False), None) is not None
    ):
        return None
    gate, up = packed.get(children["gate_proj"]), packed.get(children["up_proj"])
    function = _function_name(children["act_fn"])
    if gate is None or up is None or children["down_proj"] not in packed or function is None:
        return None
    if len(gate.modules) > 1 or len(up.modules) > 1:
        return None
    return GatedMlp(module, gate, up, function)


def _function_name(act_fn: nn.Module) -> tuple[str, str] | None:
    x = torch.linspace(-12.0, 12.0, 4801)
    theirs = act_fn(x)
    for name, function in _FUNCTIONS.items():
        if torch.allclose(theirs, function(x), rtol=0.0, atol=1e-5):
            return name
    return None
