"""What a steering method is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, Protocol

if TYPE_CHECKING:
    from torch import Tensor

Strength = Literal["coefficient", "projection", "factor", "unused"]
"""What a strength means: a coefficient of the decoder direction (the unit of activations), a length along
it (the unit of the residual stream), a factor without unit, or nothing."""

Reads = Literal["nothing", "activation", "projection"]
"""What a method reads of a token: nothing, the feature's activation a(h), or the projection h·v/|v|."""


class Amount(Protocol):
    """How much of the direction is added to a token."""

    def __call__(self, strength: Tensor, reading: Tensor) -> Tensor:
        """Computes the amount, in float32.

        Args:
            strength: of each edit, `[n, 1]`.
            reading: what the method reads of each token, `[n, seq]`; zeros where it reads nothing.

        Returns:
            `[n, seq]` or `[n, 1]`: in units of the decoder direction v, or of v/|v| for a method that reads
            the projection.
        """


@dataclass(frozen=True)
class Method:
    """A method: every one adds to h an amount of the direction, so the amount is all that tells them apart.

    Attributes:
        amount: of the direction that is added.
        strength: what a strength means.
        reads: what it reads of h.
        neutral: the strength that changes nothing, whatever h is; None where there is none.
    """

    amount: Amount
    strength: Strength
    reads: Reads
    neutral: float | None = None
