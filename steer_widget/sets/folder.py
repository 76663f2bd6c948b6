"""The files of one kind of sets, in a folder that any number of kernels may use."""

from __future__ import annotations

from pathlib import Path
from typing import Generic, TypeVar

import msgspec

from ..errors import MissingPath, SteerError
from ..saving import write_body
from .files import SavedSet, decode_set, encode_set, read_file
from .names import file_name

_S = TypeVar("_S", bound=SavedSet)


class DamagedFile(msgspec.Struct, frozen=True):
    """A file that could not be read, and why."""

    path: Path
    why: str


class SetFolder(Generic[_S]):
    """Sets as files; read anew each time, so that what others save is seen.

    Args:
        path: the folder; it is made when something is first saved.
        kind: what each file holds.
    """

    def __init__(self, path: Path, kind: type[_S]) -> None:
        self.path = path
        self._kind = kind

    def read(self) -> tuple[dict[str, _S], tuple[DamagedFile, ...]]:
        """All sets by name, in the order of names, and the files that hold none."""
        found: dict[str, _S] = {}
        damaged: list[DamagedFile] = []
        for path in self._files():
            try:
                saved = decode_set(read_file(path), self._kind)
            except MissingPath as error:
                if path.exists():  # else another kernel has deleted it meanwhile
                    damaged.append(DamagedFile(path, error.message))
                continue
            except SteerError as error:
                damaged.append(DamagedFile(path, error.message))
                continue
            # A copy that somebody has put there does not stand for the file that is saved to.
            if saved.name not in found or path.name == file_name(saved.name):
                found[saved.name] = saved
        return dict(sorted(found.items(), key=lambda item: (item[0].casefold(), item[0]))), tuple(damaged)

    def find(self, name: str) -> _S | None:
        """The set in the file that is written for this name; None where that holds none."""
        path = self.path / file_name(name)
        try:
            saved = decode_set(read_file(path), self._kind)
        except SteerError:  # not there, or damaged, which `read` tells
            return None
        return saved if saved.name == name else None

    def write(self, saved: _S) -> None:
        """Keeps a set, instead of what has its name.

        Raises:
            MissingPath: the folder cannot be written.
        """
        try:
            self.path.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise MissingPath(
                "path", str(self.path), "a folder that can be made",
                hint=f"{error.strerror}. Another one: set STEER_WIDGET_DATA.",
            ) from error  # fmt: skip
        write_body(self.path / file_name(saved.name), encode_set(saved))

    def delete(self, name: str) -> None:
        """Takes away every file that holds the set.

        Raises:
            MissingPath: the folder cannot be written.
        """
        for path in self._files():
            try:
                if path.name == file_name(name) or decode_set(read_file(path), self._kind).name == name:
                    path.unlink(missing_ok=True)
            except OSError as error:
                raise MissingPath(
                    "path", str(path), "a file that can be deleted", hint=str(error.strerror)
                ) from error
            except SteerError:  # a damaged file is not this set
                continue

    def _files(self) -> list[Path]:
        # What is being written has another ending, and a dot in front.
        return sorted(path for path in self.path.glob("[!.]*.json") if path.is_file())
