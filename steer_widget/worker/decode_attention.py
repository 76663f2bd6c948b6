"""Attention of one new token per row to all tokens in the cache, as Llama and its relatives compute it.

The projections of queries, keys and values are one product; queries and keys are rotated together;
the queries of a key head are attended as if they were several tokens, so no key is repeated,
and keys that all rows share are read once for all of them.
Whatever else is asked of the module goes to its own forward.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import torch
from torch import nn
from torch.nn import functional

from .cache import RoomyLayer
from .packed_linear import PackedLinears
from .prefix_attention import can_share, prefix_attention
from .replacement import ModuleReplacement, hook_tables, is_own_forward

if TYPE_CHECKING:
    from torch import Tensor

# Classes whose forward is Llama's, with or without a norm of each query and key head before the rotation.
_CLASSES = frozenset(
    {
        "ArceeAttention",
        "Ernie4_5Attention",
        "GemmaAttention",
        "GraniteAttention",
        "LlamaAttention",
        "MistralAttention",
        "MixtralAttention",
        "Qwen2Attention",
        "Qwen2MoeAttention",
        "Qwen3Attention",
        "Qwen3MoeAttention",
    }
)
_CHILDREN = (
    {"q_proj", "k_proj", "v_proj", "o_proj"},
    {"q_proj", "k_proj", "v_proj", "o_proj", "q_norm", "k_norm"},
)


class Rotation:
    """Cosines and signed sines of a step, made ready once for all layers."""

    def __init__(self) -> None:
        self._sine: Tensor | None = None
        self._ready: tuple[Tensor, Tensor] = (torch.empty(0), torch.empty(0))

    def of(self, position_embeddings: tuple[Tensor, Tensor]) -> tuple[Tensor, Tensor]:
        """Cosine and sine `[rows or 1, 1, 1, d_head]` of `[rows or 1, 1, d_head]`, the first half of the sine negated."""
        cosine, sine = position_embeddings
        if sine is not self._sine:
            half = sine.shape[-1] // 2
            signed = torch.cat((-sine[..., :half], sine[..., half:]), -1)
            self._ready = (cosine[:, :, None], signed[:, :, None])
            self._sine = sine
        return self._ready


class DecodeAttention(ModuleReplacement):
    """An attention module whose decode step is done here.

    Args:
        module: with `q_proj`, `k_proj`, `v_proj` and `o_proj`.
        projections: the first three, packed as one.
        rotation: shared by all layers of the model.
    """

    def __init__(self, module: Any, projections: PackedLinears, rotation: Rotation) -> None:
        super().__init__(module)
        self._project = projections.all_parts
        self._rotation = rotation
        self._output = module.o_proj
        self._norms = (module.q_norm, module.k_norm) if hasattr(module, "q_norm") else None
        self._hook_tables = hook_tables(projections.modules)
        self._layer = module.layer_idx
        self._scaling = module.scaling
        self._d_head = module.head_dim
        self._n_kv_heads = projections.modules[1].out_features // self._d_head
        self._n_heads = projections.modules[0].out_features // self._d_head
        self._n_all = self._n_heads + 2 * self._n_kv_heads
        self._can_share = can_share()
        self._n_rotated = self._n_heads + self._n_kv_heads

    def forward(
        self,
        hidden_states: Tensor,
        position_embeddings: tuple[Tensor, Tensor] | None = None,
        attention_mask: Tensor | None = None,
        past_key_values: Any = None,
        **kwargs: Any,
    ) -> tuple[Tensor, Tensor | None]:
        """See `ModuleReplacement.forward`."""
        if (
            hidden_states.shape[1] != 1
            or past_key_values is None
            or position_embeddings is None
            or (attention_mask is not None and attention_mask.shape[1:3] != (1, 1))
            or any(self._hook_tables)
        ):
            return self.plain(  # type: ignore[no-any-return]
                hidden_states=hidden_states,
                position_embeddings=position_embeddings,
                attention_mask=attention_mask,
                past_key_values=past_key_values,
                **kwargs,
            )
        n_rows, d_head = len(hidden_states), self._d_head
        projected = self._project(hidden_states).view(n_rows, 1, self._n_all, d_head)
        rotated, values = projected.split((self._n_rotated, self._n_kv_heads), 2)
        if self._norms is not None:
            queries, keys = rotated.split((self._n_heads, self._n_kv_heads), 2)
            rotated = torch.cat((self._norms[0](queries), self._norms[1](keys)), 2)
        cosine, sine = self._rotation.of(position_embeddings)
        rotated = rotated.roll(d_head // 2, -1).mul_(sine).addcmul_(rotated, cosine)
        queries, keys = rotated.split((self._n_heads, self._n_kv_heads), 2)
        queries = queries.reshape(n_rows, self._n_kv_heads, -1, d_head)
        keys, values = keys.transpose(1, 2), values.transpose(1, 2)
        layer = past_key_values.layers[self._layer] if attention_mask is None and self._can_share else None
        if isinstance(layer, RoomyLayer) and layer.shared is not None:
            own = layer.append(keys, values)
            attended = prefix_attention(queries, layer.shared, own, self._scaling)
        else:
            keys, values = past_key_values.update(keys, values, self._layer)
            attended = functional.scaled_dot_product_attention(
                queries, keys, values, attn_mask=attention_mask, scale=self._scaling
            )
        return self._output(attended.reshape(n_rows, 1, -1)), None


def decode_attention_for(
    module: Any, packed: Mapping[nn.Module, PackedLinears], rotation: Rotation
) -> DecodeAttention | None:
    """The replacement of an attention module of a known class whose projections are packed as one; else None."""
    children = dict(module.named_children())
    if type(module).__name__ not in _CLASSES or not is_own_forward(module) or set(children) not in _CHILDREN:
        return None
    projections = packed.get(children["q_proj"])
    if projections is None or projections.modules != tuple(
        children[n] for n in ("q_proj", "k_proj", "v_proj")
    ):
        return None
    return DecodeAttention(module, projections, rotation)


def decodes_by_itself(model: nn.Module) -> bool:
    """Whether the attention of this model has been replaced by the one here."""
    return any(
        isinstance(getattr(module.forward, "__self__", None), DecodeAttention) for module in model.modules()
    )
