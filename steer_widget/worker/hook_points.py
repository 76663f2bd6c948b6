"""Where a hook name of an SAE lies in a Hugging Face model.

An SAE names its tensor in TransformerLens' words:

blocks.L.hook_resid_pre    input of block L; for L = 0 the embeddings as the first block gets them: scaled
                           (Gemma), with positions added (GPT-2, OPT), normed (BLOOM)
blocks.L.hook_resid_mid    the stream between attention and MLP; absent on parallel blocks
blocks.L.hook_resid_post   output of block L, before the final norm also for the last
blocks.L.hook_attn_out     what attention adds to the stream: after the norm behind it, where there is one
                           (Gemma 2 and 3, OLMo 2); before a fixed factor, where there is one (Granite)
blocks.L.hook_mlp_out      what the MLP adds to the stream, likewise
blocks.L.attn.hook_z       input of the attention's output projection, heads flattened

or as a path into the Hugging Face model, as sae-lens' `hf_hook_name` does, and its `hook_name` where it
was trained on such a model: ``model.layers.15.output``, ``model.layers.15.self_attn.o_proj.input``, or a
module alone, which means its output.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Literal

from torch import nn

from ..errors import SaeMismatch
from .decoder_block import DecoderBlock

Side = Literal["input", "output"]

_TRUNKS = (
    "model.layers",
    "model.language_model.layers",
    "language_model.model.layers",
    "model.text_model.layers",
    "model.decoder.layers",
    "transformer.h",
    "gpt_neox.layers",
    "transformer.blocks",
)
# Parts that a wrapper puts in front or between: the text model's path holds in the multimodal one too.
_WRAPPERS = frozenset({"model", "language_model", "text_model", "base_model"})
_HOOK_NAME = re.compile(
    r"blocks\.(\d+)\.(hook_resid_pre|hook_resid_mid|hook_resid_post|hook_attn_out|hook_mlp_out|attn\.hook_z)"
)
_HOOK_KINDS = (
    "blocks.L.hook_resid_pre, hook_resid_mid, hook_resid_post, hook_attn_out, hook_mlp_out or attn.hook_z"
)
_MODULE_PATH = re.compile(r"(?P<trunk>.+?)\.(?P<layer>\d+)(?P<rest>(?:\.\w+)*?)(?:\.(?P<side>input|output))?")


@dataclass(frozen=True)
class HookPoint:
    """A tensor of the model that can be read and edited; see `tap`.

    Attributes:
        name: as the SAE gives it.
        layer: 0-based.
        module: whose input or output the tensor is.
        side: which of the two.
        block: the decoder block that the module is, or is part of.
        is_stream: the tensor is the residual stream on its way past the module: a new tensor handed to
            the module alone would leave the stream as it was, so an edit is written into the tensor.
    """

    name: str
    layer: int
    module: nn.Module
    side: Side
    block: nn.Module
    is_stream: bool = False


def blocks(model: nn.Module) -> nn.ModuleList:
    """The decoder blocks of a model.

    Raises:
        SaeMismatch: the model keeps them nowhere known.
    """
    return _trunk(model)[1]


def trunk(model: nn.Module) -> nn.Module:
    """The module that runs the decoder blocks one after the other, and what stands before and behind them.

    Raises:
        SaeMismatch: the model keeps its blocks nowhere known.
    """
    return model.get_submodule(_trunk(model)[0].rpartition(".")[0])


def find(model: nn.Module, hook_name: str, hf_hook_name: str = "") -> HookPoint:
    """The hook point of an SAE in the model.

    Args:
        model: a Hugging Face decoder, or a multimodal model around one.
        hook_name: in TransformerLens' words, or a path into the model.
        hf_hook_name: a path into the model, which goes first; empty where the SAE has none.

    Raises:
        SaeMismatch: the layer or the tensor does not exist in this model, or the two names disagree.
    """
    if not hf_hook_name:
        return _point(model, "hook_name", hook_name)
    point = replace(_point(model, "hf_hook_name", hf_hook_name), name=hook_name or hf_hook_name)
    match = _HOOK_NAME.fullmatch(hook_name)
    if match is None:
        return point
    if int(match[1]) != point.layer:
        raise SaeMismatch(
            "hf_hook_name", hf_hook_name, f"a point of layer {match[1]}, as its hook_name {hook_name} says",
            hint="The SAE's configuration contradicts itself; correct one of the two.",
        )  # fmt: skip
    try:
        mapped = _point(model, "hook_name", hook_name)
    except SaeMismatch:  # the path went first because the map may not know this model
        return point
    # The same tensor; the map also knows whether it is the stream.
    return mapped if mapped.module is point.module and mapped.side == point.side else point


def first_block(point: HookPoint) -> int:
    """The first decoder block that has to be run again when the tensor at the point is edited.

    Blocks below give the same keys and values whatever the edit. The number of layers where no block
    has to: the output of the last one.
    """
    return point.layer + 1 if point.module is point.block and point.side == "output" else point.layer


def width_of(point: HookPoint, d_model: int) -> int:
    """Width of the tensor at a point: the residual stream's, or what a linear map reads or writes."""
    # The latter names are those of GPT-2's linear map.
    names = ("in_features", "nx") if point.side == "input" else ("out_features", "nf")
    widths = (getattr(point.module, name, None) for name in names)
    return next((int(width) for width in widths if width is not None), d_model)


def _point(model: nn.Module, field: str, name: str) -> HookPoint:
    match = _HOOK_NAME.fullmatch(name)
    if match is not None:
        return _by_kind(model, field, name, int(match[1]), match[2])
    path = _MODULE_PATH.fullmatch(name)
    if path is None or "hook_" in name:
        allowed = (
            _HOOK_KINDS if field == "hook_name" else "a module of a decoder block, such as model.layers.15"
        )
        raise SaeMismatch(field, name, allowed)
    return _by_path(model, field, path)


def _by_kind(model: nn.Module, field: str, name: str, layer: int, kind: str) -> HookPoint:
    block = _block(model, field, name, layer)
    inside = DecoderBlock(block)
    found: tuple[nn.Module | None, Side]
    if kind == "hook_resid_post":
        found = block, "output"
    elif kind == "hook_resid_pre":
        found = block, "input"
    elif kind == "hook_resid_mid":
        if inside.is_parallel:
            raise SaeMismatch(field, name, "a point that exists: this model's blocks are parallel")
        found = inside.stream_before_mlp
    elif kind == "hook_attn_out":
        found = inside.writes_attention, "output"
    elif kind == "hook_mlp_out":
        found = inside.writes_mlp, "output"
    else:
        found = inside.output_projection, "input"
    module, side = found
    if module is None:
        children = ", ".join(child for child, _ in block.named_children())
        raise SaeMismatch(
            field, name, f"a point that is known in {type(block).__name__}",
            hint=f"Its parts are {children}; give hf_hook_name, such as model.layers.{layer}.{children.split(', ', 1)[0]}.",
        )  # fmt: skip
    is_stream = kind == "hook_resid_mid" and side == "input"
    return HookPoint(name, layer, module, side, block, is_stream)


def _by_path(model: nn.Module, field: str, path: re.Match[str]) -> HookPoint:
    name, layer = path[0], int(path["layer"])
    trunk, _ = _trunk(model)
    if not _is_same_trunk(path["trunk"], trunk):
        raise SaeMismatch(field, name, f"a path in {type(model).__name__}, whose blocks are {trunk}")
    block = _block(model, field, name, layer)
    module = _child(block, path["rest"].removeprefix("."))
    if module is None:
        children = ", ".join(child for child, _ in block.named_children())
        raise SaeMismatch(field, name, f"a module of {type(block).__name__}, whose parts are {children}")
    side: Side = "input" if path["side"] == "input" else "output"
    return HookPoint(name, layer, module, side, block)


def _block(model: nn.Module, field: str, name: str, layer: int) -> nn.Module:
    all_blocks = blocks(model)
    if layer >= len(all_blocks):
        allowed = f"a layer from 0 to {len(all_blocks) - 1}, those of {type(model).__name__}"
        raise (
            SaeMismatch("layer", layer, allowed)
            if field == "hook_name"
            else SaeMismatch(field, name, allowed)
        )
    return all_blocks[layer]


def _is_same_trunk(given: str, trunk: str) -> bool:
    """Whether a path to the blocks names these; wrappers are left out, so is what only the bare decoder lacks."""

    def bare(path: str) -> list[str]:
        return [part for part in path.split(".") if part not in _WRAPPERS]

    given_parts, parts = bare(given), bare(trunk)
    return given_parts == parts[-len(given_parts) :]


def _trunk(model: nn.Module) -> tuple[str, nn.ModuleList]:
    for path in _TRUNKS:
        found = _child(model, path)
        if isinstance(found, nn.ModuleList) and len(found):
            return path, found
    # A family that nobody named here: its blocks are the one list that is as long as the model is deep.
    text_config = model.config.get_text_config(decoder=True)  # type: ignore[union-attr,operator]  # of PreTrainedModel
    depth = getattr(text_config, "num_hidden_layers", None)
    lists = {
        path: module
        for path, module in model.named_modules()
        if isinstance(module, nn.ModuleList) and len(module) == depth
    }
    if len(lists) != 1:
        raise SaeMismatch(
            "model", type(model).__name__, f"a decoder that keeps its blocks in one of {', '.join(_TRUNKS)}"
        )
    return lists.popitem()


def _child(module: nn.Module, path: str) -> nn.Module | None:
    found: object = module
    for name in path.split(".") if path else ():
        found = getattr(found, name, None)
    return found if isinstance(found, nn.Module) else None
