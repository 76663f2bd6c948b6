"""The rest of a run has to come from what its first part came from."""

from __future__ import annotations

from collections.abc import Sequence

from .errors import InvalidInput
from .protocol import ModelInfo, Ready, SaeInfo


def refuse_other_model(model: ModelInfo | None, saes: Sequence[SaeInfo], ready: Ready | None) -> None:
    """Refuses to mix texts of two models, or of two SAEs, in one run.

    Raises:
        InvalidInput: the run was made with another model or other SAEs than the worker has loaded.
    """
    if model is None or ready is None:
        return
    for field, theirs, ours in (
        ("model", model.name, ready.model.name),
        ("saes", [sae.name for sae in saes], [sae.name for sae in ready.saes]),
    ):
        if theirs != ours:
            raise InvalidInput(
                field, theirs, f"the one that is loaded, {ours!r}",
                hint="The rest of a run has to come from what its first part came from: load that.",
            )  # fmt: skip
