"""At which strength each of many directions moves the model equally far: where p95 KL(steered‖unsteered) meets a target.

Texts that the unsteered model wrote are read again under each direction, a few strengths of all directions in
one batch. KL grows like the square of the strength near zero, so log KL is interpolated over log strength; a
second round reads at what was found, and a secant corrects it (wassname/steering-lite does so for one direction).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

import torch

from .batch_steering import BatchSteering, SteeredRow
from .measures.divergence import compare_logits
from .placement import is_out_of_memory, release_memory
from .prefill import Prefixes

if TYPE_CHECKING:
    from torch import Tensor

    from .adapter import Adapter
    from .row_edit import RowEdit

FIRST_SHARES = (0.12, 0.3, 0.7)
"""Strengths of the first round, in residual norms."""

_LEAST_SHARE, _MOST_SHARE = 0.02, 3.0
_MAX_TOKENS = 4096  # padded, in one forward pass
_N_LOGITS = 1 << 24  # at once
_NO_KL = 1e-6
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
    """

    @torch.inference_mode()
    def __init__(
        self, adapter: Adapter, texts: Sequence[tuple[list[int], list[int]]], first_block: int
    ) -> None:
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
    def read(self, edits: Sequence[RowEdit], checkpoint: Callable[[], bool]) -> list[KlRead] | None:
        """KL over all compared tokens under each edit; None where it was stopped.

        Logits that are not finite count as infinitely far.
        """
        n_texts, n_columns = self._prefixes.token_ids.shape
        at_once = max(1, _MAX_TOKENS // (n_texts * n_columns))
        waiting = [list(range(at, min(at + at_once, len(edits)))) for at in range(0, len(edits), at_once)]
        found = [KlRead(math.inf, math.inf)] * len(edits)
        while waiting:
            if checkpoint():
                return None
            batch = waiting.pop(0)
            try:
                values = self._kl([edits[n] for n in batch])
            except Exception as error:
                if not is_out_of_memory(error) or len(batch) == 1:
                    raise
                middle = len(batch) // 2
                waiting[:0] = [batch[:middle], batch[middle:]]
                release_memory(self._adapter.input_device)
                continue
            for n, value in zip(batch, values, strict=True):
                found[n] = value
        return found

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


def equal_strengths(
    reader: KlReader,
    edits: Sequence[tuple[RowEdit, float]],
    target: float,
    checkpoint: Callable[[], bool],
) -> list[float | None] | None:
    """Strengths, raw, at which the p95 KL meets a target.

    Args:
        reader: of the texts.
        edits: the method ``add`` at any strength, and the raw strength that is one residual norm.
        target: in nats.
        checkpoint: called between batches; True stops.

    Returns:
        For each edit; None where the target is not met within 0.02 to 3 residual norms. None alone: stopped.
    """
    points: list[list[tuple[float, float]]] = [[] for _ in edits]
    asked = [list(FIRST_SHARES) for _ in edits]
    for _ in range(2):
        flat = [
            (n, share, replace(edit, strength=share * unit))
            for n, (edit, unit) in enumerate(edits)
            for share in asked[n]
        ]
        values = reader.read([edit for _, _, edit in flat], checkpoint)
        if values is None:
            return None
        for (n, share, _), value in zip(flat, values, strict=True):
            points[n].append((share, value.p95))
        asked = [[crossing] if (crossing := met(known, target)) is not None else [] for known in points]
    return [None if not shares else shares[0] * unit for shares, (_, unit) in zip(asked, edits, strict=True)]


def met(points: Sequence[tuple[float, float]], target: float) -> float | None:
    """Where log value, linear over log share between the points and beyond them, meets the target.

    The first crossing counts: beyond it the text is further gone, whatever the value does there.
    """
    known = sorted((share, max(value, _NO_KL)) for share, value in points if math.isfinite(value))
    if not known:
        return None
    above = next((n for n, (_, value) in enumerate(known) if value >= target), len(known) - 1)
    low, high = (known[above - 1], known[above]) if above else (known[0], known[min(1, len(known) - 1)])
    (a, va), (b, vb) = low, high
    slope = math.log(vb / va) / math.log(b / a) if b > a else 2.0
    slope = slope if slope > 0.5 else 2.0
    share = a * math.exp(math.log(target / va) / slope)
    return share if _LEAST_SHARE <= share <= _MOST_SHARE else None
