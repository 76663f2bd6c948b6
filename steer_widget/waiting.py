"""Waiting until a worker has loaded, with a line for those who wait."""

from __future__ import annotations

import time

from .controller import Controller
from .errors import GenerationError, SteerError, WorkerTimeout
from .progress_line import ProgressLine
from .protocol import Status

_SLICE_S = 0.1


def wait_ready(controller: Controller, limit_s: float) -> None:
    """Waits until model and SAEs are loaded; a worker that was lost is started again.

    Raises:
        SteererClosed: the steerer is closed, or was in the meantime.
        LoadError: model or SAE could not be loaded.
        WorkerDied: the worker died while loading.
        WorkerTimeout: it took longer; loading goes on.
    """
    if controller.status.worker == "stopped":
        controller.start()
    deadline_s = time.monotonic() + limit_s
    with ProgressLine() as line:
        while True:
            left_s = deadline_s - time.monotonic()
            status = controller.wait_loaded(max(0.0, min(_SLICE_S, left_s)))
            if status.worker in ("ready", "busy"):
                return
            if status.worker != "loading":
                controller.refuse_closed()
                raise _lost(status)
            if left_s <= 0:
                raise _not_ready(status, limit_s)
            if status.loading is not None:
                loading = status.loading
                line.show(loading.fraction, loading.message or loading.stage, "loading")


def _lost(status: Status) -> SteerError:
    return status.error.rebuild() if status.error else GenerationError("The worker ended. Try again.")


def _not_ready(status: Status, limit_s: float) -> WorkerTimeout:
    loading = status.loading
    share = f", {loading.fraction:.0%}" if loading and loading.fraction is not None else ""
    stage = f" (stage {loading.stage!r}{share})" if loading else ""
    return WorkerTimeout(
        f"Model and SAE were not loaded after {limit_s:g} s{stage}. Loading goes on in the background: "
        f"raise the limit, steerer.ready(timeout={max(60, 4 * limit_s):g}), or look at steerer.status."
    )
