"""How rows are put together into batches."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from .cache import n_bytes_per_token
from .placement import free_bytes

if TYPE_CHECKING:
    from .adapter import Adapter
    from .row import Row

_SHARE_OF_FREE_MEMORY = 0.5
_N_LOGIT_COPIES = 4
_N_HIDDEN_COPIES = 12
# Beyond this a step takes as much longer as it does more, and texts stream more slowly.
_MAX_ROWS = {"cpu": 64}
_MAX_ROWS_GPU = 256


def batch_size(adapter: Adapter, rows: Sequence[Row], n_new: int, asked: int | None) -> int:
    """Rows that fit into memory at once, at least one.

    Args:
        adapter: the model.
        rows: of the run; the longest decides.
        n_new: tokens each may grow by.
        asked: an upper bound of the user's.
    """
    n_prefix = max((len(row.prefix_ids) for row in rows), default=0)
    n_bytes = (
        n_bytes_per_token(adapter.model.config, adapter.dtype) * (n_prefix + n_new)
        + _N_LOGIT_COPIES * adapter.d_vocab * 4
        + _N_HIDDEN_COPIES * n_prefix * adapter.d_model * adapter.dtype.itemsize
    )
    fits = int(_SHARE_OF_FREE_MEMORY * free_bytes(adapter.input_device)) // n_bytes
    limit = asked if asked is not None else _MAX_ROWS.get(adapter.input_device.type, _MAX_ROWS_GPU)
    return max(1, min(fits, limit))


def split_by_length(rows: Sequence[Row], n_rows: int) -> list[list[Row]]:
    """Batches of at most `n_rows`, of rows alike in length, so that little is padded.

    Among equals the columns of a prompt and sample stand together: they share their prompt and their random
    numbers, and are compared with each other. Otherwise the order is kept.
    """
    first: dict[bytes, int] = {}
    for place, row in enumerate(rows):
        first.setdefault(row.key, place)
    ordered = sorted(rows, key=lambda row: (len(row.prefix_ids), first[row.key]))
    n_batches = -(-len(ordered) // n_rows)
    size = -(-len(ordered) // n_batches) if n_batches else 0
    return [ordered[at : at + size] for at in range(0, len(ordered), size)] if ordered else []


def by_length(lengths: Sequence[int], max_tokens: int) -> list[list[int]]:
    """Numbers of texts, alike in length, as many at once as have so many tokens when padded; at least one."""
    batches: list[list[int]] = []
    for text in sorted(range(len(lengths)), key=lengths.__getitem__):
        if batches and (len(batches[-1]) + 1) * lengths[text] <= max_tokens:
            batches[-1].append(text)
        else:
            batches.append([text])
    return batches
