"""An independent reference in plain PyTorch: one row, no cache, the hidden state edited explicitly.

No code of the package: formulas are written out as the literature gives them (see reference/steering.md).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor


@dataclass(frozen=True)
class Edit:
    """One edit, with all numbers in activation units.

    Attributes:
        method: its name.
        v: decoder direction `[d]`.
        s: strength, in the method's own terms.
        weight: of a token, from its position and the number of prompt tokens.
        activation: the feature's activation on a token `[d]`; needed by scale, clamp and ablate.
        site: number of the module it acts on.
    """

    method: str
    v: Tensor
    s: float
    weight: Callable[[int, int], float] = lambda _at, _n_prompt: 1.0
    activation: Callable[[Tensor], float] = lambda _h: 0.0
    site: int = 0


def delta(edit: Edit, h: Tensor) -> Tensor:
    """What an edit adds to one token's activation `[d]`."""
    unit = edit.v / edit.v.norm()
    along = float(h @ unit)
    if edit.method == "add":
        return edit.s * edit.v
    if edit.method == "scale":
        return (edit.s - 1) * edit.activation(h) * edit.v
    if edit.method == "clamp":
        return (edit.s - edit.activation(h)) * edit.v
    if edit.method == "ablate":
        return (0 - 1) * edit.activation(h) * edit.v
    if edit.method == "orthogonal":
        return (edit.s - 1) * along * unit
    if edit.method == "cap":
        wanted = min(along, edit.s) if edit.s >= 0 else max(along, edit.s)
        return (wanted - along) * unit
    raise ValueError(edit.method)


def steered(h: Tensor, edits: Sequence[Edit], n_prompt: int, *, keeps_norm: bool) -> Tensor:
    """The activations `[seq, d]` of one text with all edits applied, each computed from the unedited ones."""
    rows = []
    for at in range(len(h)):
        parts = [
            edit.weight(at, n_prompt) * delta(edit, h[at]) for edit in edits if edit.weight(at, n_prompt)
        ]
        new = h[at] + sum(parts) if parts else h[at]
        rows.append(new * (h[at].norm() / new.norm()) if keeps_norm and parts else new)
    return torch.stack(rows)


def logits(
    model: Any,
    sites: Sequence[tuple[torch.nn.Module, str]],
    ids: list[int],
    edits: Sequence[Edit],
    n_prompt: int,
    *,
    keeps_norm: bool = False,
) -> Tensor:
    """Logits behind every token `[seq, d_vocab]`.

    Args:
        model: a Hugging Face causal model in float32.
        sites: modules, and whether their "input" or "output" is edited.
        ids: the text.
        edits: of this row.
        n_prompt: how many of the tokens are the prompt.
        keeps_norm: whether tokens keep their norm.
    """
    handles = []
    for number, (module, side) in enumerate(sites):
        own = [edit for edit in edits if edit.site == number]

        def on_output(_module: Any, _args: Any, output: Any, own: list[Edit] = own) -> Any:
            h = output[0] if isinstance(output, tuple) else output
            h = steered(h[0], own, n_prompt, keeps_norm=keeps_norm)[None]
            return (h, *output[1:]) if isinstance(output, tuple) else h

        def on_input(_module: Any, args: Any, kwargs: Any, own: list[Edit] = own) -> Any:
            h = args[0] if args else kwargs["hidden_states"]
            h = steered(h[0], own, n_prompt, keeps_norm=keeps_norm)[None]
            return ((h, *args[1:]), kwargs) if args else (args, {**kwargs, "hidden_states": h})

        handles.append(
            module.register_forward_hook(on_output)
            if side == "output"
            else module.register_forward_pre_hook(on_input, with_kwargs=True)
        )
    try:
        with torch.no_grad():
            return model(torch.tensor([ids]), use_cache=False).logits[0]
    finally:
        for handle in handles:
            handle.remove()


def greedy(
    model: Any,
    sites: Sequence[tuple[torch.nn.Module, str]],
    prompt_ids: list[int],
    edits: Sequence[Edit],
    n_new: int,
    *,
    eos: int | None = 1,
    keeps_norm: bool = False,
) -> list[int]:
    """Greedy tokens under steering; arguments as in `logits`."""
    ids = list(prompt_ids)
    for _ in range(n_new):
        ids.append(int(logits(model, sites, ids, edits, len(prompt_ids), keeps_norm=keeps_norm)[-1].argmax()))
        if ids[-1] == eos:
            break
    return ids[len(prompt_ids) :]


def kl(p_logits: Tensor, q_logits: Tensor) -> Tensor:
    """KL(p‖q) of two sets of logits `[n, d_vocab]`, in nats `[n]`, written out in double precision."""
    p, q = p_logits.double().softmax(-1), q_logits.double().softmax(-1)
    return (p * (p.log() - q.log())).sum(-1)
