"""Hook points that were checked: their width, that an edit there acts, and how long the residual stream is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..errors import SaeMismatch
from .hook_points import width_of
from .probe import measure_and_check

if TYPE_CHECKING:
    from .adapter import Adapter


@dataclass(frozen=True)
class CheckedPoint:
    """A hook point of the model as steering knows it.

    Attributes:
        name: of the hook point.
        width: of its tensor.
        residual_norm: median |h| there on a short text, first token and sinks left out.
        spread: median |h − mean(h)| on the same tokens, the mean being over them.
    """

    name: str
    width: int
    residual_norm: float
    spread: float


class CheckedPoints:
    """The hook points in use. Each is checked once, when it is first steered at.

    Args:
        adapter: the model.
    """

    def __init__(self, adapter: Adapter) -> None:
        self._adapter = adapter
        self._checked: dict[str, CheckedPoint] = {}

    def width(self, hook_name: str) -> int:
        """Width of the tensor at a hook point. Runs no forward pass.

        Raises:
            SaeMismatch: the model has no such hook point.
        """
        return width_of(self._adapter.point(hook_name), self._adapter.d_model)

    def get(self, hook_name: str, *, width: int | None = None, hf_hook_name: str = "") -> CheckedPoint:
        """The point, checked. Runs forward passes the first time.

        Args:
            hook_name: as SAEs name it.
            width: what the direction's has to be; None does not ask.
            hf_hook_name: where it lies in a Hugging Face model, if the SAE says so.

        Raises:
            SaeMismatch: there is no such point, or it has another width.
            HookInactive: an edit there leaves the logits as they were.
        """
        point = self._adapter.point(hook_name, hf_hook_name)
        if hook_name not in self._checked:
            found, norm, spread = measure_and_check(self._adapter, point, width)
            self._checked[hook_name] = CheckedPoint(hook_name, found, norm, spread)
        checked = self._checked[hook_name]
        if width is not None and width != checked.width:
            raise SaeMismatch(
                "sae", f"d_in={width}", f"d_in={checked.width}, the width at {hook_name} of this model"
            )
        return checked
