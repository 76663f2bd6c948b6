"""The one hook of a hook point: every row of the batch carries its own edits, as tensors."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch

from .. import methods
from ..errors import HookInactive

if TYPE_CHECKING:
    from types import TracebackType

    from torch import Tensor
    from typing_extensions import Self

    from ..spec import Positions
    from .hook_points import HookPoint


@dataclass(frozen=True)
class RowEdit:
    """One edit of one row, with numbers only.

    Attributes:
        method: name of the method.
        positions: which tokens it acts on.
        direction: `[d_model]`, float32, in activation units.
        strength: raw.
    """

    method: str
    positions: Positions
    direction: Tensor
    strength: float


class SteeringHook:
    """Adds each row's edits at one hook point; a context manager that takes the hook off again.

    Call `place` before each forward pass, so that positions are absolute whatever the pass holds.

    Args:
        point: where it acts.
        rows: the edits of each row of the batch; empty for an unsteered row.
        d_model: width at the hook point.
        device: of the hook point.
        dtype: of the model's activations.
    """

    def __init__(
        self,
        point: HookPoint,
        rows: Sequence[Sequence[RowEdit]],
        d_model: int,
        device: torch.device,
        dtype: torch.dtype,
    ) -> None:
        self._point = point
        self._dtype = dtype
        self._device = device
        # Summed in float32, then cast once: the order of the edits then changes nothing.
        self._vectors: dict[Positions, Tensor] = {}
        for row, edits in enumerate(rows):
            for edit in edits:
                if edit.positions not in self._vectors:
                    self._vectors[edit.positions] = torch.zeros(len(rows), d_model)
                self._vectors[edit.positions][row] += _constant_delta(edit)
        self._vectors = {kind: v.to(device=device, dtype=dtype) for kind, v in self._vectors.items()}
        self._edit: Tensor | None = None
        self._dose_sum = torch.zeros(len(rows), device=device)
        self._n_steered = torch.zeros(len(rows), device=device)
        self._handle: torch.utils.hooks.RemovableHandle | None = None
        self._n_calls = 0
        self._n_placed = 0

    def __enter__(self) -> Self:
        if self._vectors:
            module = self._point.module
            if self._point.side == "output":
                self._handle = module.register_forward_hook(self._on_output)
            else:
                self._handle = module.register_forward_pre_hook(self._on_input, with_kwargs=True)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._handle is not None:
            self._handle.remove()
            self._handle = None

    def keep_rows(self, rows: Tensor) -> None:
        """Drops all rows of the batch but these."""
        rows = rows.to(self._device)
        self._vectors = {kind: v[rows] for kind, v in self._vectors.items()}
        self._dose_sum, self._n_steered = self._dose_sum[rows], self._n_steered[rows]

    def place(self, positions: Tensor, n_prompt: Tensor) -> None:
        """Says which tokens the next forward pass holds.

        Args:
            positions: absolute position of each token `[rows, seq]`; negative on padding.
            n_prompt: prompt tokens of each row `[rows]`.
        """
        if not self._vectors:
            return
        if self._n_placed != self._n_calls:
            raise HookInactive(
                f"The hook at {self._point.name} did not act in a forward pass: the text would have been unsteered. "
                "The model probably skips this module; choose another hook point."
            )
        self._n_placed += 1
        edit: Tensor | None = None
        positions, n_prompt = positions.to(self._device), n_prompt.to(self._device)
        for kind, vectors in self._vectors.items():
            mask = _acts_on(kind, positions, n_prompt[:, None])
            part = vectors[:, None, :] * mask[:, :, None].to(self._dtype)
            edit = part if edit is None else edit + part
        self._edit = edit

    def doses(self) -> list[tuple[float, int]]:
        """Sum of |edit|/|h| over each row's steered tokens, and how many those were."""
        return [
            (total, int(n))
            for total, n in zip(self._dose_sum.tolist(), self._n_steered.tolist(), strict=True)
        ]

    def _on_output(self, _module: torch.nn.Module, _args: Any, output: Any) -> Any:
        if isinstance(output, tuple):
            return (self._steer(output[0]), *output[1:])
        return self._steer(output)

    def _on_input(self, _module: torch.nn.Module, args: Any, kwargs: Any) -> Any:
        if args:
            return (self._steer(args[0]), *args[1:]), kwargs
        return args, {**kwargs, "hidden_states": self._steer(kwargs["hidden_states"])}

    def _steer(self, h: Tensor) -> Tensor:
        edit = self._edit
        if edit is None or edit.shape[:2] != h.shape[:2]:
            raise HookInactive(
                f"The hook at {self._point.name} met a tensor of shape {tuple(h.shape)} that nobody announced; "
                "the model runs this module in an unknown way. Choose another hook point."
            )
        self._n_calls += 1
        self._edit = None
        # Norms in float32: squares overflow in half precision.
        edit_norm = torch.linalg.vector_norm(edit, dim=-1, dtype=torch.float32)
        h_norm = torch.linalg.vector_norm(h, dim=-1, dtype=torch.float32)
        is_steered = edit_norm > 0
        dose = torch.where(is_steered, edit_norm / h_norm.clamp_min(torch.finfo(torch.float32).tiny), 0.0)
        self._dose_sum += dose.sum(-1)
        self._n_steered += is_steered.sum(-1)
        return h + edit


def _constant_delta(edit: RowEdit) -> Tensor:
    strength = torch.tensor([edit.strength])
    return methods.get(edit.method).delta(None, edit.direction[None].float(), strength)[0]


def _acts_on(kind: Positions, positions: Tensor, n_prompt: Tensor) -> Tensor:
    """Which tokens a kind of positions means `[rows, seq]`.

    The first generated token is read off the prompt's last position, so 'generated' includes that one.
    """
    if kind == "all":
        return positions >= 0
    if kind == "prompt":
        return (positions >= 0) & (positions < n_prompt)
    return positions >= n_prompt - 1
