"""The check of a fresh adapter: width, that an edit changes the logits, and how long the residual stream is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch

from ..errors import HookInactive, LoadError, SaeMismatch
from .steering_hook import RowEdit, SteeringHook

if TYPE_CHECKING:
    from torch import Tensor

    from .adapter import Adapter

_TEXT = (
    "The old harbour lay quiet in the morning light. A few fishermen mended their nets while the gulls argued "
    "over scraps, and somewhere behind the warehouses a church bell counted nine. She had meant to leave early, "
    "before the market opened, but the letter in her pocket kept her on the bench. What do you do with good news "
    "that comes too late? In 1987 the answer would have been simple: you pack, you go, you write from the road. "
    "Now there were accounts to settle, a roof to repair, two cats, and a promise to the neighbours."
)
_SINK_FACTOR = 5.0  # sinks are tens of times the median long; other tokens stay within twice of it


@torch.inference_mode()
def measure_and_check(adapter: Adapter) -> float:
    """Median |h| at the hook point on a short text, first token and sinks left out.

    Args:
        adapter: fresh.

    Raises:
        SaeMismatch: the SAE's width is not the hook point's.
        HookInactive: an edit there leaves the logits as they were.
    """
    token_ids = torch.tensor(
        [adapter.tokenizer(_TEXT)["input_ids"][: adapter.n_context]], device=adapter.input_device
    )
    h, plain = _read(adapter, token_ids)
    if h.shape[-1] != adapter.hook_width:
        allowed = f"d_in={h.shape[-1]}, the width at {adapter.hook_point.name} of this model"
        raise SaeMismatch("sae", f"d_in={adapter.hook_width}", allowed)
    if not bool(torch.isfinite(h).all()):
        raise LoadError(
            f"The model's own activations at {adapter.hook_point.name} are not finite, without any steering. "
            "Its dtype is probably too narrow for it: load it with dtype='bfloat16' or 'float32'."
        )
    norms = torch.linalg.vector_norm(h.float(), dim=-1)
    norms = norms[1:] if len(norms) > 1 else norms
    residual_norm = float(norms[norms <= _SINK_FACTOR * norms.median()].median())
    _check_hook_acts(adapter, token_ids, plain, residual_norm)
    return residual_norm


def _read(adapter: Adapter, token_ids: Tensor) -> tuple[Tensor, Tensor]:
    """The tensor at the hook point `[seq, width]`, and the logits behind the last token."""
    seen: list[Tensor] = []
    module = adapter.hook_point.module

    def on_input(_module: torch.nn.Module, args: Any, kwargs: Any) -> None:
        seen.append(args[0] if args else kwargs["hidden_states"])

    def on_output(_module: torch.nn.Module, _args: Any, output: Any) -> None:
        seen.append(output[0] if isinstance(output, tuple) else output)

    handle = (
        module.register_forward_hook(on_output)
        if adapter.hook_point.side == "output"
        else module.register_forward_pre_hook(on_input, with_kwargs=True)
    )
    with handle:
        logits = adapter.next_logits(token_ids, _positions(token_ids), None, None)
    if not seen:
        raise HookInactive(
            f"The model never ran the module of {adapter.hook_point.name}, so nothing could be steered there. "
            "Choose an SAE at another hook point."
        )
    return seen[0][0], logits


def _check_hook_acts(adapter: Adapter, token_ids: Tensor, plain: Tensor, residual_norm: float) -> None:
    width = adapter.hook_width
    direction = torch.randn(width, generator=torch.Generator().manual_seed(0))
    edit = RowEdit("add", "all", direction / direction.norm(), residual_norm or 1.0)
    positions = _positions(token_ids)
    hook = SteeringHook(adapter.hook_point, [[edit]], width, adapter.hook_device, adapter.dtype)
    with hook:
        hook.place(positions, torch.tensor([token_ids.shape[1]], device=token_ids.device))
        steered = adapter.next_logits(token_ids, positions, None, None)
    if torch.equal(steered, plain):
        raise HookInactive(
            f"A probe edit at {adapter.hook_point.name} left the logits of {type(adapter.model).__name__} unchanged, "
            "so steering would do nothing. Choose an SAE at another hook point, or report this model."
        )


def _positions(token_ids: Tensor) -> Tensor:
    return torch.arange(token_ids.shape[1], device=token_ids.device)[None]
