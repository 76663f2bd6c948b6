"""Named vectors of your own."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

from ..errors import InvalidInput
from ..protocol import SetInfo
from ..saving import write_body
from ..spec import SelectedEdit, Vector
from ..vectors import (
    check_layers,
    decode_vector,
    decode_vectors,
    encode_vector,
    encode_vectors,
    hook_name_of,
)
from ..vectors.files import named
from ._base import Sets, SharedFile, now
from .feature_set import MadeOn
from .files import SavedVectors, decode_set
from .names import MAX_NAME_CHARS, check_name

_RISK: Final = "a direction of another model means nothing here"
_UNKNOWN_MODEL: Final = "unknown"  # a control vector has to name one
_START_NORMS: Final = 0.4
_TOGETHER: Final = (
    "A vector for each layer: with the layout combined they act together, as they were made to."
)

Kept = Vector | dict[int, Vector]
"""What was saved: a vector, or one for each of some layers, by layer."""


class VectorSets(Sets[Kept, SavedVectors]):
    """Vectors by name: each a `sw.Vector`, or a control vector, which has one for each of some layers.

    ``vectors["calm"].at(0.3, unit="norm")`` goes straight into `steerer.compare`. One that was made on another
    model is given with a warning.

    They are shared as files that other programs read: a vector as safetensors with its name and hook point
    (`sw.load_vector`), one for each layer as a GGUF control vector (`sw.load_vectors`, repeng, llama.cpp).

    Args:
        folder: the data folder; None: the environment's ``STEER_WIDGET_DATA``, or the user's data folder.
        here: gives the name of the model they are used with; None: with none.
    """

    _kind = "vectors"
    _saved_kind = SavedVectors

    def __init__(self, folder: str | Path | None = None, *, here: Callable[[], MadeOn] | None = None) -> None:
        super().__init__(folder)
        self._here = here or MadeOn

    def save(self, name: str, vector: Vector | Mapping[int, Vector]) -> None:
        """Keeps a vector, or one for each of some layers, under a name, instead of what was there.

        Args:
            name: up to 200 characters of any kind; a vector without a name of its own gets it.
            vector: as `steerer.contrast_vector` gives, or by layer, as `sw.load_vectors` does.

        Raises:
            InvalidInput: no name, no vectors, or more than 12 MB of them.
            MissingPath: the folder cannot be written.
        """
        self._files.write(_saved(check_name(name), vector, self._here().model))

    def export(self, name: str, path: str | Path) -> Path:
        """Writes a vector as a file to share: ``.safetensors``, or ``.gguf`` where there is one for each layer.

        Raises:
            UnknownSet: there is none of that name.
            InvalidInput: another ending.
            MissingPath: the file cannot be written.
        """
        file = self.as_file(name)
        return write_body(named(path, file.ending, otherwise="Other formats do not hold it."), file.body)

    def as_file(self, name: str) -> SharedFile:
        """A vector as others may have it.

        Raises:
            UnknownSet: there is none of that name.
        """
        saved = self.read(name)
        if saved.layers:
            body = encode_vectors(saved.by_layer, model_hint=saved.model or _UNKNOWN_MODEL)
            return SharedFile(".gguf", "application/octet-stream", body)
        body = encode_vector(saved.vectors[0], model=saved.model)
        return SharedFile(".safetensors", "application/octet-stream", body)

    def rows(self, name: str) -> tuple[tuple[SelectedEdit, ...], str]:
        """The vectors of a name as they are selected, and what to tell the user of them.

        A single one starts at 0.4 of the residual norm, as features do in the page; those of a control vector at
        the coefficient 1 that they were made for.

        Raises:
            UnknownSet: there is none of that name.
        """
        saved = self.read(name)
        if not saved.layers:
            return (SelectedEdit(saved.vectors[0], _START_NORMS, unit="norm"),), self._warning(saved)
        told = _TOGETHER if len(saved.layers) > 1 else ""
        rows = tuple(SelectedEdit(vector, 1.0, unit="raw") for vector in saved.vectors)
        return rows, " ".join(part for part in (self._warning(saved), told) if part)

    def __getitem__(self, name: str) -> Kept:
        saved = self.read(name)
        warning = self._warning(saved)
        if warning:
            warnings.warn(f"The vector {saved.name!r}: {warning}", stacklevel=2)
        return self._value(saved)

    def _warning(self, saved: SavedVectors) -> str:
        return MadeOn(saved.model).warning(self._here(), _RISK)

    def _value(self, saved: SavedVectors) -> Kept:
        return saved.by_layer or saved.vectors[0]

    def _info(self, saved: SavedVectors) -> SetInfo:
        first = saved.vectors[0]
        where = f"layers {saved.layers[0]} to {saved.layers[-1]}" if saved.layers else first.hook_name
        preview = f"{len(first):,} dimensions{f' at {where}' if where else ''}"
        return SetInfo(saved.name, len(saved.vectors), saved.saved_at, preview)

    def _decode(self, body: bytes, file_name: str) -> SavedVectors:
        source = Path(file_name or "the file")
        stem = source.stem.strip()[:MAX_NAME_CHARS] or "vector"
        if body.startswith(b"GGUF"):
            return _saved(stem, decode_vectors(source, body))
        if body.lstrip()[:1] == b"{":  # a safetensors file begins with the length of its head
            return decode_set(body, SavedVectors)
        vector = decode_vector(source, body)
        return _saved(vector.name.strip()[:MAX_NAME_CHARS] or stem, vector)


def _saved(name: str, given: object, model: str = "") -> SavedVectors:
    if isinstance(given, Vector):
        vector = given if given.name else Vector(given.values, name, given.hook_name)
        return SavedVectors(name=name, saved_at=now(), model=model, vectors=(vector,))
    if not isinstance(given, Mapping):
        raise InvalidInput("vector", given, "a sw.Vector, or vectors by layer: {12: vector, 13: another}")
    check_layers(given)
    layers = tuple(sorted(given))
    vectors = tuple(_at_layer(given[layer], layer, name) for layer in layers)
    return SavedVectors(name=name, saved_at=now(), model=model, vectors=vectors, layers=layers)


def _at_layer(vector: Vector, layer: int, name: str) -> Vector:
    return Vector(vector.values, vector.name or f"{name} {layer}", hook_name_of(layer))
