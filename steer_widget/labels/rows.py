"""Rows of files: CSV, TSV, JSON lines, Parquet, each with the place where it stands."""

from __future__ import annotations

import csv
import gzip
import io
import zlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

import msgspec

from ..errors import InvalidInput, MissingPath

ENDINGS: Final = (".csv", ".tsv", ".jsonl", ".ndjson", ".parquet")
ALLOWED: Final = f"a file that ends in {', '.join(ENDINGS)}, or .gz behind these"

_EXPORTED = ("explanations", "features")

PlacedRow = tuple[str, Mapping[str, object]]


def rows_of(path: Path) -> Iterator[PlacedRow]:
    """Rows of a file, which its ending tells how to read, or of all such files in a folder and those below it.

    Of a folder as Neuronpedia exports an SAE, with other things beside them, explanations and features alone.

    Raises:
        MissingPath: there is no such file, or it cannot be read.
        InvalidInput: it is none of these, or damaged; names the line.
    """
    if path.is_dir():
        exported = [one for one in path.iterdir() if one.is_dir() and one.name.startswith(_EXPORTED)]
        files = sorted(
            file
            for folder in exported or [path]
            for file in folder.rglob("*")
            if _ending(file) in ENDINGS and file.is_file()
        )
        if not files:
            raise InvalidInput("labels", str(path), f"a folder with files that end in {', '.join(ENDINGS)}")
        for file in files:
            yield from _of_file(file)
    else:
        yield from _of_file(path)


def _of_file(path: Path) -> Iterator[PlacedRow]:
    ending = _ending(path)
    if ending not in ENDINGS:
        raise InvalidInput("labels", path.name, ALLOWED)
    try:
        if ending == ".parquet":
            yield from _parquet(path)
            return
        with gzip.open(path, "rb") if path.suffix == ".gz" else path.open("rb") as file:
            if ending in (".csv", ".tsv"):
                with io.TextIOWrapper(file, "utf-8-sig", newline="") as text:
                    yield from _table(path.name, text, "\t" if ending == ".tsv" else None)
            else:
                for number, line in enumerate(file, start=1):
                    if line.strip():
                        yield f"line {number} of {path.name}", _object(path.name, number, line)
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise InvalidInput(
            "labels", path.name, "a whole gzip file", hint=f"{error}. Get it again."
        ) from error
    except UnicodeDecodeError as error:
        raise InvalidInput("labels", path.name, "text in UTF-8", hint=f"{error}.") from error
    except OSError as error:
        raise MissingPath("labels", str(path), "a file that can be read", hint=str(error)) from error


def _ending(path: Path) -> str:
    return (Path(path.stem) if path.suffix == ".gz" else path).suffix.casefold()


def _object(name: str, number: int, line: bytes) -> Mapping[str, object]:
    try:
        return msgspec.json.decode(line, type=dict[str, object])
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise InvalidInput(
            f"line {number} of {name}", line[:80], "a JSON object", hint=f"{error}."
        ) from error


def _table(name: str, text: io.TextIOWrapper, delimiter: str | None) -> Iterator[PlacedRow]:
    first = text.readline()
    if delimiter is None:
        delimiter = max(",;", key=first.count)
    reader = csv.reader(_lines(first, text), delimiter=delimiter, strict=True)
    try:
        heads = next(reader, [])
        for cells in reader:
            if len(cells) > len(heads) and any(cell.strip() for cell in cells[len(heads) :]):
                raise InvalidInput(
                    f"line {reader.line_num} of {name}",
                    cells,
                    f"as many cells as the head, {len(heads)}",
                    hint="A cell with commas in it stands in quotes.",
                )
            if any(cell.strip() for cell in cells):
                yield f"line {reader.line_num} of {name}", dict(zip(heads, cells, strict=False))
    except csv.Error as error:
        raise InvalidInput(f"line {reader.line_num} of {name}", str(error), "cells in CSV") from error


def _lines(first: str, rest: io.TextIOWrapper) -> Iterator[str]:
    yield first
    yield from rest


def _parquet(path: Path) -> Iterator[PlacedRow]:
    try:
        from pyarrow import ArrowInvalid, parquet
    except ImportError as error:
        raise InvalidInput(
            "labels", path.name, "CSV or JSON lines, or Parquet with pyarrow", hint="pip install pyarrow"
        ) from error
    if not path.is_file():
        raise MissingPath("labels", str(path), "a file that can be read")
    try:
        with parquet.ParquetFile(path) as file:
            number = 0
            for batch in file.iter_batches():
                for row in batch.to_pylist():
                    yield f"row {number} of {path.name}", row
                    number += 1
    except ArrowInvalid as error:
        raise InvalidInput("labels", path.name, "a whole Parquet file", hint=f"{error}.") from error
