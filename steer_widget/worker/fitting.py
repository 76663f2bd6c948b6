"""SAEs made ready for a model: checked at their hook points, and moved there."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ..saes.sae import Sae
    from .adapter import Adapter
    from .checked_point import CheckedPoints


def fit_saes(adapter: Adapter, points: CheckedPoints, saes: Mapping[str, Sae]) -> dict[str, Sae]:
    """The same SAEs, by the same names. Runs forward passes for hook points that were not checked yet.

    Raises:
        SaeMismatch: model and SAE do not fit.
        HookInactive: an edit at a hook point changes nothing.
    """
    fitted = {}
    for name, sae in saes.items():
        points.get(sae.hook_name, width=sae.d_in, hf_hook_name=sae.hf_hook_name)
        is_off_centre = sae.normalisation.is_centred and not adapter.has_layer_norm
        placed = sae.uncentred() if is_off_centre else sae
        fitted[name] = placed.to(adapter.device_of(adapter.point(sae.hook_name)))
    return fitted
