"""Attention of one new token per row where all rows begin with the same tokens, whose keys are held once.

The rows' queries are attended to the shared keys as if they were tokens of one row, and to each row's own
keys row by row. With Z the sums of exponentials of the two parts, the whole is their mean, weighted by Z
(Juravsky et al. 2024, arXiv 2402.05099): nothing is copied, and the shared keys are read once instead of once per row.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

if TYPE_CHECKING:
    from torch import Tensor

KeysAndValues = tuple["Tensor", "Tensor"]

# What scaled_dot_product_attention calls on the CPU; only this gives the sums of exponentials as well.
_NAME = "_scaled_dot_product_flash_attention_for_cpu"


def can_share() -> bool:
    """Whether torch offers what is needed."""
    return hasattr(torch.ops.aten, _NAME)


def prefix_attention(queries: Tensor, shared: KeysAndValues, own: KeysAndValues, scale: float) -> Tensor:
    """What each row's queries read `[rows, n_kv_heads, n_queries, d_head]`, on the CPU.

    Args:
        queries: of each row's newest token, by key head `[rows, n_kv_heads, n_queries, d_head]`.
        shared: keys and values of the tokens that all rows begin with `[1, n_kv_heads, n_shared, d_head]`.
        own: those of the tokens behind them `[rows, n_kv_heads, n_own, d_head]`.
        scale: of the scores.
    """
    attend = torch.ops.aten._scaled_dot_product_flash_attention_for_cpu.default  # noqa: SLF001 - see _NAME
    n_rows, n_heads, n_queries, d_head = queries.shape
    as_one_row = queries.transpose(0, 1).reshape(1, n_heads, n_rows * n_queries, d_head)
    read_shared, log_z_shared = attend(as_one_row, *shared, scale=scale)
    read_own, log_z_own = attend(queries, *own, scale=scale)
    read_shared = read_shared.view(n_heads, n_rows, n_queries, d_head).transpose(0, 1)
    log_z_shared = log_z_shared.view(n_heads, n_rows, n_queries).transpose(0, 1)
    share = torch.sigmoid(log_z_shared - log_z_own)[..., None]
    return torch.lerp(read_own.float(), read_shared.float(), share).to(queries.dtype)
