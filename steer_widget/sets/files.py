"""What is in the file of a set: versioned JSON, read with distrust."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Final, Literal, TypeVar

import msgspec

from ..errors import InvalidInput, MissingPath
from ..prompt_files import MAX_FILE_BYTES, MAX_PROMPTS
from ..spec import Prompt, SelectedEdit, Vector, check_prompt
from ..vectors import check_layers
from .names import check_name

MAX_ROWS: Final = 1_000
MAX_VECTOR_BYTES: Final = 12_000_000  # in base64, as JSON has them, they fit into a file
VERSION: Final = 1


class SavedSet(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What every set has. `saved_at`: UTC, ISO 8601."""

    version: Literal[1] = VERSION
    name: str
    saved_at: str

    def __post_init__(self) -> None:
        msgspec.structs.force_setattr(self, "name", check_name(self.name))
        try:
            datetime.fromisoformat(self.saved_at)
        except ValueError as error:
            raise InvalidInput("saved_at", self.saved_at, "a date in ISO 8601") from error


class SavedFeatures(
    SavedSet,
    frozen=True,
    forbid_unknown_fields=True,
    kw_only=True,
    tag="steer_widget.features",
    tag_field="format",
):
    """A set of features. `model`, `saes`: names of what it was made on, as far as they were known."""

    model: str = ""
    saes: tuple[str, ...] = ()
    rows: tuple[SelectedEdit, ...]

    def __post_init__(self) -> None:
        super().__post_init__()
        if not 1 <= len(self.rows) <= MAX_ROWS:
            raise InvalidInput("rows", f"{len(self.rows):,} features", f"1 to {MAX_ROWS:,} features")


class SavedPrompts(
    SavedSet,
    frozen=True,
    forbid_unknown_fields=True,
    kw_only=True,
    tag="steer_widget.prompts",
    tag_field="format",
):
    """A set of prompts."""

    prompts: tuple[Prompt, ...]

    def __post_init__(self) -> None:
        super().__post_init__()
        if not 1 <= len(self.prompts) <= MAX_PROMPTS:
            raise InvalidInput("prompts", f"{len(self.prompts):,} prompts", f"1 to {MAX_PROMPTS:,} prompts")
        msgspec.structs.force_setattr(self, "prompts", tuple(map(check_prompt, self.prompts)))


class SavedVectors(
    SavedSet,
    frozen=True,
    forbid_unknown_fields=True,
    kw_only=True,
    tag="steer_widget.vectors",
    tag_field="format",
):
    """A vector, or one for each of some layers.

    Attributes:
        model: name of the model they were made on, as far as it was known.
        layers: of each vector, in ascending order; empty where it is a single one, at any hook point.
    """

    model: str = ""
    vectors: tuple[Vector, ...]
    layers: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        super().__post_init__()
        if len(self.vectors) != (len(self.layers) or 1) or list(self.layers) != sorted(set(self.layers)):
            raise InvalidInput(
                "layers", self.layers, "one for each vector, ascending, or none for a single one"
            )
        if self.layers:
            check_layers(self.by_layer)
        n_bytes = sum(len(vector.values) for vector in self.vectors)
        if n_bytes > MAX_VECTOR_BYTES:
            raise InvalidInput("vectors", f"{n_bytes:,} bytes", f"at most {MAX_VECTOR_BYTES:,} bytes")

    @property
    def by_layer(self) -> dict[int, Vector]:
        """The vectors by layer; empty where it is a single one."""
        return dict(zip(self.layers, self.vectors, strict=False))


_S = TypeVar("_S", bound=SavedSet)


class _Head(msgspec.Struct, frozen=True):
    """Enough of a file to know whether the rest can be read."""

    format: str = ""
    version: int = 0


def encode_set(saved: SavedSet) -> bytes:
    """The file of a set."""
    return msgspec.json.format(msgspec.json.encode(saved), indent=1) + b"\n"


def decode_set(body: bytes, kind: type[_S]) -> _S:
    """The set that a file holds.

    Raises:
        InvalidInput: it is no such file, too large, damaged, of a newer version, or a value in it is refused.
    """
    wanted = kind.__struct_config__.tag
    if len(body) > MAX_FILE_BYTES:
        raise InvalidInput("file", f"{len(body):,} bytes", f"at most {MAX_FILE_BYTES:,} bytes")
    try:
        head = msgspec.json.decode(body, type=_Head)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise _damaged(error) from error
    if head.format != wanted:
        raise InvalidInput("format", head.format, str(wanted), hint="This file holds something else.")
    if head.version != VERSION:
        raise InvalidInput(
            "version", head.version, str(VERSION),
            hint="A newer steer_widget wrote it: pip install --upgrade steer-widget",
        )  # fmt: skip
    try:
        return msgspec.json.decode(body, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        if isinstance(error.__cause__, InvalidInput):
            raise error.__cause__ from error
        raise _damaged(error) from error


def read_file(path: str | Path) -> bytes:
    """What is in a file, if it is not too large to be a set.

    Raises:
        MissingPath: there is no such file, or it cannot be read.
        InvalidInput: it is too large.
    """
    source = Path(path).expanduser()
    try:
        with source.open("rb") as file:
            body = file.read(MAX_FILE_BYTES + 1)
    except (OSError, ValueError) as error:
        raise MissingPath("path", str(source), "a file that can be read", hint=str(error)) from error
    if len(body) > MAX_FILE_BYTES:
        raise InvalidInput("file", str(source), f"a file of at most {MAX_FILE_BYTES:,} bytes")
    return body


def _damaged(error: Exception) -> InvalidInput:
    return InvalidInput(
        "file", str(error), "a file that export wrote", hint="It was cut off, edited, or is no set."
    )
