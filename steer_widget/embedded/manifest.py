"""Tells a whole saved copy from a damaged one, cheaply: sizes and header, hashes only when it is made."""

from __future__ import annotations

import os
from pathlib import Path

import msgspec

from .fetch import sha256_of

MANIFEST = "manifest.json"
MANIFEST_FORMAT = 1
_LENGTH_BYTES = 8


class FileRecord(msgspec.Struct, frozen=True):
    """One file of the copy, as it was when made."""

    n_bytes: int
    sha256: str


class Manifest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a saved copy consists of and was made from."""

    format: int
    wheel_sha256: str
    gguf_sha256: str
    transformers: str
    files: dict[str, FileRecord]


class TensorPlace(msgspec.Struct, frozen=True):
    """The part of a safetensors header entry that says where the tensor lies."""

    data_offsets: tuple[int, int]


def write_manifest(folder: Path, *, wheel_sha256: str, gguf_sha256: str, transformers: str) -> None:
    """Records every file of `folder` and flushes all of them to the disk, the manifest last."""
    paths = sorted(path for path in folder.iterdir() if path.is_file())
    files = {path.name: FileRecord(path.stat().st_size, sha256_of(path)) for path in paths}
    manifest = Manifest(MANIFEST_FORMAT, wheel_sha256, gguf_sha256, transformers, files)
    (folder / MANIFEST).write_bytes(msgspec.json.format(msgspec.json.encode(manifest)))
    for path in [*paths, folder / MANIFEST]:
        with path.open("rb") as file:
            os.fsync(file.fileno())


def damage(folder: Path, wheel_sha256: str) -> str:
    """What is wrong with the copy in `folder`; empty when it can be used.

    Takes about a millisecond: it reads the manifest, the sizes and the safetensors headers.
    """
    try:
        manifest = msgspec.json.decode((folder / MANIFEST).read_bytes(), type=Manifest)
    except OSError:
        return "its manifest is missing"
    except msgspec.DecodeError as error:
        return f"its manifest is unreadable ({error})"
    if manifest.format != MANIFEST_FORMAT or manifest.wheel_sha256 != wheel_sha256:
        return "it was made by another version"
    for name, record in manifest.files.items():
        path = folder / name
        if not path.is_file():
            return f"{name} is missing"
        if path.stat().st_size != record.n_bytes:
            return f"{name} has {path.stat().st_size:,} bytes instead of {record.n_bytes:,}"
        if path.suffix == ".safetensors" and not _header_fits(path, record.n_bytes):
            return f"the header of {name} does not fit the file"
    return ""


def _header_fits(path: Path, n_bytes: int) -> bool:
    with path.open("rb") as file:
        length = int.from_bytes(file.read(_LENGTH_BYTES), "little")
        if not 0 < length <= n_bytes - _LENGTH_BYTES:
            return False
        header = file.read(length)
    try:
        entries = msgspec.json.decode(header, type=dict[str, msgspec.Raw])
        entries.pop("__metadata__", None)
        ends = [msgspec.json.decode(entry, type=TensorPlace).data_offsets[1] for entry in entries.values()]
    except msgspec.DecodeError:
        return False
    return max(ends, default=0) + _LENGTH_BYTES + length == n_bytes
