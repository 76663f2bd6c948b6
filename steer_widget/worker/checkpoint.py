"""Where a run can be interrupted."""

from __future__ import annotations

from collections.abc import Callable

Checkpoint = Callable[[], bool]
"""What a run passes before every forward pass, with no hook attached to the model: work that overtakes the
run is done in here. True says that the run is to stop."""
