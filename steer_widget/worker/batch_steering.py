"""All hooks of a batch: one for each hook point, told together which tokens a forward pass holds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch

from .hook_points import first_block
from .steering_hook import SteeringHook

if TYPE_CHECKING:
    from types import TracebackType

    from torch import Tensor
    from typing_extensions import Self

    from .adapter import Adapter
    from .row_edit import RowEdit


@dataclass(frozen=True)
class SteeredRow:
    """What the hooks must know of a row.

    Attributes:
        edits: empty for an unsteered row.
        n_prompt: tokens of its prompt.
        keeps_norm: whether its steered tokens keep their norm.
    """

    edits: Sequence[RowEdit]
    n_prompt: int
    keeps_norm: bool = False


class BatchSteering:
    """Steers the rows of a batch while inside its context; a context manager that leaves no hook behind.

    Args:
        adapter: the model.
        rows: of the batch.
    """

    def __init__(self, adapter: Adapter, rows: Sequence[SteeredRow]) -> None:
        edits = [edit for row in rows for edit in row.edits]
        self._rules = list(dict.fromkeys(edit.rule for edit in edits))
        self._rules_of_rows = [{edit.rule for edit in row.edits} for row in rows]
        self._n_prompt = torch.tensor([row.n_prompt for row in rows])
        self._needs_special = any(rule.skip_special for rule in self._rules)
        self._special_ids = torch.tensor(sorted(adapter.special_ids), dtype=torch.long)
        self._hooks = [
            SteeringHook(
                adapter.point(name),
                [[edit for edit in row.edits if edit.hook_name == name] for row in rows],
                [row.keeps_norm for row in rows],
                adapter.device_of(adapter.point(name)),
            )
            for name in dict.fromkeys(edit.hook_name for edit in edits)
        ]
        self.first_block = min((first_block(hook.point) for hook in self._hooks), default=adapter.n_layers)
        """The first decoder block that reads something steered."""

    def __enter__(self) -> Self:
        for hook in self._hooks:
            hook.attach()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for hook in self._hooks:
            hook.detach()

    def place(self, token_ids: Tensor, positions: Tensor) -> None:
        """Says which tokens the next forward pass holds.

        Args:
            token_ids: `[rows, seq]`, on the CPU.
            positions: absolute; negative on padding `[rows, seq]`, on the CPU.

        Raises:
            HookInactive: the pass before this one was not steered.
        """
        if not self._hooks:
            return
        is_special = torch.isin(token_ids, self._special_ids) if self._needs_special else None
        weights = {rule: rule.weights(positions, self._n_prompt, is_special) for rule in self._rules}
        for hook in self._hooks:
            hook.place(weights)

    def finish(self) -> None:
        """Was every forward pass steered, the last one too?

        Raises:
            HookInactive: one was not.
        """
        for hook in self._hooks:
            hook.refuse_inactive()

    def acts_within(self, token_ids: Tensor, positions: Tensor) -> list[bool]:
        """For each row, whether any of these tokens is steered (arguments as in `place`)."""
        if not self._hooks:
            return [False] * len(token_ids)
        is_special = torch.isin(token_ids, self._special_ids) if self._needs_special else None
        acts = {
            rule: rule.weights(positions, self._n_prompt, is_special).any(-1).tolist() for rule in self._rules
        }
        return [any(acts[rule][row] for rule in rules) for row, rules in enumerate(self._rules_of_rows)]

    def keep_rows(self, rows: Tensor) -> None:
        """Drops all rows of the batch but these (indices on the CPU, ascending)."""
        self._n_prompt = self._n_prompt[rows]
        self._rules_of_rows = [self._rules_of_rows[row] for row in rows.tolist()]
        for hook in self._hooks:
            hook.keep_rows(rows)

    def add_doses(self, rows: Sequence[int], other: BatchSteering) -> None:
        """Counts what another steering, of these rows alone, did to them."""
        here = torch.tensor(rows)
        theirs = {hook.point.name: hook for hook in other._hooks}
        for hook in self._hooks:
            if hook.point.name in theirs:
                hook.add_doses(here, theirs[hook.point.name])

    def doses(self) -> list[float | None]:
        """Of each row: the mean of |edit|/|h| over its steered tokens, summed over hook points; None where none was."""
        total: list[float | None] = [None] * len(self._n_prompt)
        for hook in self._hooks:
            dose_sum, n_steered = hook.doses()
            for row, (dose, n) in enumerate(zip(dose_sum.tolist(), n_steered.tolist(), strict=True)):
                if n:
                    total[row] = (total[row] or 0.0) + dose / n
        return total
