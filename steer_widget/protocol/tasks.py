"""Kernel ↔ worker: tasks that take long, give way to runs and questions, tell how far they are, and can be stopped."""

from __future__ import annotations

import msgspec

from ..spec import Band, Prompt, Steerable
from .common import Wire
from .meaning import FindByMeaning
from .profiling import ProfileTexts
from .suggesting import FindByWish, FindEqualStrengths, ReadLikelihoods


class Calibrate(Wire, frozen=True):
    """Find the band of strengths of each of these directions, see `worker.calibrating`.

    Attributes:
        directions: added on all tokens.
        prompts: behind which texts are written.
        chat: as in `Generation`.
        negative: whether the strengths are negative.
    """

    request: int
    directions: tuple[Steerable, ...]
    prompts: tuple[Prompt, ...]
    chat: bool = False
    negative: bool = False


class Calibrated(Wire, frozen=True):
    """Answer to `Calibrate`: a band for each direction, in their order."""

    bands: tuple[Band, ...]


Task = Calibrate | FindByMeaning | FindByWish | FindEqualStrengths | ProfileTexts | ReadLikelihoods
"""A command that is answered by one `Answer` with the same request number, after any number of `TaskProgress`."""


class CancelTask(Wire, frozen=True):
    """Stop this task at its next checkpoint. It is answered all the same."""

    request: int


class TaskProgress(Wire, frozen=True):
    """How far a task is. `n_total`: None where nobody knows; `message`: what it does now."""

    request: int
    n_done: int
    n_total: int | None = None
    message: str = ""


class TaskView(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A task that has not ended, as the page shows it.

    Attributes:
        id: its request number.
        title: what it is for, in words.
        seconds: since it was begun.
        eta_s: seconds left at the speed so far; None while it is not known.
    """

    id: int
    title: str
    n_done: int = 0
    n_total: int | None = None
    message: str = ""
    seconds: float = 0.0
    eta_s: float | None = None
