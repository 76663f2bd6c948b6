"""What all kinds of named sets can do."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator, Mapping
from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Generic, NamedTuple, TypeVar

import msgspec

from ..errors import InvalidInput, UnknownSet
from ..history.places import data_folder
from ..saving import write_body
from .files import SavedSet, decode_set, encode_set, read_file
from .folder import DamagedFile, SetFolder
from .names import check_name, free_name

if TYPE_CHECKING:
    from ..protocol import SetInfo

_V = TypeVar("_V")
_S = TypeVar("_S", bound=SavedSet)
_N_SUGGESTED = 10


class SharedFile(NamedTuple):
    """A set as a file: how its name ends, its media type, what is in it."""

    ending: str
    media_type: str
    body: bytes


class Sets(Mapping[str, _V], Generic[_V, _S]):
    """Named sets, by name. Each look reads what is there at that moment, also what other kernels save.

    Args:
        folder: the data folder; None: the environment's ``STEER_WIDGET_DATA``, or the user's data folder.
    """

    _kind: ClassVar[str]
    _saved_kind: type[_S]

    def __init__(self, folder: str | Path | None = None) -> None:
        where = data_folder() if folder is None else Path(folder).expanduser().absolute()
        self._files: SetFolder[_S] = SetFolder(where / "sets" / self._kind, self._saved_kind)

    @property
    def folder(self) -> Path:
        """Where the files lie."""
        return self._files.path

    @property
    def damaged(self) -> tuple[DamagedFile, ...]:
        """Files there that could not be read, each with the reason; they are skipped."""
        return self._files.read()[1]

    def export(self, name: str, path: str | Path) -> Path:
        """Writes a set as a file to share; where it lies.

        Raises:
            UnknownSet: there is none of that name.
            MissingPath: the file cannot be written.
        """
        return write_body(path, self.as_file(name).body)

    def import_file(self, path: str | Path) -> str:
        """Keeps the set of a file that `export` wrote; the name it has here. Nothing in the file is executed.

        Where another set has its name already, it gets a number behind it: ``snow (2)``.

        Raises:
            MissingPath: there is no such file.
            InvalidInput: it holds no such set; names the field, the value, what is allowed.
        """
        return self.take_in(read_file(path), Path(path).name)

    # ---- a mapping

    def __getitem__(self, name: str) -> _V:
        return self._value(self.read(name))

    def __delitem__(self, name: str) -> None:
        self._files.delete(self.read(name).name)

    def __iter__(self) -> Iterator[str]:
        return iter(self._files.read()[0])

    def __len__(self) -> int:
        return len(self._files.read()[0])

    def __contains__(self, name: object) -> bool:
        try:
            return check_name(name) in self._files.read()[0]
        except InvalidInput:  # what is no name is no set's name
            return False

    def __repr__(self) -> str:
        from .listing import list_text

        return list_text(self)

    def _repr_html_(self) -> str:
        from .listing import list_html

        return list_html(self)

    def _ipython_key_completions_(self) -> list[str]:
        return list(self)

    # ---- for the widget

    def read(self, name: str) -> _S:
        """A set as it is in its file.

        Raises:
            UnknownSet: there is none of that name.
        """
        checked = check_name(name)
        found = self._files.find(checked)
        if found is None:
            sets = self._files.read()[0]
            found = sets.get(checked)
        if found is None:
            near = ", ".join(list(sets)[:_N_SUGGESTED])
            raise UnknownSet(
                "name", name, f"the name of a set of {self._kind}", hint=f"There are: {near or 'none'}."
            )
        return found

    def as_file(self, name: str) -> SharedFile:
        """A set as others may have it.

        Raises:
            UnknownSet: there is none of that name.
        """
        return SharedFile(".json", "application/json", encode_set(self.read(name)))

    def take_in(self, body: bytes, file_name: str = "") -> str:
        """Keeps the set that a file holds; see `import_file`. `file_name`: names what has no name in the file."""
        saved = self._decode(body, file_name)
        sets = self._files.read()[0]
        there = sets.get(saved.name)
        if there is None or not _is_same(there, saved):
            saved = _renamed(saved, free_name(saved.name, sets))
            self._files.write(saved)
        return saved.name

    def listed(self) -> tuple[tuple[SetInfo, ...], tuple[DamagedFile, ...]]:
        """All sets in short, by name, and the files that could not be read."""
        sets, damaged = self._files.read()
        return tuple(map(self._info, sets.values())), damaged

    # ---- of each kind

    def _decode(self, body: bytes, file_name: str) -> _S:
        """The set that a shared file holds."""
        del file_name  # it is called as it says itself
        return decode_set(body, self._saved_kind)

    @abstractmethod
    def _value(self, saved: _S) -> _V:
        """What the user gets of a set."""

    @abstractmethod
    def _info(self, saved: _S) -> SetInfo:
        """A set in short."""


def now() -> str:
    """The time, UTC, as files have it."""
    return datetime.now(timezone.utc).isoformat(timespec="seconds")


def _renamed(saved: _S, name: str) -> _S:
    return msgspec.structs.replace(saved, name=name)


def _is_same(one: SavedSet, other: SavedSet) -> bool:
    return one == msgspec.structs.replace(other, saved_at=one.saved_at)
