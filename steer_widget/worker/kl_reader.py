"""How far steering moves the model on texts that it wrote: KL(steered‖unsteered) of each next token, on the same prefix."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import torch

from .batch_steering import BatchSteering, SteeredRow
from .halving import in_batches
from .measures.divergence import compare_logits
from .prefill import Prefixes
from .stopping import go_on

if TYPE_CHECKING:
    from torch import Tensor

    from .adapter import Adapter
    from .checkpoint import Checkpoint
    from .row_edit import RowEdit

_MAX_TOKENS = 4096  # padded, in one forward pass
_N_LOGITS = 1 << 24  # at once
_N_NOISE = 3


class KlRead(NamedTuple):
    """KL(steered‖unsteered) over tokens, in nats: mean and 95th percentile."""

    mean: float
    p95: float


class KlReader:
    """Reads how far steering moves the model on texts that it wrote.

    Args:
        adapter: the model.
        texts: prompt and completion of each, as tokens; completions are compared.
        first_block: the lowest decoder block that any of the directions acts behind.

    Raises:
        GenerationError: the model's head alone does not give its logits.
    """

    @torch.inference_mode()
    def __init__(
        self, adapter: Adapter, texts: Sequence[tuple[list[int], list[int]]], first_block: int
    ) -> None:
        adapter.need_unembed("KL from the unsteered model")
        self._adapter = adapter
        self._prompts = [len(prompt) for prompt, _ in texts]
        self._drawn = [len(completion) for _, completion in texts]
        self._prefixes = Prefixes.of([prompt + completion for prompt, completion in texts], adapter.pad_id)
        self._split = min(first_block, adapter.n_layers - 1) if adapter.can_split else 0
        self._h: Tensor | None = None
        if self._split:
            with adapter.layers.below(self._split) as seen:
                adapter.read(self._prefixes, None)
            self._h = seen[0]
        self._unsteered = self._read([SteeredRow((), n) for n in self._prompts], range(len(texts)))

    @torch.inference_mode()
    def read(self, edits: Sequence[RowEdit], checkpoint: Checkpoint) -> list[KlRead]:
        """KL over all compared tokens under each edit, in their order.

        Logits that are not finite count as infinitely far.

        Raises:
            TaskStopped: at a checkpoint.
        """
        n_texts, n_columns = self._prefixes.token_ids.shape
        at_once = max(1, _MAX_TOKENS // (n_texts * n_columns))
        numbers = range(len(edits))
        batches = [numbers[at : at + at_once] for at in range(0, len(edits), at_once)]

        def read(batch: Sequence[int]) -> list[KlRead]:
            go_on(checkpoint)
            return self._kl([edits[n] for n in batch])

        return [kl for _, found in in_batches(batches, read, self._adapter.input_device) for kl in found]

    @torch.inference_mode()
    def noise(self) -> float:
        """p95 KL, in nats, that rounding alone makes: of the unsteered model from itself, read in a larger batch."""
        return max(read.p95 for read in self._kl([None] * _N_NOISE))

    def _kl(self, edits: Sequence[RowEdit | None]) -> list[KlRead]:
        n_texts = len(self._prompts)
        rows = [SteeredRow(() if edit is None else (edit,), n) for edit in edits for n in self._prompts]
        texts = [text for _ in edits for text in range(n_texts)]
        steered = self._read(rows, texts)
        n_tokens = sum(self._drawn)
        n_block = max(1, _N_LOGITS // self._adapter.d_vocab)
        unsteered, found = self._unsteered.repeat(len(edits), 1), []
        for start in range(0, len(steered), n_block):
            hidden = torch.cat([h[start : start + n_block] for h in (steered, unsteered)])
            ours, theirs = self._adapter.unembed(hidden).chunk(2)
            nobody = torch.zeros(len(ours), dtype=torch.long, device=ours.device)
            kl = compare_logits(ours, theirs, nobody, surprise=False).kl
            if kl is not None:
                found.append(kl.nan_to_num(nan=math.inf).cpu())
        values = torch.cat(found).view(len(edits), n_tokens)
        return [
            KlRead(float(row.mean()), float(row.quantile(0.95)))
            if bool(torch.isfinite(row).all())
            else KlRead(math.inf, math.inf)
            for row in values
        ]

    def _read(self, rows: Sequence[SteeredRow], texts: Sequence[int]) -> Tensor:
        """What the head reads where each compared token is drawn, row after row `[n, d_model]`."""
        adapter, prefixes = self._adapter, self._prefixes.rows(list(texts))
        steering, mask = BatchSteering(adapter, rows), prefixes.mask
        positions = prefixes.positions.clamp_min(0).to(adapter.input_device)

        def read() -> Tensor:
            with steering:
                steering.place(prefixes.token_ids, prefixes.positions)
                hidden = adapter.last_hidden(
                    prefixes.token_ids.to(adapter.input_device),
                    positions,
                    None if mask is None else mask.to(adapter.input_device),
                )
                steering.finish()
            return hidden

        if self._h is None:
            hidden = read()
        else:
            with adapter.layers.from_(self._split, self._h[list(texts)]):
                hidden = read()
        return torch.cat([hidden[row, -self._drawn[text] - 1 : -1] for row, text in enumerate(texts)])
