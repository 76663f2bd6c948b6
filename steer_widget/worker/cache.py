"""A key-value cache that grows in place.

transformers' own dynamic cache copies all keys and values of every layer at every token; this one
writes into room it reserved, so a decode step costs the new token alone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
from transformers import DynamicCache
from transformers.cache_utils import DynamicLayer

if TYPE_CHECKING:
    from torch import Tensor
    from transformers import PreTrainedConfig


class RoomyLayer(DynamicLayer):
    """Keys and values `[batch, n_kv_heads, n_tokens, d_head]` as views into larger buffers.

    Where all rows begin with the same tokens, `shared` may hold the keys and values of these
    `[1, n_kv_heads, n_shared, d_head]` once; the buffers then hold what follows. Who knows of it calls `append`;
    `update`, which others call, first gives each row a copy.
    """

    def __init__(self, room: int) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._room = room
        self.shared: tuple[Tensor, Tensor] | None = None
        self._n_tokens = 0
        self._key_buffer: Tensor | None = None
        self._value_buffer: Tensor | None = None

    def update(self, key_states: Tensor, value_states: Tensor, *_: Any, **__: Any) -> tuple[Tensor, Tensor]:
        """Appends `[batch, n_kv_heads, n_new, d_head]`; returns all keys and values so far."""
        if self.shared is not None:
            self._copy_shared(*self.shared, len(key_states))
        return self.append(key_states, value_states)

    def append(self, key_states: Tensor, value_states: Tensor) -> tuple[Tensor, Tensor]:
        """Appends `[batch, n_kv_heads, n_new, d_head]`; returns all that is not shared."""
        if not self.is_initialized:
            self.lazy_initialization(key_states, value_states)
        end = self._n_tokens + key_states.shape[-2]
        if self._key_buffer is None or self._value_buffer is None or end > self._key_buffer.shape[-2]:
            self._key_buffer = self._grown(self._key_buffer, key_states, end)
            self._value_buffer = self._grown(self._value_buffer, value_states, end)
        self._key_buffer[:, :, self._n_tokens : end] = key_states
        self._value_buffer[:, :, self._n_tokens : end] = value_states
        self._n_tokens = end
        self.keys = self._key_buffer[:, :, :end]
        self.values = self._value_buffer[:, :, :end]
        return self.keys, self.values

    def _grown(self, buffer: Tensor | None, like: Tensor, end: int) -> Tensor:
        batch, n_heads, _, d_head = like.shape
        larger = like.new_empty(batch, n_heads, max(self._room - self._n_shared, end), d_head)
        if buffer is not None:
            larger[:, :, : self._n_tokens] = buffer[:, :, : self._n_tokens]
        return larger

    def take_rows(self, keys: Tensor, values: Tensor, rows: Tensor) -> None:
        """Starts with copies of these rows (indices) of `[n, n_kv_heads, n_tokens, d_head]`, in one copy each."""
        self.lazy_initialization(keys, values)
        _, n_heads, n_tokens, d_head = keys.shape
        n_room = max(self._room, n_tokens)
        self._key_buffer = keys.new_empty(len(rows), n_heads, n_room, d_head)
        self._value_buffer = values.new_empty(len(rows), n_heads, n_room, values.shape[-1])
        for place, row in enumerate(rows.tolist()):
            self._key_buffer[place, :, :n_tokens] = keys[row]
            self._value_buffer[place, :, :n_tokens] = values[row]
        self._n_tokens = n_tokens
        self.keys = self._key_buffer[:, :, :n_tokens]
        self.values = self._value_buffer[:, :, :n_tokens]

    def share(self, keys: Tensor, values: Tensor) -> None:
        """Starts with the same `[1, n_kv_heads, n_shared, d_head]` in all rows there will be; copies nothing."""
        self.lazy_initialization(keys, values)
        self.shared = keys, values

    def _copy_shared(self, keys: Tensor, values: Tensor, n_rows: int) -> None:
        own: Any = (self.keys, self.values)
        n_own, self.shared = self._n_tokens, None
        self.take_rows(keys, values, torch.zeros(n_rows, dtype=torch.long))
        if n_own:
            self.append(*own)

    @property
    def _n_shared(self) -> int:
        return 0 if self.shared is None else self.shared[0].shape[-2]

    def get_seq_length(self) -> int:
        """Tokens held."""
        return self._n_shared + self._n_tokens

    def keep_rows(self, rows: Tensor) -> None:
        """Drops all rows of the batch but these."""
        if self._key_buffer is None or self._value_buffer is None:
            return
        self._key_buffer = _kept(self._key_buffer, rows)
        self._value_buffer = _kept(self._value_buffer, rows)
        self.keys = self._key_buffer[:, :, : self._n_tokens]
        self.values = self._value_buffer[:, :, : self._n_tokens]


def _kept(buffer: Tensor, rows: Tensor) -> Tensor:
    """These rows, moved up in the buffer itself: new ones of ever other sizes would leave holes in the heap."""
    kept = buffer[: len(rows)]
    return kept.copy_(buffer.index_select(0, rows.to(buffer.device)))


class RoomyCache(DynamicCache):
    """A `DynamicCache` whose full-attention layers grow in place; sliding and other layers stay as they are.

    Args:
        config: of the model; says which kind each layer is.
        room: tokens to reserve in each full-attention layer.
    """

    def __init__(self, config: PreTrainedConfig, room: int) -> None:
        super().__init__(config=config)
        self.layers = [RoomyLayer(room) if type(layer) is DynamicLayer else layer for layer in self.layers]

    def keep_rows(self, rows: Tensor) -> None:
        """Drops all rows of the batch but these (indices, `[n_kept]`)."""
        for layer in self.layers:
            if isinstance(layer, RoomyLayer):
                layer.keep_rows(rows)
            else:
                layer.reorder_cache(rows)  # type: ignore[arg-type]  # it takes any integer tensor


def n_bytes_per_token(config: PreTrainedConfig, dtype: torch.dtype) -> int:
    """Bytes of keys and values that one token of one row takes over all layers."""
    n_values = 0
    for layer in layer_configs(config):
        d_head = getattr(layer, "head_dim", None) or layer.hidden_size // layer.num_attention_heads
        n_values += 2 * n_key_heads(layer) * d_head
    return n_values * dtype.itemsize


def layer_configs(config: PreTrainedConfig) -> list[PreTrainedConfig]:
    """The configuration of each layer of the decoder; they differ where layers do (Gemma 4)."""
    text = config.get_text_config(decoder=True)
    return list(getattr(text, "per_layer_config", None) or [text] * text.num_hidden_layers)


def n_key_heads(layer: PreTrainedConfig) -> int:
    """Heads of keys and values of a layer."""
    return int(getattr(layer, "num_key_value_heads", None) or layer.num_attention_heads)


def has_full_attention_only(config: PreTrainedConfig) -> bool:
    """Whether every layer keeps all tokens: no window, no chunks, no state in place of keys."""
    return all(type(layer) is DynamicLayer for layer in DynamicCache(config=config).layers)
