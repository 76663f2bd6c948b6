"""Text metadata and plain tensors of a GGUF file (version 2 or 3, little-endian), read with distrust.

The reader of the package gguf trusts the counts in a file: an array said to have 2**60 items keeps it busy
for ever. Here every step must stay within the bytes that are there.

https://github.com/ggml-org/ggml/blob/master/docs/gguf.md
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import Final

_MAGIC: Final = b"GGUF"
_VERSIONS: Final = (2, 3)
_STRING: Final = 8
_ARRAY: Final = 9
_UINT32: Final = 4
# Bytes of each kind of number, by its code.
_WIDTHS: Final = {0: 1, 1: 1, 2: 2, 3: 2, 4: 4, 5: 4, 6: 4, 7: 1, 10: 8, 11: 8, 12: 8}
# Codes of the tensor types whose numbers stand there as they are, as struct writes them.
_FLOATS: Final = {0: "f", 1: "e", 28: "d"}
_MAX_NESTED: Final = 4
_MAX_DIMENSIONS: Final = 4
_DEFAULT_ALIGNMENT: Final = 32
# Of the head, which is walked value by value: what a control vector has fits into a hundredth of it.
_MAX_HEAD_BYTES: Final = 4 * 2**20


@dataclass(frozen=True)
class GgufTensor:
    """Where a tensor lies, and how. `start`: its first byte, from the beginning of the file."""

    shape: tuple[int, ...]
    type_code: int
    start: int


@dataclass(frozen=True)
class GgufFile:
    """A file's text metadata and tensors, by name."""

    texts: dict[str, str]
    tensors: dict[str, GgufTensor]
    body: bytes

    def numbers(self, name: str, max_numbers: int) -> tuple[float, ...]:
        """What is in a tensor of one dimension, `[n]`.

        Raises:
            ValueError: it has more dimensions or numbers, another type, or is cut off.
        """
        tensor = self.tensors[name]
        letter = _FLOATS.get(tensor.type_code)
        if letter is None or len(tensor.shape) != 1:
            raise ValueError(
                f"{name} has shape {list(tensor.shape)} and type {tensor.type_code}, allowed are F32, F16 and "
                "F64 of one dimension"
            )
        if tensor.shape[0] > max_numbers:
            raise ValueError(f"{name} has {tensor.shape[0]:,} numbers, allowed are {max_numbers:,}")
        n_bytes = tensor.shape[0] * struct.calcsize(letter)
        if tensor.start + n_bytes > len(self.body):
            raise ValueError(f"{name} is cut off")
        return struct.unpack_from(f"<{tensor.shape[0]}{letter}", self.body, tensor.start)


def read_gguf(body: bytes) -> GgufFile:
    """What the head of a GGUF file says.

    Raises:
        ValueError: it is no such file, cut off, or contradicts itself.
    """
    reader = _Reader(body[:_MAX_HEAD_BYTES])
    if reader.take(4) != _MAGIC:
        raise ValueError("it is no GGUF file")
    version = reader.number("I")
    if version not in _VERSIONS:
        raise ValueError(f"it has GGUF version {version}, allowed are 2 and 3, little-endian")
    n_tensors, n_fields = reader.number("Q"), reader.number("Q")
    texts: dict[str, str] = {}
    alignment = _DEFAULT_ALIGNMENT
    seen: set[str] = set()
    for _ in range(n_fields):  # each takes bytes, so a count too high ends at the end of the file
        key, kind = _new(seen, reader.text()), reader.number("I")
        if kind == _STRING:
            texts[key] = reader.text()
        elif key == "general.alignment" and kind == _UINT32:
            alignment = reader.number("I")
        else:
            reader.skip(kind)
    if alignment <= 0 or alignment & (alignment - 1):
        raise ValueError(f"its alignment is {alignment}, allowed is a power of two")
    tensors: dict[str, GgufTensor] = {}
    for _ in range(n_tensors):
        name = _new(tensors, reader.text())
        n_dimensions = reader.number("I")
        if n_dimensions > _MAX_DIMENSIONS:
            raise ValueError(f"{name} has {n_dimensions} dimensions, allowed are {_MAX_DIMENSIONS}")
        shape = tuple(reader.number("Q") for _ in range(n_dimensions))
        tensors[name] = GgufTensor(shape, reader.number("I"), reader.number("Q"))
        seen.add(name)
    data = -(-reader.place // alignment) * alignment
    return GgufFile(
        texts, {n: GgufTensor(t.shape, t.type_code, data + t.start) for n, t in tensors.items()}, body
    )


class _Reader:
    """Goes through bytes, and never past their end."""

    def __init__(self, body: bytes) -> None:
        self.place = 0
        self._body = body

    def take(self, n_bytes: int) -> bytes:
        """The next bytes."""
        end = self.place + n_bytes
        if end > len(self._body):
            raise ValueError(f"it is cut off, or its head is longer than {_MAX_HEAD_BYTES:,} bytes")
        taken = self._body[self.place : end]
        self.place = end
        return taken

    def number(self, letter: str) -> int:
        """The next whole number, by its letter in `struct`."""
        found: int = struct.unpack(f"<{letter}", self.take(struct.calcsize(letter)))[0]
        return found

    def text(self) -> str:
        """The next text; what is no UTF-8 raises ValueError, too."""
        return self.take(self.number("Q")).decode()

    def skip(self, kind: int, depth: int = 0) -> None:
        """Passes over a value of metadata."""
        if kind in _WIDTHS:
            self.take(_WIDTHS[kind])
        elif kind == _STRING:
            self.take(self.number("Q"))
        elif kind == _ARRAY and depth < _MAX_NESTED:
            inner, n_items = self.number("I"), self.number("Q")
            if inner in _WIDTHS:
                self.take(_WIDTHS[inner] * n_items)
                return
            for _ in range(n_items):
                self.skip(inner, depth + 1)
        else:
            raise ValueError(f"its metadata have a value of the unknown, or too deeply nested, type {kind}")


def _new(seen: set[str] | dict[str, GgufTensor], name: str) -> str:
    if name in seen:
        raise ValueError(f"it has {name!r} twice")
    if isinstance(seen, set):
        seen.add(name)
    return name
