"""The decode loop: all rows of a batch, one token each per step, finished rows leaving the batch."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Protocol

import torch

from .cache import RoomyCache
from .sampling import Sampler
from .steering_hook import SteeringHook

if TYPE_CHECKING:
    from ..spec import Generation
    from .adapter import Adapter
    from .row import Row


class Sink(Protocol):
    """Where tokens go as they come."""

    def token(self, row: Row, token_id: int, piece: str) -> None:
        """A row has one more token, and this much more text."""

    def step(self) -> None:
        """Every row of the batch has its token of this step."""

    def end(self, row: Row) -> None:
        """A row is finished; its `finish` says why."""


@torch.inference_mode()
def decode(
    adapter: Adapter,
    rows: Sequence[Row],
    generation: Generation,
    sink: Sink,
    is_cancelled: Callable[[], bool],
) -> None:
    """Generates all rows to their end, or until cancelled (rows then keep `finish` None).

    Args:
        adapter: the model and its hook point.
        rows: each with its prompt and edits; rows that already have tokens go on behind them.
        generation: the same for all rows.
        sink: told of every token and of every end.
        is_cancelled: asked before every forward pass.
    """
    batch = _Batch(adapter, rows, generation)
    with batch.hook:
        try:
            while batch.rows and not is_cancelled():
                token_ids = batch.step()
                ended = [
                    _take(adapter, row, token_id, generation, sink)
                    for row, token_id in zip(batch.rows, token_ids, strict=True)
                ]
                sink.step()
                if any(ended):
                    for row in batch.drop(ended):
                        sink.end(row)
        finally:
            if batch.rows:
                batch.drop([True] * len(batch.rows))


def _take(adapter: Adapter, row: Row, token_id: int, generation: Generation, sink: Sink) -> bool:
    """Gives a row its token; True when that was its last."""
    piece, stopped = row.completion.add(token_id)
    if stopped:
        row.finish = "stop_string"
    elif token_id in adapter.eos_ids:
        row.finish = "eos"
    elif len(row.completion.token_ids) >= generation.max_new_tokens:
        row.finish = "length"
    if row.finish in ("eos", "length"):
        piece += row.completion.finish()
    sink.token(row, token_id, piece)
    return row.finish is not None


class _Batch:
    """Rows that are read and generated together, with everything that is held for each of them."""

    def __init__(self, adapter: Adapter, rows: Sequence[Row], generation: Generation) -> None:
        self.rows = list(rows)
        self.hook = SteeringHook(
            adapter.hook_point,
            [row.edits for row in rows],
            adapter.hook_width,
            adapter.hook_device,
            adapter.dtype,
        )
        self._adapter = adapter
        prefixes = [row.prefix_ids for row in rows]
        self._n_read = 0
        self._n_longest = max(len(prefix) for prefix in prefixes)
        n_room = self._n_longest + generation.max_new_tokens
        self._cache = RoomyCache(adapter.model.config, n_room)
        self._sampler = Sampler(
            generation, [row.key for row in rows], prefixes, adapter.d_vocab, adapter.logits_device
        )
        device = adapter.input_device
        n_pad = torch.tensor([self._n_longest - len(prefix) for prefix in prefixes], device=device)
        self._n_pad = n_pad[:, None]
        self._n_prompt = torch.tensor([len(row.prompt_ids) for row in rows], device=device)
        # Without padding no mask is needed, and attention is faster without one.
        columns = torch.arange(n_room, device=device)
        self._mask = (columns[None] >= self._n_pad).long() if bool(n_pad.any()) else None
        self._next_ids = torch.tensor(
            [[adapter.pad_id] * (self._n_longest - len(prefix)) + prefix for prefix in prefixes],
            device=device,
        )

    def step(self) -> list[int]:
        """One forward pass; the next token of each row."""
        n_total = self._n_read + self._next_ids.shape[1]
        columns = torch.arange(self._n_read, n_total, device=self._next_ids.device)
        positions = columns[None] - self._n_pad
        self.hook.place(positions, self._n_prompt)
        logits = self._adapter.next_logits(
            self._next_ids,
            positions.clamp_min(0),
            None if self._mask is None else self._mask[:, :n_total],
            self._cache,
        )
        self._n_read = n_total
        picked = self._sampler.pick(logits, [len(row.completion.token_ids) for row in self.rows])
        self._next_ids = picked[:, None].to(self._next_ids.device)
        token_ids: list[int] = picked.tolist()
        return token_ids

    def drop(self, ended: Sequence[bool]) -> list[Row]:
        """Takes rows out, so that they cost no more time; they get the doses that were measured on them."""
        out = [row for row, has_ended in zip(self.rows, ended, strict=True) if has_ended]
        for row, has_ended, (dose_sum, n_steered) in zip(self.rows, ended, self.hook.doses(), strict=True):
            if has_ended:
                # A row that came from another batch was read again from its first token: nothing to add up.
                row.dose_sum, row.n_steered = dose_sum, n_steered
        kept = [i for i, has_ended in enumerate(ended) if not has_ended]
        self.rows = [self.rows[i] for i in kept]
        if kept and out:
            self._keep(kept)
        return out

    def _keep(self, kept: list[int]) -> None:
        index = torch.tensor(kept, device=self._next_ids.device)
        self.hook.keep_rows(index)
        self._cache.keep_rows(index)
        self._sampler.keep_rows(kept)
        self._n_pad = self._n_pad[index]
        self._n_prompt = self._n_prompt[index]
        self._next_ids = self._next_ids[index]
        if self._mask is not None:
            self._mask = self._mask[index] if bool(self._n_pad.any()) else None
