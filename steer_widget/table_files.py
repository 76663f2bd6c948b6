"""A result's tables as files of other programs; the rows are those of `table_rows`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

import msgspec

from .extras import optional
from .saving import write_body
from .table_csv import table_csv
from .table_rows import columns_of

if TYPE_CHECKING:
    import pyarrow as pa

    from .result import RunResult

_LISTS: Final = {
    "features": "string", "sae": "string", "strengths": "double", "units": "string", "methods": "string",
    "positions": "string", "skip_special": "bool", "flags": "string",
}  # fmt: skip
_WHOLE: Final = ("cell", "sample", "n_tokens", "token", "token_id")
_TEXTS: Final = ("prompt", "steering", "text", "state", "finish", "error")


def write_csv(result: RunResult, path: str | Path, *, tokens: bool) -> Path:
    """What `RunResult.to_csv` does."""
    return write_body(path, table_csv(result, tokens=tokens).encode())


def write_jsonl(result: RunResult, path: str | Path, *, tokens: bool) -> Path:
    """What `RunResult.to_jsonl` does."""
    return write_body(path, b"".join(msgspec.json.encode(row) + b"\n" for row in result.rows(tokens=tokens)))


def write_parquet(result: RunResult, path: str | Path, *, tokens: bool) -> Path:
    """What `RunResult.to_parquet` does."""
    pa = optional("pyarrow", "Parquet cannot be written")
    pq = optional("pyarrow.parquet", "Parquet cannot be written")
    rows = result.rows(tokens=tokens)
    names = columns_of(rows, tokens=tokens)
    schema = pa.schema(
        [(name, _type_of(name)) for name in names], metadata={b"steer_widget": _made_by(result)}
    )
    plain = [{name: _plain(name, value) for name, value in row.items()} for row in rows]
    sink = pa.BufferOutputStream()
    pq.write_table(pa.Table.from_pylist(plain, schema), sink)
    return write_body(path, sink.getvalue().to_pybytes())


def _type_of(name: str) -> pa.DataType:
    import pyarrow as pa

    if name in _LISTS:
        return pa.list_(pa.type_for_alias(_LISTS[name]))
    if name in _WHOLE:
        return pa.int64()
    return pa.string() if name in _TEXTS else pa.float64()


def _plain(name: str, value: object) -> object:
    # A column has one type: features are numbers, vectors and controls have names.
    return list(map(str, value)) if name == "features" and isinstance(value, list) else value


def _made_by(result: RunResult) -> bytes:
    """What made the run, as JSON."""
    facts = {
        "run": result.run,
        "created_at": result.created_at,
        "model": result.model,
        "saes": result.saes,
        "versions": result.versions,
        "generation": result.grid.generation,
    }
    return msgspec.json.encode(facts)
