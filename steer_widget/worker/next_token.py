"""The next-token distribution after a prompt, unsteered and steered, quick enough to follow a dial.

What the steering does not change is kept for the last prompt: the unsteered distribution, and what the first
steered block reads. Then an update is one pass of one row through the blocks above.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch

from ..errors import Diverged
from ..protocol import Alternative, NextTokens
from .batch_steering import BatchSteering, SteeredRow
from .measures.alternatives import top_indices
from .measures.divergence import compare_logits
from .prefill import Prefixes

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from torch import Tensor

    from .adapter import Adapter
    from .row_edit import RowEdit

_MAX_KEPT_BYTES = 1 << 24


@dataclass(frozen=True)
class _Kept:
    """What is known of a prompt.

    Attributes:
        token_ids: of the prompt.
        split: number of blocks below `h`; 0: passes are whole.
        h: what block `split` reads, unsteered `[1, seq, d_model]`; None where passes are whole.
        logits: unsteered, behind the prompt `[1, d_vocab]`.
    """

    token_ids: tuple[int, ...]
    split: int
    h: Tensor | None
    logits: Tensor


class NextTokenReader:
    """Reads next-token distributions; keeps at most 16 MiB of one prompt.

    Args:
        adapter: the model.
    """

    def __init__(self, adapter: Adapter) -> None:
        self._adapter = adapter
        self._kept: _Kept | None = None

    def forget(self) -> None:
        """Gives the memory back."""
        self._kept = None

    @torch.inference_mode()
    def read(
        self, token_ids: Sequence[int], edits: Sequence[RowEdit], *, keeps_norm: bool, k: int
    ) -> NextTokens:
        """Both distributions behind a prompt.

        Both are read by passes of the same shape, so that rounding is the same in both.

        Args:
            token_ids: of the prompt.
            edits: how it is steered; none: both distributions are the same.
            keeps_norm: whether its steered tokens keep their norm.
            k: how many tokens to name.

        Raises:
            Diverged: logits were not finite, or the edit was too long for a finite dose.
            HookInactive: the pass was not steered.
        """
        prefixes = Prefixes.of([token_ids], self._adapter.pad_id)
        row = SteeredRow(edits, len(token_ids), keeps_norm)
        steering = BatchSteering(self._adapter, [row])
        kept = self._unsteered(prefixes, steering.first_block)
        if not edits:
            return self._compared(kept.logits, kept.logits, 0.0, k)
        with steering:
            steering.place(prefixes.token_ids, prefixes.positions)
            steered = self._logits(prefixes, kept.split, kept.h)
            steering.finish()
        dose = steering.doses()[0] or 0.0
        if not math.isfinite(
            dose
        ):  # the page's JSON has no infinity, and hidden states are lost in the edit anyway
            raise Diverged(
                "The length of the edit was no longer finite: the steering is too strong for the number format. "
                "Lower the strength."
            )
        return self._compared(kept.logits, steered, dose, k)

    def _unsteered(self, prefixes: Prefixes, first_block: int) -> _Kept:
        """What is kept of the prompt, if it holds for a steering from this block on; or read anew."""
        token_ids, kept = tuple(prefixes.token_ids[0].tolist()), self._kept
        if kept is not None and kept.token_ids == token_ids and kept.split <= first_block:
            return kept
        adapter, h = self._adapter, None
        # Below the last block, so that one is left to run where nothing is steered.
        split = min(first_block, adapter.n_layers - 1) if adapter.can_split else 0
        if split:
            with adapter.layers.below(split) as seen:
                adapter.read(prefixes, None)
            h = seen[0]
        found = _Kept(token_ids, split, h, self._logits(prefixes, split, h))
        n_bytes = sum(tensor.nbytes for tensor in (found.h, found.logits) if tensor is not None)
        self._kept = found if n_bytes <= _MAX_KEPT_BYTES else None
        return found

    def _logits(self, prefixes: Prefixes, split: int, h: Tensor | None) -> Tensor:
        """Behind the last token `[1, d_vocab]`, by the blocks from `split` on."""
        adapter = self._adapter
        part: AbstractContextManager[None] = (
            nullcontext() if h is None else adapter.layers.from_(split, h.clone())
        )
        with part:
            return adapter.next_logits(
                prefixes.token_ids.to(adapter.input_device),
                prefixes.positions.to(adapter.input_device),
                None,
                None,
            )

    def _compared(self, unsteered: Tensor, steered: Tensor, dose: float, k: int) -> NextTokens:
        """The `k` tokens that are likeliest in either distribution, and how far the two lie apart."""
        if not bool(torch.isfinite(steered.amax()) & torch.isfinite(unsteered.amax())):
            raise Diverged(
                "The logits were no longer finite under this steering: it is too strong for the number format. "
                "Lower the strength, or load the model with dtype='float32'."
            )
        p_unsteered, p_steered = (logits.float().softmax(-1) for logits in (unsteered, steered))
        likeliest = torch.maximum(p_unsteered, p_steered)
        top = top_indices(likeliest, min(k, likeliest.shape[-1]))[0]
        nobody = torch.zeros(1, dtype=torch.long, device=steered.device)
        kl = compare_logits(steered, unsteered, nobody, surprise=False).kl
        tokens = tuple(
            Alternative(token_id, str(self._adapter.tokenizer.decode([token_id])), p, q)
            for token_id, p, q in zip(
                top.tolist(), p_steered[0, top].tolist(), p_unsteered[0, top].tolist(), strict=True
            )
        )
        return NextTokens(tokens, 0.0 if kl is None else float(kl), dose)
