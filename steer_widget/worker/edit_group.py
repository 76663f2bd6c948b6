"""Edits of many rows that are computed together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch

if TYPE_CHECKING:
    from torch import Tensor

    from ..methods import Method
    from ..saes.sae import Sae
    from .position_rule import PositionRule
    from .row_edit import RowEdit


@dataclass(frozen=True)
class EditGroup:
    """Edits at one hook point with the same method and SAE, which depend on h.

    Attributes:
        method: of all of them.
        sae: whose activations are read, or whose decoder scale holds; None for vectors.
        rows: row of the batch that each edit acts on, ascending `[n]`, on the CPU.
        rules: of each edit.
        directions: `[n, d_in]`, float32; of length 1 where the method reads the projection.
        strengths: `[n, 1]`.
        features: indices in the SAE `[n]`, on the CPU.
    """

    method: Method
    sae: Sae | None
    rows: Tensor
    rules: tuple[PositionRule, ...]
    directions: Tensor
    strengths: Tensor
    features: Tensor

    def kept(self, rows: Tensor) -> EditGroup | None:
        """The edits of these rows, which are then rows 0, 1, …; None when there is none."""
        place_of = {int(row): place for place, row in enumerate(rows.tolist())}
        kept = [n for n, row in enumerate(self.rows.tolist()) if row in place_of]
        if not kept:
            return None
        here = torch.tensor(kept, device=self.directions.device)
        return EditGroup(
            self.method,
            self.sae,
            torch.tensor([place_of[int(self.rows[n])] for n in kept]),
            tuple(self.rules[n] for n in kept),
            self.directions[here],
            self.strengths[here],
            self.features[kept],
        )

    def add_to(self, edit: Tensor, h: Tensor, weights: Mapping[PositionRule, Tensor]) -> None:
        """Adds what these edits add.

        Args:
            edit: float32 `[rows, seq, d_in]`; changed.
            h: residual stream as the model gives it, same shape.
            weights: of each rule, on the CPU `[rows, seq]`.
        """
        weight = torch.stack(
            [weights[rule][row] for rule, row in zip(self.rules, self.rows.tolist(), strict=True)]
        )
        if not bool(weight.any()):
            return
        # On the input side a model spread over devices may still hold h where the block before lies.
        device = self.directions.device
        own_h = h[self.rows.to(h.device)].to(device).float()
        amount = self.method.amount(self.strengths, self._reading(own_h)) * weight.to(device)
        if self.sae is not None and self.method.reads != "projection":
            scale = self.sae.decoder_scale(own_h)
            if scale is not None:
                amount = amount * scale[..., 0]
        own_edit = amount[:, :, None] * self.directions[:, None, :]
        edit.index_add_(0, self.rows.to(edit.device), own_edit.to(edit.device))

    def _reading(self, h: Tensor) -> Tensor:
        """What the method reads of each token `[n, seq]`."""
        if self.method.reads == "projection":
            return (h * self.directions[:, None, :]).sum(-1)
        if self.method.reads == "activation" and self.sae is not None:
            return self.sae.paired_activations(h, self.features)
        return torch.zeros(h.shape[:2], device=h.device)


def grouped(
    rows: Sequence[Sequence[RowEdit]], device: torch.device
) -> tuple[dict[PositionRule, Tensor], list[EditGroup]]:
    """Sorts the edits of one hook point into sums that do not depend on h, and groups that do.

    Args:
        rows: edits of each row.
        device: of the hook point.

    Returns:
        For each rule the sum of its constant edits `[rows, d_in]`, float32; and the groups.
    """
    constants: dict[PositionRule, Tensor] = {}
    members: dict[tuple[Method, int], list[tuple[int, RowEdit]]] = {}
    for row, edits in enumerate(rows):
        for edit in edits:
            if _is_constant(edit):
                if edit.rule not in constants:
                    constants[edit.rule] = torch.zeros(len(rows), len(edit.direction))
                amount = edit.method.amount(torch.tensor([[edit.strength]]), torch.zeros(1, 1))
                constants[edit.rule][row] += amount[0] * edit.direction
            else:
                members.setdefault((edit.method, id(edit.sae)), []).append((row, edit))
    groups = [
        _group([row for row, _ in found], [edit for _, edit in found], device) for found in members.values()
    ]
    return {rule: sums.to(device) for rule, sums in constants.items()}, groups


def _is_constant(edit: RowEdit) -> bool:
    if edit.method.reads != "nothing":
        return False
    return edit.sae is None or edit.sae.decoder_scale(edit.direction[None]) is None


def _group(rows: Sequence[int], edits: Sequence[RowEdit], device: torch.device) -> EditGroup:
    directions = torch.stack([edit.direction for edit in edits])
    if edits[0].method.reads == "projection":
        directions = directions / torch.linalg.vector_norm(directions, dim=-1, keepdim=True)
    return EditGroup(
        method=edits[0].method,
        sae=edits[0].sae,
        rows=torch.tensor(rows),
        rules=tuple(edit.rule for edit in edits),
        directions=directions.to(device),
        strengths=torch.tensor([[edit.strength] for edit in edits], device=device),
        features=torch.tensor([edit.feature for edit in edits]),
    )
