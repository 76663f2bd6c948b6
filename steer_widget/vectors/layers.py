"""A vector for each layer as a GGUF control vector, as repeng and llama.cpp write and read them.

The tensor ``direction.<L>`` is added to the output of block L, counted from 0: repeng 0.4.0 wraps
``model.layers[L]``, adds it to what that returns, and learns it from ``hidden_states[L + 1]``. So it acts
at ``blocks.<L>.hook_resid_post``. (Of the last block, transformers gives the hidden state after the final
norm: there repeng learns a direction in other units than it acts in.)
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from ..errors import InvalidInput
from ..saving import write_body
from ..spec import Vector
from ..spec.checks import text, whole
from .files import named, read_bounded, refused
from .gguf_tensors import GgufFile, read_gguf

ARCHITECTURE: Final = "controlvector"
MAX_BYTES: Final = 64 * 2**20  # a hundred layers of 16,384 dimensions take 7
MAX_LAYER: Final = 9_999
MAX_NUMBERS: Final = 2**20  # of a direction
_WANTED: Final = "a GGUF control vector, as sw.save_vectors, repeng or llama.cpp write them"
_HINT: Final = "an architecture as transformers names it, such as llama"
_PREFIX: Final = "direction."
_NUMBER: Final = re.compile(r"0|[1-9][0-9]{0,3}")


def save_vectors(path: str | Path, vectors: Mapping[int, Vector], *, model_hint: str) -> Path:
    """Writes vectors as a GGUF control vector; the file is there whole or not at all.

    The format keeps the numbers and the layers; names of vectors are not part of it. llama.cpp refuses a
    vector for layer 0, repeng takes it.

    Args:
        path: a file that ends in ``.gguf``.
        vectors: by layer, counted from 0: each acts on the output of that block, so its hook name is empty
            or ``blocks.<layer>.hook_resid_post``; all `[d_model]`.
        model_hint: the architecture that they were made for, ``model.config.model_type``, such as ``llama``.

    Returns:
        The path it lies at.

    Raises:
        InvalidInput: no vectors, not of one width, another hook point, or another suffix.
        MissingPath: the folder does not exist or cannot be written.
    """
    target = named(path, ".gguf", otherwise="A single vector is written by vector.save(path).")
    return write_body(target, encode_vectors(vectors, model_hint=model_hint))


def encode_vectors(vectors: Mapping[int, Vector], *, model_hint: str) -> bytes:
    """The file of a control vector; refuses what `save_vectors` does."""
    check_layers(vectors)
    if not text("model_hint", model_hint, _HINT):  # repeng reads no file without one
        raise InvalidInput("model_hint", model_hint, _HINT)
    return _encode(vectors, model_hint)


def load_vectors(path: str | Path) -> dict[int, Vector]:
    """Reads a GGUF control vector, such as repeng's `ControlVector.export_gguf` writes. Nothing in it is executed.

    A strength of 1 with the method ``add`` and the unit ``raw``, on all tokens, is repeng's coefficient of 1.

    Returns:
        The vectors by layer, in ascending order, each named by file and layer, at ``blocks.<layer>.hook_resid_post``.

    Raises:
        MissingPath: there is no such file, or it cannot be read.
        InvalidInput: it is too large, damaged, no control vector, or a direction is not one row of finite
            F32, F16 or F64 numbers, not all zero.
    """
    return decode_vectors(*read_bounded(path, MAX_BYTES, _WANTED))


def decode_vectors(source: Path, body: bytes) -> dict[int, Vector]:
    """The vectors that a file holds, by layer. `source`: its name, for the errors of `load_vectors`."""
    try:
        file = read_gguf(body)
        return _vectors(file, source.stem)
    except ValueError as error:  # InvalidInput is one
        raise refused(source, _WANTED, str(error).rstrip(".")) from error


def hook_name_of(layer: int) -> str:
    """Where a control vector of that layer acts."""
    return f"blocks.{layer}.hook_resid_post"


def _vectors(file: GgufFile, stem: str) -> dict[int, Vector]:
    architecture = file.texts.get("general.architecture", "")
    if architecture != ARCHITECTURE:
        raise ValueError(f"its architecture is {architecture!r}, not {ARCHITECTURE!r}")
    layers = {}
    for name in file.tensors:
        if name.startswith(_PREFIX):
            layer = name.removeprefix(_PREFIX)
            if not _NUMBER.fullmatch(layer):
                raise ValueError(f"the tensor {name!r} names no layer from 0 to {MAX_LAYER:,}")
            layers[int(layer)] = name
    if not layers:
        raise ValueError(f"it holds no tensor called {_PREFIX}<layer>")
    if len({file.tensors[name].shape for name in layers.values()}) != 1:
        raise ValueError("its directions are not of one shape")
    # Tensors that lie over one another would make more of the file than there is in it.
    max_numbers = min(MAX_NUMBERS, len(file.body) // len(layers))
    return {
        layer: _vector(file.numbers(layers[layer], max_numbers), layers[layer], f"{stem} {layer}", layer)
        for layer in sorted(layers)
    }


def _vector(numbers: tuple[float, ...], tensor: str, name: str, layer: int) -> Vector:
    try:
        return Vector(numbers, name, hook_name_of(layer))  # type: ignore[arg-type]  # it packs them
    except InvalidInput as error:
        raise ValueError(f"{tensor}: {error}") from error


def check_layers(vectors: Mapping[int, Vector]) -> None:
    """Refuses what is no control vector.

    Raises:
        InvalidInput: no vectors, not of one width, or another hook point than their layer's.
    """
    allowed = "vectors by layer: {12: vector, 13: another}, all of one width"
    given: object = vectors
    if not isinstance(given, Mapping) or not given:
        raise InvalidInput("vectors", given, allowed)
    for layer, vector in given.items():
        whole("layer", layer, 0, MAX_LAYER)
        if not isinstance(vector, Vector):
            raise InvalidInput("vectors", vector, allowed)
        if vector.hook_name not in {"", hook_name_of(layer)}:
            raise InvalidInput(
                "hook_name",
                vector.hook_name,
                f"{hook_name_of(layer)}, or empty, for layer {layer}",
                hint="A control vector acts on the output of a block. vector.save(path) keeps any hook point.",
            )
    if len(set(map(len, given.values()))) != 1 or len(next(iter(given.values()))) > MAX_NUMBERS:
        raise InvalidInput("vectors", sorted(map(len, given.values())), allowed)


def _encode(vectors: Mapping[int, Vector], model_hint: str) -> bytes:
    import numpy as np
    from gguf import GGUFWriter

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "vectors.gguf"
        writer = GGUFWriter(path, ARCHITECTURE)
        writer.add_string(f"{ARCHITECTURE}.model_hint", model_hint)
        writer.add_uint32(f"{ARCHITECTURE}.layer_count", len(vectors))
        for layer, vector in sorted(vectors.items()):
            writer.add_tensor(f"{_PREFIX}{int(layer)}", np.frombuffer(vector.values, dtype="<f4"))
        try:
            writer.write_header_to_file()
            writer.write_kv_data_to_file()
            writer.write_tensors_to_file()
        finally:
            writer.close()
        return path.read_bytes()
