"""Where a hook name of an SAE lies in a Hugging Face model.

blocks.L.hook_resid_pre    input of block L
blocks.L.hook_resid_mid    input of the norm before the MLP; absent on parallel blocks
blocks.L.hook_resid_post   output of block L
blocks.L.hook_attn_out     what attention adds; on Gemma 2, 3 and OLMo 2 the output of the norm after it
blocks.L.hook_mlp_out      what the MLP adds; on Gemma 2, 3 and OLMo 2 the output of the norm after it
blocks.L.attn.hook_z       input of the attention's output projection, heads flattened
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from ..errors import SaeMismatch

if TYPE_CHECKING:
    from torch import nn

_BLOCKS = (
    "model.layers",
    "model.language_model.layers",
    "language_model.model.layers",
    "model.decoder.layers",
    "transformer.h",
    "gpt_neox.layers",
    "transformer.blocks",
)
_ATTENTION = ("self_attn", "attn", "attention", "self_attention")
_MLP = ("mlp", "feed_forward", "block_sparse_moe")
_OUTPUT_PROJECTIONS = ("o_proj", "c_proj", "out_proj", "dense")
_NORMS_AFTER_MLP = ("post_feedforward_layernorm",)
_NORMS_BEFORE_MLP = ("pre_feedforward_layernorm", "ln_2", "post_attention_layernorm", "final_layer_norm")
_HOOK_NAME = re.compile(
    r"blocks\.(\d+)\.(hook_resid_pre|hook_resid_mid|hook_resid_post|hook_attn_out|hook_mlp_out|attn\.hook_z)"
)
_HOOK_KINDS = (
    "blocks.L.hook_resid_pre, hook_resid_mid, hook_resid_post, hook_attn_out, hook_mlp_out or attn.hook_z"
)


@dataclass(frozen=True)
class HookPoint:
    """A tensor of the model that can be read and edited.

    Attributes:
        name: as the SAE gives it.
        layer: 0-based.
        module: whose input or output the tensor is.
        side: which of the two.
    """

    name: str
    layer: int
    module: nn.Module
    side: Literal["input", "output"]


def layer_of(hook_name: str) -> int:
    """The layer in a hook name.

    Raises:
        SaeMismatch: it is no hook name that can be steered.
    """
    match = _HOOK_NAME.fullmatch(hook_name)
    if match is None:
        raise SaeMismatch("hook_name", hook_name, _HOOK_KINDS)
    return int(match[1])


def blocks(model: nn.Module) -> nn.ModuleList:
    """The decoder blocks of a model.

    Raises:
        SaeMismatch: the model keeps them nowhere known.
    """
    for path in _BLOCKS:
        found = _child(model, path)
        if found is not None and any(True for _ in found.children()):
            return found  # type: ignore[return-value]
    raise SaeMismatch(
        "model", type(model).__name__, f"a decoder that keeps its blocks in one of {', '.join(_BLOCKS)}"
    )


def find(model: nn.Module, hook_name: str, hf_hook_name: str = "") -> HookPoint:
    """The hook point of that name in the model.

    Raises:
        SaeMismatch: the layer or the tensor does not exist in this model.
    """
    layer = layer_of(hook_name)
    all_blocks = blocks(model)
    if layer >= len(all_blocks):
        raise SaeMismatch("layer", layer, f"0 to {len(all_blocks) - 1}, the layers of {type(model).__name__}")
    block = all_blocks[layer]
    kind = hook_name.split(".", 2)[2]

    def point(module: nn.Module, side: Literal["input", "output"]) -> HookPoint:
        return HookPoint(hook_name, layer, module, side)

    if kind == "hook_resid_post":
        return point(block, "output")
    if kind == "hook_resid_pre":
        return point(block, "input")
    if kind == "hook_resid_mid":
        if _is_parallel(block):
            raise SaeMismatch("hook_name", hook_name, "a point that exists: this model's blocks are parallel")
        return point(_first(block, _NORMS_BEFORE_MLP, hook_name), "input")
    attention = _first(block, _ATTENTION, hook_name)
    if kind == "attn.hook_z":
        inner = _child(attention, "attention")  # GPT-Neo wraps its attention once more
        return point(
            _first(inner if inner is not None else attention, _OUTPUT_PROJECTIONS, hook_name), "input"
        )
    has_norms_after = _child(block, _NORMS_AFTER_MLP[0]) is not None
    if kind == "hook_attn_out":
        return point(
            _first(block, ("post_attention_layernorm",), hook_name) if has_norms_after else attention,
            "output",
        )
    if has_norms_after:
        return point(_first(block, _NORMS_AFTER_MLP, hook_name), "output")
    mlp = _child(block, "fc2")  # OPT has no MLP module: its second matrix writes the MLP's output
    return point(mlp if mlp is not None else _first(block, _MLP, hook_name), "output")


def first_block(point: HookPoint) -> int:
    """The first decoder block that reads something else when the tensor at the point is edited."""
    return point.layer + 1 if point.name.endswith("hook_resid_post") else point.layer


def width_of(point: HookPoint, d_model: int) -> int:
    """Width of the tensor at a point: the residual stream's, or that of the heads for hook_z."""
    if not point.name.endswith("hook_z"):
        return d_model
    n_inputs = getattr(point.module, "in_features", None) or getattr(point.module, "nx", None)
    return int(n_inputs) if n_inputs is not None else d_model


def _child(module: nn.Module, path: str) -> nn.Module | None:
    found: nn.Module | None = module
    for name in path.split("."):
        found = getattr(found, name, None)
        if found is None:
            return None
    return found


def _first(module: nn.Module, names: tuple[str, ...], hook_name: str) -> nn.Module:
    for name in names:
        found = _child(module, name)
        if found is not None:
            return found
    raise SaeMismatch(
        "hook_name", hook_name, f"a point of {type(module).__name__}, which has none of {', '.join(names)}"
    )


def _is_parallel(block: nn.Module) -> bool:
    if getattr(block, "use_parallel_residual", False):
        return True
    return not any(_child(block, name) is not None for name in _NORMS_BEFORE_MLP)
