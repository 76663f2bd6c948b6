"""How far two models' next-token distributions lie apart, and how surprising a token was.

With d the difference of the logits and Z the sums of their exponentials, both relative to the rows' maxima:

    KL(steered‖unsteered) = Σ p_steered · d − (log Z_steered − log Z_unsteered)

Rows that are the same to the bit give exactly zero: d is zero, and both Z come from equal numbers.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from .alternatives import Alternatives, top_indices

# Numbers a buffer. Three of them stay in the cores' caches, and are small enough for the C heap to hand out again:
# new pages cost more than the sums.
_N_BUFFER_CPU = 2**19
_N_BUFFER = 2**24  # 64 MiB; a GPU wants few and large kernels


@dataclass(frozen=True)
class Divergence:
    """What was asked for of n tokens; None where it was not.

    Attributes:
        kl: KL(steered‖unsteered) in nats, `[n]`; infinite where the steered model allows a token that the
            unsteered one excludes, NaN where logits were not finite numbers.
        surprise: −log p(token) under the unsteered model in nats, `[n]`.
        alternatives: the most likely tokens of the steered model.
    """

    kl: Tensor | None
    surprise: Tensor | None
    alternatives: Alternatives | None

    @classmethod
    def joined(cls, parts: Sequence[Divergence]) -> Divergence:
        """One of all tokens, from those of consecutive pieces.

        Args:
            parts: at least one; all with the same measures.
        """
        alternatives = [part.alternatives for part in parts if part.alternatives is not None]
        return cls(
            _joined([part.kl for part in parts if part.kl is not None]),
            _joined([part.surprise for part in parts if part.surprise is not None]),
            Alternatives.joined(alternatives) if alternatives else None,
        )


@torch.inference_mode()
def compare_logits(
    steered: Tensor | None,
    unsteered: Tensor,
    token_ids: Tensor,
    *,
    kl: bool = True,
    surprise: bool = True,
    n_alternatives: int = 0,
) -> Divergence:
    """Compares the logits that tokens were drawn from, block by block, in float32; nothing waits for the device.

    Args:
        steered: `[n, d_vocab]`, any float dtype; None where they are the unsteered ones.
        unsteered: `[n, d_vocab]`, on the same prefixes. Logits may be −inf, as of a masked vocabulary.
        token_ids: `[n]`, the tokens drawn.
        kl: whether to give KL(steered‖unsteered).
        surprise: whether to give the tokens' surprise.
        n_alternatives: how many of the steered model's most likely tokens to give.
    """
    n, d_vocab = unsteered.shape
    device = unsteered.device
    k = min(n_alternatives, d_vocab)
    made = Divergence(
        torch.zeros(n, device=device) if kl else None,
        torch.zeros(n, device=device) if surprise else None,
        Alternatives.zeros(n, k, device) if n_alternatives else None,
    )
    needs_steered = steered is not None and (kl or k > 0)
    buffers = _buffers(3 if needs_steered else 1, n, d_vocab, device)
    for rows in _blocks(n, len(buffers[0])):
        u = _relative_to_maximum(unsteered[rows], buffers[0])
        s = u
        difference = None
        if needs_steered and steered is not None:
            s = _relative_to_maximum(steered[rows], buffers[1])
            difference = torch.sub(s, u, out=buffers[2][: len(s)]) if kl else None
        token_logits = u.gather(-1, token_ids[rows, None]).squeeze(-1) if surprise else None
        top = top_indices(s, k) if k else None
        z_u = u.exp_().sum(-1)
        z_s = z_u if s is u else s.exp_().sum(-1)
        if made.kl is not None and difference is not None:
            # nansum: where both logits are −inf the difference is NaN, and the token counts for nothing
            expected = difference.mul_(s).nansum(-1) / z_s
            made.kl[rows] = (expected - (z_s.log() - z_u.log())).clamp_(min=0)
        if made.surprise is not None and token_logits is not None:
            made.surprise[rows] = z_u.log() - token_logits
        if made.alternatives is not None and top is not None:
            made.alternatives.token_ids[rows] = top
            made.alternatives.steered[rows] = s.gather(-1, top) / z_s[:, None]
            made.alternatives.unsteered[rows] = u.gather(-1, top) / z_u[:, None]
    return made


def _relative_to_maximum(logits: Tensor, buffer: Tensor) -> Tensor:
    shifted = buffer[: len(logits)].copy_(logits)
    return shifted.sub_(shifted.amax(-1, keepdim=True))


def _buffers(count: int, n: int, d_vocab: int, device: torch.device) -> list[Tensor]:
    n_numbers = _N_BUFFER_CPU if device.type == "cpu" else _N_BUFFER
    n_rows = max(1, min(n, n_numbers // d_vocab))
    return [torch.empty(n_rows, d_vocab, device=device) for _ in range(count)]


def _blocks(n: int, n_rows: int) -> Iterator[slice]:
    for start in range(0, n, n_rows):
        yield slice(start, min(start + n_rows, n))


def _joined(parts: Sequence[Tensor]) -> Tensor | None:
    return torch.cat(list(parts)) if parts else None
