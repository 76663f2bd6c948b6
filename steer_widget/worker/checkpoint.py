"""Where a run or a task can be interrupted."""

from __future__ import annotations

from collections.abc import Callable

Checkpoint = Callable[[], bool]
"""What a run passes before every forward pass, and a task between its batches, with no hook attached to the model: work
that overtakes it is done in here. True says that it is to stop."""
