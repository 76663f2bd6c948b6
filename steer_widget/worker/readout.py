"""What a direction of the residual stream does to the logits by itself: final norm and unembedding as one linear map."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import torch
from torch import nn

from ..errors import GenerationError
from . import hook_points
from .prefill import Prefixes
from .reading import watching

if TYPE_CHECKING:
    from torch import Tensor

    from .adapter import Adapter

_TEXT = "The old harbour lay quiet in the morning light."
_N_NUMBERS = 1 << 24  # of the unembedding in float32 at once: 64 MiB
_N_ROUNDINGS = 8


class Readout:
    """What stands between the last decoder block and the logits, linear but for the final norm's division.

    The final norm gives γ ⊙ h / |h|ᵣₘₛ (RMSNorm) or γ ⊙ (h − mean(h)) / std(h) + β (LayerNorm), so that a
    direction d adds to its output in proportion to γ ⊙ d, or to γ ⊙ (d − mean(d)).

    Args:
        adapter: the model.

    Raises:
        GenerationError: what stands there gives something else than what the model's own head reads.
    """

    def __init__(self, adapter: Adapter) -> None:
        self._adapter = adapter
        self._parts = _parts_behind_blocks(adapter)

    @torch.inference_mode()
    def logits(self, directions: Tensor) -> Tensor:
        """What directions add to each token's logit, less what they add to all: float32 `[n, d_vocab]`, on the CPU.

        Args:
            directions: of the residual stream, `[n, d_model]`.
        """
        v, dtype = directions.float().cpu(), self._adapter.dtype
        for part in self._parts:
            v = through(part, v, dtype)
        found = _linear(self._adapter.head, v, dtype)
        return found - found.mean(-1, keepdim=True)


@torch.inference_mode()
def through(part: nn.Module, v: Tensor, dtype: torch.dtype, *, is_norm: bool | None = None) -> Tensor:
    """What a linear map, or a norm but for its division, makes of directions `[n, d]`: float32, on the CPU.

    Args:
        part: of the model.
        v: directions, float32.
        dtype: of the model.
        is_norm: whether it is a norm; None: it is unless it is a `nn.Linear`.
    """
    is_linear = isinstance(part, nn.Linear) if is_norm is None else not is_norm
    return _linear(part, v, dtype) if is_linear else _folded(part, v, dtype)


@torch.inference_mode()
def _parts_behind_blocks(adapter: Adapter) -> tuple[nn.Module, ...]:
    """The modules that run behind the last block, in their order; held against what the head reads."""
    trunk, last = hook_points.trunk(adapter.model), hook_points.blocks(adapter.model)[-1]
    is_behind = False
    found: list[nn.Module] = []

    def mark(*_: object) -> None:
        nonlocal is_behind
        is_behind = True

    def note(module: nn.Module, *_: object) -> None:
        if is_behind:
            found.append(module)

    ids = [adapter.tokenizer(_TEXT)["input_ids"][: adapter.n_context]]
    prefixes = Prefixes.of(ids, adapter.pad_id)
    device = adapter.input_device
    handles = [
        part.register_forward_hook(note)
        for part in trunk.children()
        if not isinstance(part, nn.ModuleList) and part is not adapter.head
    ]
    handles.append(last.register_forward_hook(mark))
    point = adapter.point(f"blocks.{adapter.n_layers - 1}.hook_resid_post")
    try:
        with watching([point]) as seen:
            read = adapter.last_hidden(prefixes.token_ids.to(device), prefixes.positions.to(device), None)
    finally:
        for handle in handles:
            handle.remove()
    if not _gives(found, seen[point.name][0], read):
        names = ", ".join(type(part).__name__ for part in found) or "nothing"
        raise GenerationError(
            f"What {type(adapter.model).__name__} does behind its last block is not known ({names} gives something "
            "else than its head reads), so no logit lens can be computed. Report this model."
        )
    return tuple(found)


def _gives(parts: Sequence[nn.Module], h: Tensor, wanted: Tensor) -> bool:
    for part in parts:
        h = part(h)
    if h.shape != wanted.shape:
        return False
    tolerance = _N_ROUNDINGS * torch.finfo(wanted.dtype).eps * float(wanted.abs().max())
    return bool((h.to(wanted.device).float() - wanted.float()).abs().max() <= tolerance)


def _folded(norm: nn.Module, v: Tensor, dtype: torch.dtype) -> Tensor:
    """γ ⊙ v `[n, d]`, where the norm takes the mean off without it; all read off the norm itself.

    On ±1 in turns, whose mean is 0 and whose rms is 1, any norm gives ±γ + β. So no family's way of keeping
    γ (Gemma: less 1) has to be known.
    """
    signs = torch.ones(1, v.shape[-1])
    signs[:, 1::2] = -1
    centred = v - v.mean(-1, keepdim=True)
    if isinstance(norm, nn.LayerNorm):
        weight: Tensor | None = norm.weight  # None where it has no scale
        if weight is not None and not weight.is_meta:
            return weight.float().cpu() * centred
    else:  # torch's own refuses another dtype than its weight's, the families' do not
        dtype = torch.float32
        if not torch.allclose(_apply(norm, signs + 1, dtype), _apply(norm, signs, dtype), atol=1e-3):
            centred = v
    return (_apply(norm, signs, dtype) - _apply(norm, -signs, dtype)) / 2 * signs * centred


def _linear(module: nn.Module, v: Tensor, dtype: torch.dtype) -> Tensor:
    """The product of `[n, d]` with its weight, in float32 where the weight is at hand; a bias is left out."""
    weight = getattr(module, "weight", None)
    if not isinstance(module, nn.Linear) or not isinstance(weight, torch.Tensor) or weight.is_meta:
        return _apply(module, v, dtype) - _apply(module, torch.zeros_like(v), dtype)
    v = v.to(weight.device)
    step = max(1, _N_NUMBERS // weight.shape[1])
    pieces = [v @ weight[n : n + step].float().T for n in range(0, len(weight), step)]
    return torch.cat(pieces, -1).cpu()


def _apply(module: nn.Module, v: Tensor, dtype: torch.dtype) -> Tensor:
    device = next((p.device for p in module.parameters() if not p.is_meta), v.device)
    out: Tensor = module(v.to(device, dtype)[None])[0]
    return out.float().cpu()
