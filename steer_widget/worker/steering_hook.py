"""The one hook of a hook point: every row of the batch carries its own edits, as tensors."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import torch

from ..errors import HookInactive
from .edit_group import grouped
from .tap import Tap

if TYPE_CHECKING:
    from torch import Tensor

    from .hook_points import HookPoint
    from .position_rule import PositionRule
    from .row_edit import RowEdit

Weights = Mapping["PositionRule", "Tensor"]
"""Weights of each rule in one forward pass, on the CPU: `[rows, seq]`."""


class SteeringHook:
    """Applies each row's edits at one hook point: all computed from the same h, summed, added once.

    `place` comes before each forward pass, so that positions are absolute whatever the pass holds.

    Args:
        point: where it acts.
        rows: the edits of each row of the batch; empty for an unsteered row.
        keeps_norm: whether the row's tokens keep their norm, for each row.
        device: of the hook point.
    """

    def __init__(
        self,
        point: HookPoint,
        rows: Sequence[Sequence[RowEdit]],
        keeps_norm: Sequence[bool],
        device: torch.device,
    ) -> None:
        self.point = point
        self._device = device
        self._constants, self._groups = grouped(rows, device)
        self._keeps_norm = torch.tensor(keeps_norm, device=device) if any(keeps_norm) else None
        self._dose_sum = torch.zeros(len(rows), device=device)
        self._n_steered = torch.zeros(len(rows), device=device)
        self._tap = Tap(point, self._steer)
        self._weights: Weights | None = None
        self._shape: tuple[int, ...] = ()
        self._whole: tuple[Tensor, Tensor] | None = None
        self._n_calls = 0
        self._n_placed = 0

    def attach(self) -> None:
        """From now on it acts in every forward pass."""
        self._tap.attach()

    def detach(self) -> None:
        """Takes the hook off the model."""
        self._tap.detach()

    def keep_rows(self, rows: Tensor) -> None:
        """Drops all rows of the batch but these (indices on the CPU, ascending)."""
        here = rows.to(self._device)
        self._constants = {rule: vectors[here] for rule, vectors in self._constants.items()}
        self._groups = [kept for group in self._groups if (kept := group.kept(rows)) is not None]
        self._dose_sum, self._n_steered = self._dose_sum[here], self._n_steered[here]
        if self._keeps_norm is not None:
            self._keeps_norm = self._keeps_norm[here]
        self._whole = None

    def place(self, weights: Weights) -> None:
        """Says how strongly each token of the next forward pass is steered.

        Raises:
            HookInactive: the pass before this one never came to the hook point.
        """
        self.refuse_inactive()
        self._n_placed += 1
        self._weights = weights
        self._shape = tuple(next(iter(weights.values())).shape)

    def refuse_inactive(self) -> None:
        """Was every forward pass that was announced steered here?

        Raises:
            HookInactive: one was not.
        """
        if self._n_placed != self._n_calls:
            raise HookInactive(
                f"The hook at {self.point.name} did not act in a forward pass: the text would have been unsteered. "
                "The model probably skips this module; choose another hook point."
            )

    def doses(self) -> tuple[Tensor, Tensor]:
        """Sum of |edit|/|h| over each row's steered tokens, and how many those were: `[rows]` each."""
        return self._dose_sum, self._n_steered

    def add_doses(self, rows: Tensor, other: SteeringHook) -> None:
        """Counts what another hook did to these rows of the batch."""
        here = rows.to(self._device)
        self._dose_sum[here] += other._dose_sum
        self._n_steered[here] += other._n_steered

    def _steer(self, h: Tensor) -> Tensor:
        weights, self._weights = self._weights, None
        if weights is None or tuple(h.shape[:2]) != self._shape:
            raise HookInactive(
                f"The hook at {self.point.name} met a tensor of shape {tuple(h.shape)} that nobody announced; "
                "the model runs this module in an unknown way. Choose another hook point."
            )
        self._n_calls += 1
        edit, edit_norm = self._edit(h, weights)
        steered = h + edit
        # Norms in float32: squares overflow in half precision.
        h_norm = torch.linalg.vector_norm(h, dim=-1, dtype=torch.float32)
        if self._keeps_norm is not None:
            steered, edit_norm = self._with_norm_kept(h, steered, h_norm, edit_norm)
        is_steered = edit_norm > 0
        dose = torch.where(is_steered, edit_norm / h_norm.clamp_min(torch.finfo(torch.float32).tiny), 0.0)
        dose = dose.detach()  # where gradients are taken, the sums must not hold on to every pass
        self._dose_sum += dose.sum(-1).to(self._device)
        self._n_steered += is_steered.sum(-1).to(self._device)
        return steered

    def _edit(self, h: Tensor, weights: Weights) -> tuple[Tensor, Tensor]:
        """What is added to h, in its dtype `[rows, seq, d]`, and its norm, float32 `[rows, seq]`."""
        constants = {rule: weights[rule] for rule in self._constants}
        # Nearly all decode steps steer every row fully: then nothing has to be computed again.
        is_whole = (
            not self._groups and h.shape[1] == 1 and all(bool((w == 1).all()) for w in constants.values())
        )
        if is_whole and self._whole is not None:
            return self._whole
        # Summed in float32, then cast once: the order of the edits changes nothing.
        edit = torch.zeros(h.shape, dtype=torch.float32, device=h.device)
        for rule, vectors in self._constants.items():
            edit += vectors[:, None, :].to(h.device) * weights[rule].to(h.device)[:, :, None]
        for group in self._groups:
            group.add_to(edit, h, weights)
        edit = edit.to(h.dtype)
        found = edit, torch.linalg.vector_norm(edit, dim=-1, dtype=torch.float32)
        if is_whole:
            self._whole = found
        return found

    def _with_norm_kept(
        self, h: Tensor, steered: Tensor, h_norm: Tensor, edit_norm: Tensor
    ) -> tuple[Tensor, Tensor]:
        steered_norm = torch.linalg.vector_norm(steered, dim=-1, dtype=torch.float32)
        factor = h_norm / steered_norm.clamp_min(torch.finfo(torch.float32).tiny)
        scaled = (steered.float() * factor[:, :, None]).to(h.dtype)
        is_kept = self._keeps_norm[:, None].to(h.device) & (edit_norm > 0)  # type: ignore[index]  # only called where it is there
        steered = torch.where(is_kept[:, :, None], scaled, steered)
        moved = torch.linalg.vector_norm(steered.float() - h.float(), dim=-1)
        return steered, torch.where(is_kept, moved, edit_norm)
