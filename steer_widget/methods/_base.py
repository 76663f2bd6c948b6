"""What a steering method is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from torch import Tensor


class Delta(Protocol):
    """What a method adds to the residual stream."""

    def __call__(self, h: Tensor | None, direction: Tensor, strength: Tensor) -> Tensor:
        """Computes the edit, in float32.

        Args:
            h: residual stream `[n, seq, d_model]`; None for a method that is `constant`.
            direction: decoder direction of each edit, `[n, d_model]`, in activation units.
            strength: raw strength of each edit, `[n]`.

        Returns:
            What is added to h: `[n, seq, d_model]`, or `[n, d_model]` where `constant`.
        """


@dataclass(frozen=True)
class Method:
    """A method with what the hook must know of it.

    Attributes:
        delta: computes the edit.
        constant: True where the edit does not depend on h, so that edits can be summed once per run.
    """

    delta: Delta
    constant: bool
