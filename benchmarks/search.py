"""Search as a user types, through the features of the largest SAEs: times, and what the table costs to load."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import textwrap
from pathlib import Path

from .bench import Bench
from .measured import Measured
from .wide_table import write_wide_table

_MAX_MS = 50.0
_TYPED = (
    "mountains", "the", "a", "war", "said", "science", "with", "that", "in the", "the mountains",
    "during war", "python code", "names of people", "the of and in to", "s t a e i o", "123", "qzx",
)  # fmt: skip
_KERNEL = """
import gc, json, sys, time
import psutil
from steer_widget.catalog import Catalog, KnownSae
from steer_widget.controller import Controller
from steer_widget.backends.local import LocalBackend
from steer_widget.explorer import Explorer
from steer_widget.features.table import FeatureTable
from steer_widget.protocol import Load
path, n_features, typed = sys.argv[1], int(sys.argv[2]), json.loads(sys.argv[3])
def used_mb(): return psutil.Process().memory_full_info().uss / 1e6
before_mb, started_s = used_mb(), time.perf_counter()
table = FeatureTable.read(path)
load_s = time.perf_counter() - started_s
gc.collect()
loaded_mb = used_mb() - before_mb
catalog = Catalog(lambda: [KnownSae("wide", n_features)], {0: table})
steerer = Explorer(Controller(LocalBackend(), Load("none", ())), catalog)  # no worker is needed, and none starts
found_ms = {}
for turn in range(3):
    for text in typed:
        for n_chars in range(1, len(text) + 1):
            started_s = time.perf_counter()
            steerer.cards(text[:n_chars])
            found_ms.setdefault(text[:n_chars], []).append(1000 * (time.perf_counter() - started_s))
print(json.dumps({"load_s": load_s, "loaded_mb": loaded_mb, "with_searches_mb": used_mb() - before_mb,
                  "found_ms": found_ms}))
"""


def search_wide(bench: Bench) -> Measured:
    """Slowest search ÷ 50 ms, over every beginning of what people type, each the median of three.

    A fresh process reads the table and searches through
    `steerer.cards(text)`.
    """
    n_features = bench.scale.n_features
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "features.jsonl"
        write_wide_table(path, n_features)
        n_bytes = path.stat().st_size
        done = subprocess.run(
            [sys.executable, "-c", textwrap.dedent(_KERNEL), str(path), str(n_features), json.dumps(_TYPED)],
            capture_output=True, text=True, check=True,
        )  # fmt: skip
    found = json.loads(done.stdout.splitlines()[-1])
    times_ms = {text: sorted(ms)[len(ms) // 2] for text, ms in found["found_ms"].items()}
    ordered = sorted(times_ms.values())
    slowest = max(times_ms, key=lambda text: times_ms[text])
    return Measured(
        [ordered[-1] / _MAX_MS],
        {
            "p50_ms": _quantile(ordered, 0.5),
            "p95_ms": _quantile(ordered, 0.95),
            "max_ms": ordered[-1],
            "first_time_max_ms": max(ms[0] for ms in found["found_ms"].values()),
            "load_s": found["load_s"],
            "loaded_mb": found["loaded_mb"],
            "file_mb": n_bytes / 1e6,
        },
        {
            "n_features": n_features,
            "n_texts": len(times_ms),
            "slowest": slowest,
            "with_searches_mb": found["with_searches_mb"],
        },
    )


def _quantile(ordered: list[float], share: float) -> float:
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]
