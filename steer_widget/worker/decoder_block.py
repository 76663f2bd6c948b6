"""The parts of a decoder block by what they do, whatever its family calls them."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from torch import nn

_ATTENTION = ("self_attn", "attn", "attention", "self_attention")
_MLP = ("mlp", "feed_forward", "block_sparse_moe", "ffn")
_OUTPUT_PROJECTIONS = ("o_proj", "c_proj", "out_proj", "dense")
_LAST_OF_MLP = ("dense_4h_to_h", "down_proj")
_NORMS_BEFORE_MLP = (
    "pre_feedforward_layernorm",
    "pre_mlp_layernorm",
    "pre_ff_layernorm",
    "feedforward_layernorm",
    "ffn_norm",
    "mlp_norm",
    "ln_2",
    "norm_2",
)
_NORMS_AFTER_MLP = ("post_feedforward_layernorm", "post_mlp_layernorm")
_POST_ATTENTION = "post_attention_layernorm"  # before the MLP, or behind attention: the family decides
_POST_SELF_ATTENTION = "post_self_attn_layernorm"  # GLM 4, beside the former: always behind attention


class DecoderBlock:
    """A decoder block of any family; parts that it lacks, or names otherwise, are None."""

    def __init__(self, block: nn.Module) -> None:
        self._block = block
        attention = _first(block, _ATTENTION)
        inner = _first(attention, ("attention",))  # GPT-Neo wraps its attention once more
        self._attention = attention
        self._projects_from = attention if inner is None else inner
        # A shared MLP beside the experts: neither is all that is added.
        self._mlp = _first(block, _MLP) if _first(block, ("shared_mlp",)) is None else None
        self._norm_after_mlp = _first(block, _NORMS_AFTER_MLP)

    @property
    def is_parallel(self) -> bool:
        """Whether attention and MLP read the same stream, so that there is none between them."""
        if getattr(self._block, "use_parallel_residual", False):
            return True
        if self._attention is None or self._mlp is None or self._norm_after_mlp is not None:
            return False
        return _first(self._block, (*_NORMS_BEFORE_MLP, _POST_ATTENTION)) is None

    @property
    def stream_before_mlp(self) -> tuple[nn.Module | None, Literal["input", "output"]]:
        """The module whose input or output is the stream that the MLP's branch leaves."""
        is_pre_norm = getattr(self._block, "do_layer_norm_before", None)  # OPT alone has it
        if is_pre_norm is not None:
            return (
                (_first(self._block, ("final_layer_norm",)), "input")
                if is_pre_norm
                else (_first(self._block, ("self_attn_layer_norm",)), "output")
            )
        names: tuple[str, ...] = _NORMS_BEFORE_MLP
        if self._norm_after_attention is not _first(self._block, (_POST_ATTENTION,)):
            names = (*names, _POST_ATTENTION)
        norm = _first(self._block, names)
        if norm is None and self._norm_after_mlp is not None:  # OLMo 2 norms only behind
            norm = self._mlp
        return norm, "input"

    @property
    def writes_attention(self) -> nn.Module | None:
        """The module whose output attention adds to the stream."""
        if self._norm_after_attention is not None:
            return self._norm_after_attention
        return self.output_projection if _adds_residual(self._attention) else self._attention

    @property
    def writes_mlp(self) -> nn.Module | None:
        """The module whose output the MLP adds to the stream."""
        if self._norm_after_mlp is not None:
            return self._norm_after_mlp
        if _adds_residual(self._mlp):
            return _first(self._mlp, _LAST_OF_MLP)
        return self._mlp if self._mlp is not None else _first(self._block, ("fc2",))

    @property
    def output_projection(self) -> nn.Module | None:
        """The linear map from attention's heads to the stream."""
        return _first(self._projects_from, _OUTPUT_PROJECTIONS)

    @property
    def _norm_after_attention(self) -> nn.Module | None:
        if self._norm_after_mlp is None:
            return None
        return _first(self._block, (_POST_SELF_ATTENTION, _POST_ATTENTION))


def _first(module: nn.Module | None, names: tuple[str, ...]) -> nn.Module | None:
    for name in names:
        found: nn.Module | None = getattr(module, name, None)
        if found is not None:
            return found
    return None


def _adds_residual(module: nn.Module | None) -> bool:
    """Whether the module adds its result to the stream itself, as BLOOM's do."""
    return module is not None and "residual" in inspect.signature(module.forward).parameters
