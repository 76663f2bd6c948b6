"""At which strength each of many directions moves the model equally far: where p95 KL(steered‖unsteered) meets a target."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..protocol import EqualStrengths
from .kl_curves import KlCurves

if TYPE_CHECKING:
    from ..protocol import FindEqualStrengths
    from .checkpoint import Checkpoint
    from .engine import Engine
    from .tasks import Report


def find_equal_strengths(
    engine: Engine, task: FindEqualStrengths, report: Report, checkpoint: Checkpoint
) -> EqualStrengths:
    """Has the model write behind the prompts, and reads that again under every direction, see `kl_curves`.

    Raises:
        TaskStopped: it was stopped.
        InvalidInput: a direction or a prompt is refused.
    """
    report(0, 2, "writing without steering")
    curves = KlCurves(
        engine, task.directions, task.prompts, n_tokens=task.n_tokens, chat=task.chat, checkpoint=checkpoint
    )
    report(1, 2, f"reading under {len(task.directions)} directions")
    curves.measure(task.kl)
    return EqualStrengths(tuple(curve.raw(curve.crossing(task.kl)) for curve in curves.curves))
