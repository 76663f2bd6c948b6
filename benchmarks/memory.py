"""Peak memory of the worker process as the product starts it, above the loaded model."""

from __future__ import annotations

from pathlib import Path

import steer_widget as sw

from .bench import Bench
from .growth import N_COLUMNS, TEMPERATURE
from .measured import Measured, NotAvailable
from .scale import Scale
from .subject import FEATURE, PROMPT

_READY_S = 300.0
_RUN_S = 3600.0
_PEAK_IS_NOW = "5"  # what clear_refs takes, see proc(5)
_KB_PER_MB = 1e6 / 1024


def memory_growth(bench: Bench) -> Measured:
    """Peak at many cells ÷ peak at some, each in a fresh worker: memory once taken is kept for the next run."""
    if not Path("/proc/self/clear_refs").exists():
        raise NotAvailable("peak memory is read from /proc, which this system does not have")
    scale = bench.scale
    many, some = (_peak(scale, n_cells) for n_cells in (scale.n_cells_many, scale.n_cells_some))
    return Measured(
        [many["above_mb"] / some["above_mb"]],
        {
            "many_cells_mb": many["above_mb"],
            "some_cells_mb": some["above_mb"],
            "loaded_model_mb": many["loaded_mb"],
        },
        {
            "n_cells": [scale.n_cells_many, scale.n_cells_some],
            "n_tokens": [many["n_tokens"], some["n_tokens"]],
            "how": "one fresh worker each, above its resident memory after loading and one tiny run; texts may "
            "end early here, as in the product",
        },
    )


def _peak(scale: Scale, n_cells: int) -> dict[str, float]:
    steerer = sw.demo()
    try:
        steerer.ready(timeout=_READY_S)
        pid = steerer.status.pid
        if pid is None:
            raise RuntimeError("the worker is ready but has no process")
        feature = sw.Feature(FEATURE)
        columns = [feature.at(2.5 * column) for column in range(1, N_COLUMNS)]
        generation = sw.Generation(max_new_tokens=scale.n_tokens_many, temperature=TEMPERATURE)
        steerer.compare(PROMPT, columns[:1], generation=sw.Generation(max_new_tokens=2)).result(_READY_S)
        loaded_mb = _status_mb(pid, "VmRSS")
        Path(f"/proc/{pid}/clear_refs").write_text(_PEAK_IS_NOW, encoding="ascii")
        run = steerer.compare(PROMPT, columns, generation=generation, samples=n_cells // N_COLUMNS)
        result = run.result(_RUN_S)
        peak_mb = _status_mb(pid, "VmHWM")
        if len(result.cells) != n_cells:
            raise RuntimeError(f"{len(result.cells)} cells instead of {n_cells}")
        return {"loaded_mb": loaded_mb, "above_mb": peak_mb - loaded_mb, "n_tokens": result.n_tokens}
    finally:
        steerer.close()


def _status_mb(pid: int, name: str) -> float:
    for line in Path(f"/proc/{pid}/status").read_text(encoding="ascii").splitlines():
        if line.startswith(f"{name}:"):
            return int(line.split()[1]) / _KB_PER_MB
    raise RuntimeError(f"/proc/{pid}/status does not tell {name}")
