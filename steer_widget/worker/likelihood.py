"""How likely the unsteered model finds texts behind contexts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import torch

from ..errors import InvalidInput, PromptTooLong
from .batches import by_length
from .halving import in_batches
from .measures.divergence import compare_logits
from .prefill import Prefixes
from .stopping import go_on

if TYPE_CHECKING:
    from .adapter import Adapter
    from .checkpoint import Checkpoint

_MAX_TOKENS = 4096  # padded, in one forward pass
_N_LOGITS = 1 << 24  # at once

Pair = tuple[str, str]
"""A context and the text behind it."""


@torch.inference_mode()
def log_likelihoods(
    adapter: Adapter, pairs: Sequence[Pair], checkpoint: Checkpoint = lambda: False
) -> list[float]:
    """Natural logarithm of p(text | context) of each pair, summed over the text's tokens.

    Context and text are tokenised apart, so that the text has the same tokens behind every context.

    Args:
        adapter: the model, unsteered.
        pairs: of context and text, neither empty.
        checkpoint: passed before each batch.

    Returns:
        In the order of the pairs.

    Raises:
        TaskStopped: at a checkpoint.
        InvalidInput: a context or a text without tokens.
        PromptTooLong: a pair exceeds the model's context.
        GenerationError: the model's head alone does not give its logits.
    """
    adapter.need_unembed("the likelihood of texts")
    known: dict[str, list[int]] = {}
    tokens = [_tokens(adapter, known, *pair) for pair in pairs]
    found = [0.0] * len(pairs)
    batches = by_length([len(before) + len(behind) for before, behind in tokens], _MAX_TOKENS)

    def read(batch: Sequence[int]) -> list[float]:
        go_on(checkpoint)
        return _read(adapter, [tokens[pair] for pair in batch])

    for batch, values in in_batches(batches, read, adapter.input_device):
        for pair, value in zip(batch, values, strict=True):
            found[pair] = value
    return found


def _tokens(
    adapter: Adapter, known: dict[str, list[int]], context: str, text: str
) -> tuple[list[int], list[int]]:
    before = list(adapter.tokenizer(context)["input_ids"])
    if text not in known:
        known[text] = list(adapter.tokenizer(text, add_special_tokens=False)["input_ids"])
    behind = known[text]
    if not before or not behind:
        raise InvalidInput("text", text if before else context, "texts with at least one token")
    if len(before) + len(behind) > adapter.n_context:
        raise PromptTooLong(
            "text", f"{len(before) + len(behind)} tokens", f"at most {adapter.n_context}, the model's context"
        )
    return before, behind


def _read(adapter: Adapter, tokens: Sequence[tuple[list[int], list[int]]]) -> list[float]:
    """Padded on the left, so that all texts end together."""
    prefixes = Prefixes.of([before + behind for before, behind in tokens], adapter.pad_id)
    mask = prefixes.mask
    hidden = adapter.last_hidden(
        prefixes.token_ids.to(adapter.input_device),
        prefixes.positions.clamp_min(0).to(adapter.input_device),
        None if mask is None else mask.to(adapter.input_device),
    )
    drawn = torch.cat([hidden[row, -len(behind) - 1 : -1] for row, (_, behind) in enumerate(tokens)])
    token_ids = torch.tensor([token_id for _, behind in tokens for token_id in behind])
    n_block = max(1, _N_LOGITS // adapter.d_vocab)
    surprises = []
    for start in range(0, len(drawn), n_block):
        logits = adapter.unembed(drawn[start : start + n_block])
        ids = token_ids[start : start + n_block].to(logits.device)
        surprises.append(compare_logits(None, logits, ids, kl=False).surprise)
    surprise = torch.cat([part.cpu() for part in surprises if part is not None]).double()
    return [-float(part.sum()) for part in surprise.split([len(behind) for _, behind in tokens])]
