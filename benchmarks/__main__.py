"""Runs every benchmark and writes results/latest.json: ratios within this run, absolute times beside them."""

from __future__ import annotations

import datetime as dt
import importlib.metadata
import json
import platform
from pathlib import Path

import torch

from . import generation, startup, subject

RESULTS = Path(__file__).with_name("results") / "latest.json"
PACKAGES = ("steer_widget", "torch", "transformers", "sae-lens", "anywidget")


def processor() -> str:
    """The processor's name as the system gives it."""
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        for line in cpuinfo.read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor()


def main() -> None:
    """Measures, prints and saves."""
    results: dict[str, object] = {
        "measured_at": dt.datetime.now(dt.timezone.utc).isoformat(timespec="seconds"),
        "processor": processor(),
        "n_threads": torch.get_num_threads(),
        "versions": {name: importlib.metadata.version(name) for name in PACKAGES},
        "startup": startup.startup(),
    }
    loaded = subject.load()
    results["dtype"] = str(loaded.model.dtype).removeprefix("torch.")
    subject.run_ours(loaded)  # warm-up
    subject.run_generate(loaded, [0.0])
    for measure in (generation.batch_vs_sequential, generation.steering_overhead):
        results[measure.__name__] = measure(loaded)
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(json.dumps(results, indent=2) + "\n")
    print(json.dumps(results, indent=2))


if __name__ == "__main__":
    main()
