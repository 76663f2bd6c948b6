"""Results as files: versioned JSON, written whole or not at all, read with distrust."""

from __future__ import annotations

import os
import uuid
from pathlib import Path
from typing import Final, Literal

import msgspec

from .cell import Cell
from .errors import MissingPath, ResultFormatError, SteerError
from .protocol import ErrorInfo, Measures, ModelInfo, SaeInfo, TokenMeasures
from .result import RunResult
from .saved_v1 import upgrade
from .spec import CellState, FinishReason, Grid, RunState

FORMAT: Final = "steer_widget.result"
VERSION: Final = 2
_OLDEST: Final = 1


class _Head(msgspec.Struct, frozen=True):
    """Enough of a file to know whether the rest can be read."""

    format: str = ""
    version: int = 0


class SavedCell(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A cell without its prompt and steering: the grid has them."""

    state: CellState
    text: str
    token_ids: tuple[int, ...]
    finish: FinishReason | None
    measures: Measures
    token_measures: TokenMeasures
    error: ErrorInfo | None


class SavedResult(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A result as it is written down."""

    format: Literal["steer_widget.result"]
    version: Literal[2]
    run: str
    state: RunState
    created_at: str
    seconds: float
    n_tokens: int
    model: ModelInfo | None
    saes: tuple[SaeInfo, ...]
    versions: dict[str, str]
    grid: Grid
    max_act: dict[str, float]
    cells: tuple[SavedCell, ...]
    error: ErrorInfo | None


def save_result(result: RunResult, path: str | Path) -> Path:
    """Writes a result; the file is there whole or not at all.

    Returns:
        The path it lies at.

    Raises:
        MissingPath: the folder does not exist or cannot be written.
    """
    return write_body(path, result_json(result))


def result_json(result: RunResult) -> bytes:
    """A result as the text of such a file."""
    return msgspec.json.format(msgspec.json.encode(pack_result(result)), indent=1)


def load_result(path: str | Path) -> RunResult:
    """Reads what `RunResult.save` wrote, also an older version of it; equal to what was saved.

    Raises:
        MissingPath: there is no such file, or it cannot be read.
        ResultFormatError: it is damaged, no result, or written by a newer version.
    """
    source, body, version = read_versioned(
        path, "a file that result.save(path) wrote", FORMAT, oldest=_OLDEST, newest=VERSION
    )
    try:
        if version == VERSION:
            return unpack_result(msgspec.json.decode(body, type=SavedResult))
        return unpack_result(msgspec.convert(upgrade(body), SavedResult))
    except (msgspec.DecodeError, UnicodeDecodeError, SteerError, RecursionError) as error:
        raise unreadable(source, str(error)) from error


def read_versioned(
    path: str | Path, wanted: str, file_format: str, *, oldest: int, newest: int
) -> tuple[Path, bytes, int]:
    """A file that says its format and version in front.

    Args:
        path: where it lies.
        wanted: what should lie there, in words.
        file_format: that it has to have.
        oldest: version that can be read.
        newest: the same.

    Returns:
        Where it lies, what is in it, and its version.

    Raises:
        MissingPath: there is no such file, or it cannot be read.
        ResultFormatError: it is damaged, has another format, or is of another version.
    """
    source, body = read_body(path, wanted)
    try:
        head = msgspec.json.decode(body, type=_Head)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise unreadable(source, str(error)) from error
    if head.format != file_format:
        noun = file_format.rpartition(".")[2]
        raise ResultFormatError(
            f"{source} is no saved {noun} of steer_widget: its format is {head.format!r}, not {file_format!r}."
        )
    if not oldest <= head.version <= newest:
        known = str(newest) if oldest == newest else f"{oldest} to {newest}"
        raise ResultFormatError(
            f"{source} has version {head.version} of the {file_format.rpartition('.')[2]} format; this steer_widget "
            f"reads {known}. It was probably written by a newer one: pip install --upgrade steer-widget"
        )
    return source, body, head.version


def unreadable(source: Path, why: str) -> ResultFormatError:
    """The error for a file that says what it is and is damaged all the same."""
    return ResultFormatError(
        f"{source} could not be read: {why}. It was probably cut off or edited: take the original or a copy."
    )


def read_body(path: str | Path, wanted: str) -> tuple[Path, bytes]:
    """Where a file lies, and what is in it.

    Raises:
        MissingPath: there is no such file, or it cannot be read.
    """
    source = Path(path).expanduser()
    try:
        return source, source.read_bytes()
    except OSError as error:
        raise MissingPath("path", str(source), wanted, hint=str(error)) from error


def write_body(path: str | Path, body: bytes) -> Path:
    """Writes a file that is there whole or not at all; where it lies.

    Raises:
        MissingPath: the folder does not exist or cannot be written.
    """
    target = Path(path).expanduser()
    try:
        _write_atomically(target, body)
    except OSError as error:
        raise MissingPath(
            "path", str(target), "a file in a folder that exists and can be written", hint=str(error)
        ) from error
    return target


def _write_atomically(target: Path, body: bytes) -> None:
    part = target.with_name(f".{target.name}.{uuid.uuid4().hex}.part")
    try:
        with part.open("xb") as file:
            file.write(body)
            file.flush()
            os.fsync(file.fileno())
        part.replace(target)
    except BaseException:
        part.unlink(missing_ok=True)
        raise


def pack_result(result: RunResult) -> SavedResult:
    """A result as it is written down."""
    return SavedResult(
        format=FORMAT,
        version=VERSION,
        run=result.run,
        state=result.state,
        created_at=result.created_at,
        seconds=result.seconds,
        n_tokens=result.n_tokens,
        model=result.model,
        saes=result.saes,
        versions=result.versions,
        grid=result.grid,
        max_act=result.max_act,
        cells=tuple(map(pack_cell, result.cells)),
        error=result.failure,
    )


def pack_cell(cell: Cell) -> SavedCell:
    """A cell as it is written down."""
    return SavedCell(
        cell.state,
        cell.text,
        cell.token_ids,
        cell.finish,
        cell.measures,
        cell.token_measures,
        cell.failure,
    )


def unpack_result(saved: SavedResult) -> RunResult:
    """A result from how it is written down.

    Raises:
        ResultFormatError: it has not as many cells as its grid.
    """
    grid = saved.grid
    if len(saved.cells) != len(grid):
        raise ResultFormatError(f"it holds {len(saved.cells)} cells where its grid has {len(grid)}")
    return RunResult(
        run=saved.run,
        state=saved.state,
        grid=grid,
        cells=tuple(_unpack_cell(grid, index, cell) for index, cell in enumerate(saved.cells)),
        model=saved.model,
        saes=saved.saes,
        versions=saved.versions,
        created_at=saved.created_at,
        seconds=saved.seconds,
        n_tokens=saved.n_tokens,
        max_act=saved.max_act,
        failure=saved.error,
    )


def _unpack_cell(grid: Grid, index: int, cell: SavedCell) -> Cell:
    at = grid.coordinates(index)
    return Cell(
        index=index,
        prompt=grid.prompts[at.prompt],
        steering=grid.steerings[at.steering],
        sample=at.sample,
        chat=grid.generation.chat,
        state=cell.state,
        text=cell.text,
        token_ids=cell.token_ids,
        finish=cell.finish,
        measures=cell.measures,
        token_measures=cell.token_measures,
        failure=cell.error,
    )
