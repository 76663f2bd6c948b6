"""Reading the prompts of a batch, each as few times as its steerings allow.

Rows with the same prompt differ only from the first steered token and layer on. So each prompt is read once,
unsteered; a row whose prompt is not steered takes all of its keys and values, and a row whose prompt is steered
takes those of the layers below its hook point and reads the rest itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch

from .batch_steering import BatchSteering
from .cache import RoomyCache
from .joined_cache import joined_cache

if TYPE_CHECKING:
    from torch import Tensor

    from .adapter import Adapter
    from .batch_steering import SteeredRow

# A pass over few tokens takes as long as one over this many: sharing must save more than its extra passes cost.
_PASS_IN_TOKENS = 128


@dataclass(frozen=True)
class Prefixes:
    """Texts to read, one for each row, left-padded to one length, on the CPU.

    Attributes:
        token_ids: `[rows, seq]`.
        positions: absolute; negative on padding `[rows, seq]`.
    """

    token_ids: Tensor
    positions: Tensor

    @classmethod
    def of(cls, texts: Sequence[Sequence[int]], pad_id: int) -> Prefixes:
        """Pads texts to the longest."""
        n_longest = max(len(text) for text in texts)
        n_pad = torch.tensor([[n_longest - len(text)] for text in texts])
        token_ids = torch.tensor([[pad_id] * (n_longest - len(text)) + list(text) for text in texts])
        return cls(token_ids, torch.arange(n_longest)[None] - n_pad)

    @property
    def mask(self) -> Tensor | None:
        """1 on text, 0 on padding `[rows, seq]`; None where there is no padding: attention is faster without."""
        is_text = self.positions >= 0
        return None if bool(is_text.all()) else is_text.long()

    def rows(self, rows: Sequence[int]) -> Prefixes:
        """These rows."""
        return Prefixes(self.token_ids[list(rows)], self.positions[list(rows)])


def read_prefixes(
    adapter: Adapter, prefixes: Prefixes, rows: Sequence[SteeredRow], steering: BatchSteering, n_room: int
) -> RoomyCache | None:
    """Reads the texts of all rows into a cache, if sharing them among rows is worth it.

    Args:
        adapter: the model.
        prefixes: of each row.
        rows: how each is steered.
        steering: of these rows; it must not be entered yet. The doses of what is steered here go to it.
        n_room: tokens to reserve in the cache.

    Returns:
        Keys and values of all rows; None where each row is better read by itself.
    """
    plan = _plan(adapter, prefixes, steering)
    if plan is None:
        return None
    config, n_rows = adapter.model.config, len(rows)
    unique = prefixes.rows(plan.first_row_of_text)
    shared = RoomyCache(config, 0)
    if not plan.deep:
        adapter.read(unique, shared)
        return joined_cache(config, n_room, [([shared], plan.text_of_row)] * adapter.n_layers)
    all_deep = len(plan.deep) == n_rows
    with adapter.layers.below(plan.split) if all_deep else adapter.layers.watched(plan.split) as seen:
        adapter.read(unique, shared)
    h = seen[0][torch.tensor([plan.text_of_row[row] for row in plan.deep], device=seen[0].device)]
    own, own_steering = RoomyCache(config, 0), BatchSteering(adapter, [rows[row] for row in plan.deep])
    own_prefixes = prefixes.rows(plan.deep)
    with own_steering, adapter.layers.from_(plan.split, h):
        own_steering.place(own_prefixes.token_ids, own_prefixes.positions)
        adapter.read(own_prefixes, own)
        own_steering.finish()
    steering.add_doses(plan.deep, own_steering)
    # From the split on a deep row has keys of its own, which stand behind those of the shared texts.
    place = {row: len(unique.token_ids) + n for n, row in enumerate(plan.deep)}
    above = [place.get(row, plan.text_of_row[row]) for row in range(n_rows)]
    from_split = ([own], list(range(n_rows))) if all_deep else ([shared, own], above)
    below_split = ([shared], plan.text_of_row)
    layers = [below_split] * plan.split + [from_split] * (adapter.n_layers - plan.split)
    return joined_cache(config, n_room, layers)


@dataclass(frozen=True)
class _Plan:
    """Who reads what.

    Attributes:
        text_of_row: number of each row's text among the different ones.
        first_row_of_text: a row that has the text.
        deep: rows that are steered within their text.
        split: first block that deep rows read by themselves.
    """

    text_of_row: list[int]
    first_row_of_text: list[int]
    deep: list[int]
    split: int


def _plan(adapter: Adapter, prefixes: Prefixes, steering: BatchSteering) -> _Plan | None:
    """How the texts are best read; None where each row by itself is as good."""
    n_rows, n_tokens = prefixes.token_ids.shape
    if not adapter.can_split or n_tokens == 0:
        return None
    number: dict[tuple[int, ...], int] = {}
    first_row: list[int] = []
    text_of_row: list[int] = []
    for row in range(n_rows):
        text = tuple(prefixes.token_ids[row][prefixes.positions[row] >= 0].tolist())
        if text not in number:
            number[text] = len(number)
            first_row.append(row)
        text_of_row.append(number[text])
    acts = steering.acts_within(prefixes.token_ids, prefixes.positions)
    deep = [row for row in range(n_rows) if acts[row]]
    split = steering.first_block if deep else adapter.n_layers
    if split == 0:
        return None
    share_below = split / adapter.n_layers
    share_shared = share_below if len(deep) == n_rows else 1.0
    n_read = n_tokens * (len(number) * share_shared + len(deep) * (1 - share_below))
    n_passes_more = 2 if deep else 1
    if n_read + n_passes_more * _PASS_IN_TOKENS >= n_rows * n_tokens:
        return None
    return _Plan(text_of_row, first_row, deep, split)
