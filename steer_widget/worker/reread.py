"""Finished texts read again, token by token known: unsteered and steered side by side in one pass.

Both read the same prefixes, so the blocks below the first steered one are run once for the two.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch

from .batch_steering import BatchSteering, SteeredRow
from .prefill import Prefixes, read_prefixes
from .reading import watching

if TYPE_CHECKING:
    from torch import Tensor

    from .adapter import Adapter
    from .hook_points import HookPoint
    from .row import Row


@dataclass(frozen=True)
class Reread:
    """What stands behind the generated tokens of a row, n of them.

    Attributes:
        unsteered: what the language-model head reads where each token is drawn, `[n, d_model]`.
        steered: the same under the row's steering; None for a row that is not steered.
        h: by hook point, the unsteered model's activations on the tokens themselves, `[n, width]`.
    """

    unsteered: Tensor
    steered: Tensor | None
    h: dict[str, Tensor]


@torch.inference_mode()
def reread(adapter: Adapter, rows: Sequence[Row], points: Sequence[HookPoint]) -> list[Reread]:
    """Reads prompt and completion of each row.

    Args:
        adapter: the model.
        rows: each with at least one generated token.
        points: hook points whose activations are wanted.
    """
    steered = [n for n, row in enumerate(rows) if row.edits]
    twin_of = [*range(len(rows)), *steered]
    ways = [SteeredRow((), len(row.prompt_ids)) for row in rows] + [rows[n].steered for n in steered]
    hidden, h, first_columns = _read(adapter, rows, twin_of, ways, points)
    found: list[Reread] = []
    for n, row in enumerate(rows):
        n_tokens = len(row.completion.token_ids)
        drawn = slice(first_columns[n], first_columns[n] + n_tokens)
        themselves = slice(drawn.start + 1, drawn.stop + 1)
        twin = len(rows) + steered.index(n) if row.edits else None
        found.append(
            Reread(
                unsteered=hidden[n, drawn],
                steered=None if twin is None else hidden[twin, drawn],
                h={name: tensor[n, themselves] for name, tensor in h.items()},
            )
        )
    return found


def _read(
    adapter: Adapter,
    unsteered: Sequence[Row],
    twin_of: Sequence[int],
    ways: Sequence[SteeredRow],
    points: Sequence[HookPoint],
) -> tuple[Tensor, dict[str, Tensor], list[int]]:
    """One pass over all rows, the unsteered ones first.

    Args:
        adapter: the model.
        unsteered: rows that are read without their steering.
        twin_of: for each row of the pass, the unsteered one with the same text.
        ways: how each row of the pass is steered.
        points: hook points whose activations are wanted.

    Returns:
        What the head reads `[rows, seq, d_model]`, the tensors at the hook points, and for each row the column at
        which its first generated token is drawn.
    """
    rows = [unsteered[n] for n in twin_of]
    steering = BatchSteering(adapter, ways)
    prompts = Prefixes.of([row.prompt_ids for row in rows], adapter.pad_id)
    before = Prefixes(prompts.token_ids[:, :-1], prompts.positions[:, :-1])
    n_longest = max(len(row.completion.token_ids) for row in rows)
    cache = read_prefixes(adapter, before, ways, steering, prompts.token_ids.shape[1] + n_longest)
    if cache is None:
        texts = Prefixes.of([row.prefix_ids for row in rows], adapter.pad_id)
        n_columns = texts.token_ids.shape[1]
        first_columns = [n_columns - len(row.completion.token_ids) - 1 for row in rows]
        hidden, h = _read_whole(adapter, texts, twin_of, steering, points)
        return hidden, h, first_columns
    # What the rows share is read; the last prompt token and the completion follow, padded behind.
    completions = [
        row.prompt_ids[-1:]
        + row.completion.token_ids
        + [adapter.pad_id] * (n_longest - len(row.completion.token_ids))
        for row in rows
    ]
    token_ids = torch.tensor(completions)
    positions = prompts.positions[:, -1:] + torch.arange(n_longest + 1)[None]
    is_text = torch.cat([before.positions >= 0, torch.ones_like(token_ids, dtype=torch.bool)], dim=-1)
    mask = None if bool(is_text.all()) else is_text.long().to(adapter.input_device)
    device = adapter.input_device
    with watching(points) as seen, steering:
        steering.place(token_ids, positions)
        hidden = adapter.last_hidden(token_ids.to(device), positions.to(device), mask, cache)
        steering.finish()
    return hidden, {name: tensors[0] for name, tensors in seen.items()}, [0] * len(rows)


def _read_whole(
    adapter: Adapter,
    texts: Prefixes,
    twin_of: Sequence[int],
    steering: BatchSteering,
    points: Sequence[HookPoint],
) -> tuple[Tensor, dict[str, Tensor]]:
    """Whole texts without a cache; the blocks below the first steered one run for the unsteered rows alone."""
    n_unsteered = max(twin_of) + 1
    split = steering.first_block
    h: dict[str, Tensor] = {}
    with ExitStack() as stack:
        if len(twin_of) > n_unsteered and adapter.can_split and split > 0:
            # A block that is left out hands on what it gets: only points of blocks that run tell anything.
            points_below = [point for point in points if point.layer < split]
            points = [point for point in points if point.layer >= split]
            with adapter.layers.below(split) as below, watching(points_below) as seen_below:
                adapter.read(texts.rows(range(n_unsteered)), None)
            h.update({name: tensors[0] for name, tensors in seen_below.items()})
            stack.enter_context(adapter.layers.from_(split, below[0][list(twin_of)]))
        seen = stack.enter_context(watching(points))
        stack.enter_context(steering)
        steering.place(texts.token_ids, texts.positions)
        device, mask = adapter.input_device, texts.mask
        hidden = adapter.last_hidden(
            texts.token_ids.to(device),
            texts.positions.clamp_min(0).to(device),
            None if mask is None else mask.to(device),
        )
        steering.finish()
    h.update({name: tensors[0] for name, tensors in seen.items()})
    return hidden, h
