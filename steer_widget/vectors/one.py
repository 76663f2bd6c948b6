"""One vector as a safetensors file, with its name and hook point as metadata."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

import msgspec

from ..errors import InvalidInput
from ..saving import write_body
from ..spec import Vector
from ..spec.checks import text
from .files import named, read_bounded, refused

if TYPE_CHECKING:
    from collections.abc import Mapping

FORMAT: Final = "steer_widget.vector"
VERSION: Final = "1"
MAX_BYTES: Final = 16 * 2**20  # four million dimensions
_TENSOR: Final = "vector"
_WANTED: Final = "a file that vector.save(path) wrote"
_N_LENGTH_BYTES: Final = 8


class _Head(msgspec.Struct, frozen=True):
    """The part of a safetensors header that the library does not give away from bytes."""

    metadata: dict[str, str] = msgspec.field(name="__metadata__", default_factory=dict)


def save_vector(vector: Vector, path: str | Path, *, model: str = "") -> Path:
    """Writes a vector; the file is there whole or not at all. See `Vector.save`."""
    target = named(path, ".safetensors", otherwise="GGUF files are written by sw.save_vectors(path, …).")
    return write_body(target, encode_vector(vector, model=model))


def encode_vector(vector: Vector, *, model: str = "") -> bytes:
    """The file of a vector.

    Raises:
        InvalidInput: a model that is no text, or a vector too long for a file.
    """
    import numpy as np
    from safetensors.numpy import save

    metadata = {"format": FORMAT, "version": VERSION, "name": vector.name, "hook_name": vector.hook_name}
    if text("model", model):
        metadata["model"] = model
    body = save({_TENSOR: np.frombuffer(vector.values, dtype="<f4")}, metadata)
    if len(body) > MAX_BYTES:
        raise InvalidInput("vector", f"{len(body):,} bytes", f"at most {MAX_BYTES:,} bytes in the file")
    return body


def load_vector(path: str | Path) -> Vector:
    """Reads what `Vector.save` wrote; equal to what was saved. Nothing in the file is executed.

    Args:
        path: a ``.safetensors`` file.

    Returns:
        The vector `[d_model]`, with its name and hook point.

    Raises:
        MissingPath: there is no such file, or it cannot be read.
        InvalidInput: it is too large, damaged, of a newer version, or holds something else than one tensor
            of one dimension of finite float32 numbers.
    """
    return decode_vector(*read_bounded(path, MAX_BYTES, _WANTED))


def decode_vector(source: Path, body: bytes) -> Vector:
    """The vector that a file holds. `source`: its name, for the errors of `load_vector`."""
    from safetensors import SafetensorError, deserialize

    if body.startswith(b"GGUF"):
        raise refused(source, _WANTED, "it is a GGUF file, which sw.load_vectors(path) reads")
    try:
        tensors = deserialize(body)  # type: ignore[no-untyped-call]
        metadata = _metadata(body)
    except (SafetensorError, msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise refused(source, _WANTED, f"it is damaged, or no safetensors file ({error})") from error
    if metadata.get("format") != FORMAT:
        found = metadata.get("format", "")[:80]
        raise refused(
            source,
            _WANTED,
            f"its metadata give the format {found!r}, not {FORMAT!r}; a tensor of your own becomes a vector by "
            "sw.Vector(tensor, name, hook_name)",
        )
    if metadata.get("version") != VERSION:
        raise refused(
            source,
            _WANTED,
            f"its version is {metadata.get('version', '')[:80]!r}, this steer_widget reads {VERSION!r}; a newer one "
            "probably wrote it: pip install --upgrade steer-widget",
        )
    try:
        return Vector(_values(tensors), metadata.get("name", ""), metadata.get("hook_name", ""))
    except (InvalidInput, ValueError) as error:
        raise refused(source, _WANTED, str(error).rstrip(".")) from error


def _metadata(body: bytes) -> dict[str, str]:
    n_bytes = int.from_bytes(body[:_N_LENGTH_BYTES], "little")
    head = body[_N_LENGTH_BYTES : _N_LENGTH_BYTES + n_bytes]
    return msgspec.json.decode(head, type=_Head).metadata


def _values(tensors: list[tuple[str, Mapping[str, object]]]) -> bytes:
    names = [name for name, _ in tensors]
    if names != [_TENSOR]:
        raise ValueError(f"it holds {len(names):,} tensors, allowed is one called {_TENSOR!r}")
    kind, shape, data = (tensors[0][1][key] for key in ("dtype", "shape", "data"))
    if kind != "F32" or not isinstance(shape, list) or len(shape) != 1:
        raise ValueError(f"its tensor is {kind} {shape}, allowed is F32 of one dimension")
    if not isinstance(data, (bytes, bytearray)) or len(data) != shape[0] * 4:
        raise ValueError(f"its tensor does not hold {shape[0]:,} numbers of 4 bytes")
    return bytes(data)
