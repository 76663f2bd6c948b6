"""Other versions of ipykernel beside the installed one, each in a folder that a kernel of its own reads first."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from importlib import metadata
from pathlib import Path

from tests.browser.jupyter_server import JupyterServer

FOLDERS = Path("build") / "ipykernels"
# 6.31 needs a package that later ones do without; the rest they share with the installed one.
EXTRA = {"6.31.0": ("nest-asyncio==1.6.0",)}
INSTALLED = metadata.version("ipykernel")


def kernel_of(server: JupyterServer, version: str) -> str:
    """The name of a kernel that runs on this version of ipykernel; fetched by pip where it is not yet there."""
    if version == INSTALLED:
        return "python3"
    folder = (FOLDERS / version).resolve()
    if not (folder / "ipykernel_launcher.py").exists():
        _fetch(version, folder)
    name = f"ipykernel-{version}"
    spec = server.data / "kernels" / name / "kernel.json"
    spec.parent.mkdir(parents=True, exist_ok=True)
    paths = [str(folder), *filter(None, [os.environ.get("PYTHONPATH")])]
    spec.write_text(
        json.dumps(
            {
                "argv": [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"],
                "display_name": name,
                "language": "python",
                "env": {"PYTHONPATH": os.pathsep.join(paths)},
            }
        )
    )
    return name


def _fetch(version: str, folder: Path) -> None:
    wanted = [f"ipykernel=={version}", *EXTRA.get(version, ())]
    command = [
        sys.executable,
        "-m",
        "pip",
        "install",
        "--quiet",
        "--no-deps",
        "--target",
        str(folder),
        *wanted,
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(command)} failed:\n{done.stderr}")
