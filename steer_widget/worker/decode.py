"""The decode loop: all rows of a batch, one token each per step, finished rows leaving the batch."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol

import torch

from .batch_steering import BatchSteering
from .cache import RoomyCache
from .prefill import Prefixes, read_prefixes
from .sampling import Sampler

if TYPE_CHECKING:
    from torch import Tensor

    from ..spec import Generation
    from .adapter import Adapter
    from .checkpoint import Checkpoint
    from .row import Row


class Sink(Protocol):
    """Where tokens go as they come."""

    def token(self, row: Row, token_id: int, piece: str) -> None:
        """A row has one more token, and this much more text."""

    def piece(self, row: Row, piece: str) -> None:
        """A row has more text without a token: what had been held back."""

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
    checkpoint: Checkpoint,
) -> None:
    """Generates all rows to their end, or until stopped (rows then keep `finish` None).

    Args:
        adapter: the model and its hook point.
        rows: each with its prompt and edits; rows that already have tokens go on behind them.
        generation: the same for all rows.
        sink: told of every token and of every end.
        checkpoint: passed before every forward pass.
    """
    batch = _Batch(adapter, rows, generation)
    try:
        batch.read()
        while batch.rows and not checkpoint():
            # Attached for the step alone: at a checkpoint another run may use the model.
            with batch.steering:
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
    """Gives a row its token; True when that was its last. A token below 0 says that the logits were not finite."""
    if token_id < 0:
        row.finish = "diverged"
        rest = row.completion.finish()
        if rest:
            sink.piece(row, rest)
        return True
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
        self._adapter = adapter
        self._steered = [row.steered for row in rows]
        self.steering = BatchSteering(adapter, self._steered)
        prefixes = [row.prefix_ids for row in rows]
        self._prefixes = Prefixes.of(prefixes, adapter.pad_id)
        self._n_room = self._prefixes.token_ids.shape[1] + generation.max_new_tokens
        self._sampler = Sampler(
            generation, [row.key for row in rows], prefixes, adapter.d_vocab, adapter.logits_device
        )
        self._n_pad = (self._prefixes.positions < 0).sum(-1, keepdim=True)
        self._columns = torch.arange(self._n_room)
        self._mask = self._whole_mask()
        self._cache = RoomyCache(adapter.model.config, self._n_room)
        self._n_read = 0
        self._next_ids = self._prefixes.token_ids

    def read(self) -> None:
        """Reads what the rows share, so that only the last token of each is left; or nothing, where that is faster."""
        n_longest = self._prefixes.token_ids.shape[1]
        before = Prefixes(self._prefixes.token_ids[:, :-1], self._prefixes.positions[:, :-1])
        cache = read_prefixes(self._adapter, before, self._steered, self.steering, self._n_room)
        if cache is not None:
            self._cache = cache
            self._n_read = n_longest - 1
            self._next_ids = self._prefixes.token_ids[:, -1:]

    def step(self) -> list[int]:
        """One forward pass; the next token of each row, below 0 where its logits are not finite."""
        n_total = self._n_read + self._next_ids.shape[1]
        positions = self._columns[None, self._n_read : n_total] - self._n_pad
        self.steering.place(self._next_ids, positions)
        device = self._adapter.input_device
        logits = self._adapter.next_logits(
            self._next_ids.to(device),
            positions.clamp_min(0).to(device),
            None if self._mask is None else self._mask[:, :n_total],
            self._cache,
        )
        self._n_read = n_total
        picked = self._sampler.pick(logits, [len(row.completion.token_ids) for row in self.rows])
        # One wait for the device a step: everything else of it is known here.
        self._next_ids = picked[:, None].cpu()
        token_ids: list[int] = self._next_ids[:, 0].tolist()
        return token_ids

    def drop(self, ended: Sequence[bool]) -> list[Row]:
        """Takes rows out, so that they cost no more time; they get the doses that were measured on them."""
        out = [row for row, has_ended in zip(self.rows, ended, strict=True) if has_ended]
        for row, has_ended, dose in zip(self.rows, ended, self.steering.doses(), strict=True):
            if has_ended:
                # A row that came from another batch was read again from its first token: nothing to add up.
                row.dose = dose
        kept = [i for i, has_ended in enumerate(ended) if not has_ended]
        self.rows = [self.rows[i] for i in kept]
        if kept and out:
            self._keep(kept)
        return out

    def _keep(self, kept: list[int]) -> None:
        index = torch.tensor(kept)
        self.steering.keep_rows(index)
        self._cache.keep_rows(index)
        self._sampler.keep_rows(kept)
        self._n_pad = self._n_pad[index]
        self._next_ids = self._next_ids[index]
        if self._mask is not None:
            self._mask = self._whole_mask()

    def _whole_mask(self) -> Tensor | None:
        """1 on text, 0 on padding, for all tokens there will be `[rows, n_room]`.

        None without padding: attention is faster without a mask.
        """
        if not bool(self._n_pad.any()):
            return None
        return (self._columns[None] >= self._n_pad).long().to(self._adapter.input_device)
