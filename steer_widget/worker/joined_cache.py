"""A cache put together, layer by layer, from the rows of others."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import torch

from .cache import RoomyCache, RoomyLayer

if TYPE_CHECKING:
    from torch import Tensor
    from transformers import PreTrainedConfig

LayerRows = tuple[Sequence[RoomyCache], Sequence[int]]
"""Caches with the same tokens, and for each row its place among all of their rows, one behind the other."""

# Tokens of all rows together. With fewer, attention to shared keys and own ones apart takes longer than to copies.
_MIN_SHARED = 2048


def joined_cache(config: PreTrainedConfig, n_room: int, layers: Sequence[LayerRows]) -> RoomyCache:
    """Makes a cache whose rows are those of other caches: shared where they are one and the same, copied elsewhere.

    Args:
        config: of the model.
        n_room: tokens to reserve.
        layers: for each layer, where its rows come from.
    """
    joined = RoomyCache(config, n_room)
    for place, (sources, rows) in enumerate(layers):
        _fill(joined.layers[place], [source.layers[place] for source in sources], rows)
    return joined


def _fill(layer: Any, sources: Sequence[Any], rows: Sequence[int]) -> None:
    keys, values = _stacked([s.keys for s in sources]), _stacked([s.values for s in sources])
    here = torch.tensor(rows, device=keys.device)
    if isinstance(layer, RoomyLayer):
        if len(set(rows)) == 1 and len(rows) * keys.shape[-2] >= _MIN_SHARED:
            layer.share(keys[rows[0]][None], values[rows[0]][None])
            return
        layer.take_rows(keys, values, here)
        return
    # A sliding layer holds its window only, but counts all tokens it has seen.
    layer.lazy_initialization(keys, values)
    layer.keys, layer.values = keys[here], values[here]
    if hasattr(layer, "cumulative_length"):
        layer.cumulative_length = sources[0].cumulative_length


def _stacked(parts: Sequence[Tensor]) -> Tensor:
    return parts[0] if len(parts) == 1 else torch.cat(list(parts))
