"""How the next token is picked.

A cell's random numbers are a pure function of (seed, prompt, sample, step, token): Gumbel noise from
a counter-based hash, added to the log-probabilities (Gumbel-max sampling). So they do not depend on
what else is in the batch or on the device, and the baseline and its steered columns share them: where
their texts differ, it is the steering that made them differ.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import TYPE_CHECKING

import torch

if TYPE_CHECKING:
    from torch import Tensor

    from ..spec import Generation

_MASK32 = 0xFFFFFFFF
_N_NUCLEUS_CANDIDATES = 1024


def noise_key(seed: int, prompt_ids: Sequence[int], sample: int) -> bytes:
    """The key of a cell's random numbers; columns of the same prompt and sample share it."""
    text = f"{seed}/{sample}/{','.join(map(str, prompt_ids))}"
    return hashlib.blake2b(text.encode(), digest_size=16).digest()


def _mix(x: Tensor) -> Tensor:
    # MurmurHash3's 32-bit finaliser, in int64 so that every device computes the same bits.
    x = (x ^ (x >> 16)) * 0x85EBCA6B & _MASK32
    x = (x ^ (x >> 13)) * 0xC2B2AE35 & _MASK32
    return x ^ (x >> 16)


def gumbel_noise(keys: Sequence[bytes], step: int, token_ids: Tensor) -> Tensor:
    """Standard Gumbel noise for tokens at a step.

    Args:
        keys: one for each row.
        step: 0 for the first generated token.
        token_ids: `[rows, n]`, or `[n]` for the same tokens in every row.

    Returns:
        `[rows, n]`, float32.
    """
    words = [
        int.from_bytes(hashlib.blake2b(step.to_bytes(8, "little"), key=key, digest_size=8).digest(), "little")
        for key in keys
    ]
    low = torch.tensor([[w & _MASK32] for w in words], device=token_ids.device)
    high = torch.tensor([[w >> 32] for w in words], device=token_ids.device)
    bits = _mix(_mix(token_ids ^ low) ^ high)
    uniform = ((bits >> 9).float() + 0.5) / (1 << 23)  # 24 bits: exact in float32, never 0 or 1
    return -torch.log(-torch.log(uniform))


class Sampler:
    """Picks tokens for the rows of one batch.

    Args:
        generation: temperature, top-k, top-p, repetition penalty.
        keys: `noise_key` of each row.
        seen_ids: tokens of each row so far, prompt first; used by the repetition penalty.
        d_vocab: size of the vocabulary.
        device: of the logits.
    """

    def __init__(
        self,
        generation: Generation,
        keys: Sequence[bytes],
        seen_ids: Sequence[Sequence[int]],
        d_vocab: int,
        device: torch.device,
    ) -> None:
        self._generation = generation
        self._keys = list(keys)
        self._seen: Tensor | None = None
        if generation.repetition_penalty != 1.0:
            self._seen = torch.zeros(len(keys), d_vocab, dtype=torch.bool, device=device)
            for row, ids in enumerate(seen_ids):
                self._seen[row, torch.tensor(list(ids), device=device)] = True

    def keep_rows(self, rows: Sequence[int]) -> None:
        """Drops all rows but these."""
        self._keys = [self._keys[row] for row in rows]
        if self._seen is not None:
            self._seen = self._seen[list(rows)]

    def pick(self, logits: Tensor, steps: Sequence[int]) -> Tensor:
        """The next token of each row.

        Args:
            logits: `[rows, d_vocab]`.
            steps: how many tokens each row has generated before this one.

        Returns:
            Token ids `[rows]`; -1 where the logits are not finite, so that no token can be told.
        """
        generation = self._generation
        if self._seen is not None:
            logits = logits.float()
            penalty = generation.repetition_penalty
            penalised = torch.where(logits > 0, logits / penalty, logits * penalty)
            logits = torch.where(self._seen, penalised, logits)
        best = logits.max(-1)  # the indices are argmax, but several times faster on the CPU in bfloat16
        token_ids = best.indices
        if generation.temperature > 0:
            token_ids = self._sample(logits.float() / generation.temperature, steps)
        if self._seen is not None:
            self._seen.scatter_(1, token_ids[:, None], value=True)
        return token_ids.where(torch.isfinite(best.values), -1)

    def _sample(self, logits: Tensor, steps: Sequence[int]) -> Tensor:
        candidates = _candidates(logits, self._generation)
        if candidates is None:
            return (logits + self._shared_noise(logits.shape[-1], steps, logits.device)).argmax(-1)
        values, token_ids = candidates
        noise = torch.cat(
            [
                gumbel_noise([key], step, ids[None])
                for key, step, ids in zip(self._keys, steps, token_ids, strict=True)
            ]
        )
        best = (values + noise).argmax(-1, keepdim=True)
        return token_ids.gather(-1, best)[:, 0]

    def _shared_noise(self, d_vocab: int, steps: Sequence[int], device: torch.device) -> Tensor:
        """Noise over the vocabulary, made once for rows that share it: `[rows, d_vocab]`."""
        all_ids = torch.arange(d_vocab, device=device)
        made: dict[tuple[bytes, int], Tensor] = {}
        for pair in zip(self._keys, steps, strict=True):
            if pair not in made:
                made[pair] = gumbel_noise([pair[0]], pair[1], all_ids)[0]
        return torch.stack([made[pair] for pair in zip(self._keys, steps, strict=True)])


def _candidates(logits: Tensor, generation: Generation) -> tuple[Tensor, Tensor] | None:
    """Logits and ids of the tokens that top-k and top-p leave, `[rows, n]`; None when neither is on.

    Tokens outside the nucleus stand in the rows with -inf.
    """
    d_vocab = logits.shape[-1]
    if generation.top_k:
        values, token_ids = logits.topk(min(generation.top_k, d_vocab), dim=-1)
        log_mass = values.logsumexp(-1, keepdim=True)
    elif generation.top_p < 1:
        log_mass = logits.logsumexp(-1, keepdim=True)
        # Sorting the whole vocabulary costs more than a decode step; nearly always the nucleus is far smaller.
        values, token_ids = logits.topk(min(_N_NUCLEUS_CANDIDATES, d_vocab), dim=-1)
        if bool(((values - log_mass).exp().sum(-1) < generation.top_p).any()):
            values, token_ids = logits.sort(dim=-1, descending=True)
    else:
        return None
    if generation.top_p < 1:
        probabilities = (values - log_mass).exp()
        mass_before = probabilities.cumsum(-1) - probabilities
        values = values.masked_fill(mass_before >= generation.top_p, -torch.inf)
    return values, token_ids
