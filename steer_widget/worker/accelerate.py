"""Makes the decode step of a model fast on the CPU, module by module, each held against what it replaces."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

import torch
from torch import nn

from .decode_attention import Rotation, decode_attention_for
from .gated_mlp import gated_mlp_for
from .packed_linear import PackedLinears, can_pack, is_packable
from .placement import free_bytes
from .rms_norm import rms_norm_for
from .witness import Witness

if TYPE_CHECKING:
    from transformers import PreTrainedModel

    from .replacement import Replacement

_log = logging.getLogger(__name__)
_JOINT_PROJECTIONS = ("q_proj", "k_proj", "v_proj")
_SHARE_OF_FREE_MEMORY = 0.25


@torch.no_grad()
def accelerate(model: PreTrainedModel) -> tuple[Replacement, ...]:
    """Replaces parts of a bfloat16 model on the CPU by faster ones that compute the same; leaves any other as it is.

    Modules, their names and their hooks stay where they are. Linear layers give their weights up for
    packed ones (see `PackedLinears`), so the memory does not double; the unembedding keeps its own
    beside the packed one, where there is room. Each replacement is held against its module, and the
    whole against the plain model; what differs by more than rounding is taken back. Without bfloat16 it
    does not pay: packed float32 products are slower at one row.

    Args:
        model: of the worker's own, never a user's.

    Returns:
        What was replaced; nothing where the model, torch or the processor do not offer it (the log
        says why).
    """
    if {(p.device.type, p.dtype) for p in model.parameters()} != {("cpu", torch.bfloat16)} or not can_pack():
        _log.info("the model runs as it is: it is not in bfloat16 on a CPU that multiplies bfloat16")
        return ()
    replacements: list[Replacement] = []
    try:
        witness = Witness(model)
        replacements += _install(_packed_linears(model), witness)
        packed = {
            module: one for one in replacements if isinstance(one, PackedLinears) for module in one.modules
        }
        rotation = Rotation()
        for module in model.modules():
            candidates = (
                gated_mlp_for(module, packed),
                decode_attention_for(module, packed, rotation),
                rms_norm_for(module),
            )
            replacements += _install((one for one in candidates if one is not None), witness)
        agrees = witness.model_agrees()
    except Exception:  # noqa: BLE001 - models raise anything, and all of them run as they are
        _log.exception("the model runs as it is: something in it cannot be replaced")
        agrees = False
    else:
        if not agrees:
            _log.warning("the model runs as it is: its logits differed after parts of it had been replaced")
    if not agrees:
        for replacement in reversed(replacements):
            replacement.remove()
        return ()
    counts = Counter(type(one).__name__ for one in replacements)
    _log.info("replaced for speed: %s", ", ".join(f"{n} {name}" for name, n in counts.items()))
    return tuple(replacements)


def _install(candidates: Iterable[Replacement], witness: Witness) -> Iterator[Replacement]:
    for replacement in candidates:
        replacement.install()
        if witness.agrees(replacement):
            yield replacement
        else:
            replacement.remove()
            names = ", ".join(type(module).__name__ for module in replacement.modules)
            _log.warning(
                "%s stays as it is: its %s differed by more than rounding", names, type(replacement).__name__
            )


def _packed_linears(model: PreTrainedModel) -> Iterator[PackedLinears]:
    n_owners = Counter(id(p) for _, p in model.named_parameters(remove_duplicate=False))
    head = model.get_output_embeddings()

    def is_own(module: nn.Module) -> bool:
        return is_packable(module) and module is not head and n_owners[id(module.weight)] == 1

    joint: set[nn.Module] = set()
    for parent in model.modules():
        children = dict(parent.named_children())
        group = [children[name] for name in _JOINT_PROJECTIONS if name in children]
        if len(group) == len(_JOINT_PROJECTIONS) and all(map(is_own, group)) and _fit_together(group):
            joint.update(group)
            yield PackedLinears(group)
    for module in model.modules():
        if is_own(module) and module not in joint:
            yield PackedLinears([module])
    if (
        head is not None
        and is_packable(head)
        and head.weight.nbytes < _SHARE_OF_FREE_MEMORY * free_bytes(torch.device("cpu"))
    ):
        yield PackedLinears([head], keep_weights=True)


def _fit_together(group: list[nn.Module]) -> bool:
    linears = [module for module in group if isinstance(module, nn.Linear)]
    return (
        len(linears) == len(group)
        and len({linear.in_features for linear in linears}) == 1
        and len({linear.bias is None for linear in linears}) == 1
    )
