"""Under which conditions a figure was measured: without them it means nothing."""

from __future__ import annotations

import importlib.metadata
import os
import platform
import shutil
import subprocess
from pathlib import Path

import psutil
import torch

_PACKAGES = (
    "steer_widget", "torch", "transformers", "sae-lens", "transformer-lens", "repeng", "numpy", "anywidget"
)  # fmt: skip
_LISTEN_S = 1.0
_ROOT = Path(__file__).parents[1]


def conditions() -> dict[str, object]:
    """Processor, threads, versions, the code's commit and how busy others keep all cores right now."""
    return {
        "processor": _processor(),
        "n_threads": torch.get_num_threads(),
        "others_busy_percent": psutil.cpu_percent(interval=_LISTEN_S),
        "versions": {"python": platform.python_version(), **_versions()},
        "commit": _commit(),
    }


def _processor() -> str:
    """The processor's name as the system gives it, and how many cores of it there are."""
    name = platform.processor()
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        for line in cpuinfo.read_text().splitlines():
            if line.startswith("model name"):
                name = line.partition(":")[2].strip()
    return f"{name}, {os.cpu_count()} cores"


def _versions() -> dict[str, str]:
    installed = {distribution.metadata["Name"] for distribution in importlib.metadata.distributions()}
    return {name: importlib.metadata.version(name) for name in _PACKAGES if name in installed}


def _commit() -> str:
    """Of the repository, with a mark where files differ from it; empty outside of one."""
    git = shutil.which("git")
    if git is None:
        return ""

    def ask(*words: str) -> str:
        done = subprocess.run([git, *words], cwd=_ROOT, capture_output=True, text=True, check=False)
        return done.stdout.strip()

    head = ask("rev-parse", "--short", "HEAD")
    changed = ask("status", "--porcelain", "--", ".", ":!benchmarks/results")
    return f"{head}, with changes" if head and changed else head
