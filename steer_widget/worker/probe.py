"""The checks of a model before it is steered: hook points act, and what parts of a pass can run apart."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

import torch
from transformers.cache_utils import DynamicSlidingWindowLayer

from .. import methods
from ..errors import HookInactive, LoadError, SaeMismatch
from .batch_steering import BatchSteering, SteeredRow
from .cache import RoomyCache, RoomyLayer
from .position_rule import PositionRule
from .reading import watching
from .row_edit import RowEdit

if TYPE_CHECKING:
    from torch import Tensor

    from .adapter import Adapter
    from .hook_points import HookPoint

_log = logging.getLogger(__name__)

_TEXT = (
    "The old harbour lay quiet in the morning light. A few fishermen mended their nets while the gulls argued "
    "over scraps, and somewhere behind the warehouses a church bell counted nine. She had meant to leave early, "
    "before the market opened, but the letter in her pocket kept her on the bench. What do you do with good news "
    "that comes too late? In 1987 the answer would have been simple: you pack, you go, you write from the road. "
    "Now there were accounts to settle, a roof to repair, two cats, and a promise to the neighbours."
)
SINK_FACTOR = 5.0  # sinks are tens of times the median long; other tokens stay within twice of it
_SPLITTABLE = (RoomyLayer, DynamicSlidingWindowLayer)  # other layers hold more than keys and values
_N_ROUNDINGS = 8  # by which the same logits may differ when their matrix products have another shape


@torch.inference_mode()
def measure_and_check(adapter: Adapter, point: HookPoint, width: int | None) -> tuple[int, float, float]:
    """Checks a hook point on a short text.

    Args:
        adapter: the model.
        point: to check.
        width: what its tensor has to have; None does not ask.

    Returns:
        The tensor's width, and the medians of |h| and of |h − mean(h)| there, first token and sinks left out.

    Raises:
        SaeMismatch: the SAE's width is not the hook point's.
        HookInactive: an edit there leaves the logits as they were.
    """
    token_ids = _probe_ids(adapter)
    h, plain = _read(adapter, point, token_ids)
    if width is not None and h.shape[-1] != width:
        allowed = f"d_in={h.shape[-1]}, the width at {point.name} of this model"
        raise SaeMismatch("sae", f"d_in={width}", allowed)
    if not bool(torch.isfinite(h).all()):
        raise LoadError(
            f"The model's own activations at {point.name} are not finite, without any steering. "
            "Its dtype is probably too narrow for it: load it with dtype='bfloat16' or 'float32'."
        )
    kept = h[1:].float() if len(h) > 1 else h.float()
    norms = torch.linalg.vector_norm(kept, dim=-1)
    kept = kept[norms <= SINK_FACTOR * norms.median()]
    residual_norm = float(torch.linalg.vector_norm(kept, dim=-1).median())
    spread = float(torch.linalg.vector_norm(kept - kept.mean(0), dim=-1).median())
    _check_hook_acts(adapter, point, plain, residual_norm, h.shape[-1])
    return h.shape[-1], residual_norm, spread


@torch.inference_mode()
def find_abilities(adapter: Adapter) -> None:
    """Finds out whether a pass may run some blocks only, and whether hidden states can be unembedded apart.

    Both are compared with the model's own whole pass; where they differ, the engine does without.
    """
    token_ids = _probe_ids(adapter)
    positions = _positions(token_ids)
    plain = adapter.next_logits(token_ids, positions, None, None)
    hidden = adapter.last_hidden(token_ids, positions, None)
    adapter.can_unembed = _same(adapter.unembed(hidden[:, -1]), plain)
    adapter.can_split = _can_split(adapter, token_ids, plain)


def _can_split(adapter: Adapter, token_ids: Tensor, plain: Tensor) -> bool:
    split = adapter.n_layers // 2
    layers = RoomyCache(adapter.model.config, 0).layers
    if split == 0 or not all(type(layer) in _SPLITTABLE for layer in layers):
        return False
    positions = _positions(token_ids)
    try:
        adapter.layers.gives_tuple = adapter.layers.gives_tuples(
            lambda: adapter.next_logits(token_ids, positions, None, None)
        )
        with adapter.layers.below(split) as seen:
            adapter.next_logits(token_ids, positions, None, RoomyCache(adapter.model.config, 0))
        # Another text in between: what a block keeps of an earlier pass must not help.
        adapter.next_logits(token_ids.flip(-1), positions, None, RoomyCache(adapter.model.config, 0))
        with adapter.layers.from_(split, seen[0]):
            in_parts = adapter.next_logits(token_ids, positions, None, RoomyCache(adapter.model.config, 0))
    except (RuntimeError, TypeError, ValueError, IndexError, KeyError, AttributeError) as error:
        # Models that tie their blocks together in some other way are read whole: slower, and as right.
        _log.warning("the blocks of %s cannot run apart: %s", type(adapter.model).__name__, error)
        return False
    return _same(in_parts, plain)


def _same(found: Tensor, wanted: Tensor) -> bool:
    scale = float(wanted.float().abs().max())
    tolerance = _N_ROUNDINGS * torch.finfo(wanted.dtype).eps * max(scale, 1.0)
    return bool((found.float() - wanted.float()).abs().max() <= tolerance)


def _probe_ids(adapter: Adapter) -> Tensor:
    return torch.tensor(
        [adapter.tokenizer(_TEXT)["input_ids"][: adapter.n_context]], device=adapter.input_device
    )


def _read(adapter: Adapter, point: HookPoint, token_ids: Tensor) -> tuple[Tensor, Tensor]:
    """The tensor at the hook point `[seq, width]`, and the logits behind the last token."""
    with watching([point]) as seen:
        logits = adapter.next_logits(token_ids, _positions(token_ids), None, None)
    if not seen[point.name]:
        raise HookInactive(
            f"The model never ran the module of {point.name}, so nothing could be steered there. "
            "Choose an SAE at another hook point."
        )
    return seen[point.name][0][0], logits


def _check_hook_acts(
    adapter: Adapter, point: HookPoint, plain: Tensor, residual_norm: float, width: int
) -> None:
    token_ids = _probe_ids(adapter)
    direction = torch.randn(width, generator=torch.Generator().manual_seed(0))
    edit = RowEdit(
        hook_name=point.name,
        method=methods.get("add"),
        rule=PositionRule(),
        direction=direction / direction.norm(),
        strength=residual_norm or 1.0,
    )
    positions = _positions(token_ids)
    with BatchSteering(adapter, [SteeredRow([edit], token_ids.shape[1])]) as steering:
        steering.place(token_ids.cpu(), positions.cpu())
        steered = adapter.next_logits(token_ids, positions, None, None)
        steering.finish()
    if torch.equal(steered, plain):
        raise HookInactive(
            f"A probe edit at {point.name} left the logits of {type(adapter.model).__name__} unchanged, "
            "so steering would do nothing. Choose an SAE at another hook point, or report this model."
        )


def _positions(token_ids: Tensor) -> Tensor:
    return torch.arange(token_ids.shape[1], device=token_ids.device)[None]
