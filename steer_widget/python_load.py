"""How model and SAEs of a run were loaded, as Python code."""

from __future__ import annotations

import msgspec

from .embedded import MODEL_NAME
from .printable import printable
from .protocol import Load, ModelInfo, SaeSource
from .python_text import Call, Code, Keyed, Listed, quoted, statement
from .result import RunResult

_DTYPES = ("float32", "bfloat16", "float16")
_IN_MEMORY = (
    "# The run had objects in memory; this loads what they call themselves. If that is something else, make the",
    "# steerer of your own objects: steerer = sw.from_model(model, tokenizer, sae)",
)
_UNKNOWN = "# The run had not come to its model when this was written: load yours here."
_MAX_ACT = "# The unit max_act needs the feature table that the run had: features=…"


class LoadCode(msgspec.Struct, frozen=True):
    """Code that loads.

    Attributes:
        comments: what is said before anything else.
        code: the statement, with comments of its own.
    """

    comments: tuple[str, ...]
    code: str


def load_code(result: RunResult) -> LoadCode:
    """Code that loads what a result was made with, as far as it tells."""
    model = result.model
    if model is None:
        placeholder = Call("sw.load", (quoted("model"),), {"sae": quoted("sae")})
        return LoadCode((), "\n".join((_UNKNOWN, statement("steerer", placeholder))))
    notes: list[str] = []
    load = model.loaded_by
    if load is None:
        is_embedded = model.name == MODEL_NAME
        load = Load(model.name, tuple(SaeSource(sae.name) for sae in result.saes), demo=is_embedded)
        notes += [] if is_embedded else _IN_MEMORY
    if not load.demo and any(edit.unit == "max_act" for edit in result.grid.edits()):
        notes.append(_MAX_ACT)
    return LoadCode(
        (_circumstances(result, model),), "\n".join((*notes, statement("steerer", _call(load, model))))
    )


def _call(load: Load, model: ModelInfo) -> Code:
    options: dict[str, Code] = {}
    if load.device != "auto":
        options["device"] = quoted(load.device)
    if isinstance(load.device_map, dict):
        places = {
            part: quoted(at) if isinstance(at, str) else str(at) for part, at in load.device_map.items()
        }
        options["device_map"] = Keyed(places)
    elif load.device_map:
        options["device_map"] = quoted(load.device_map)
    # What "auto" came to: on another machine it may come to something else, and so would the texts.
    dtype = model.dtype if model.dtype in _DTYPES else load.dtype
    if dtype != "auto":
        options["dtype"] = quoted(dtype)
    if load.trust_remote_code:
        options["trust_remote_code"] = "True"
    if load.max_batch_rows is not None:
        options["max_batch_rows"] = str(load.max_batch_rows)
    if load.embedder:
        options["embedder"] = quoted(load.embedder)
    if load.demo:
        return Call("sw.demo", (), options)
    return Call("sw.load", (quoted(load.model),), {"sae": _saes(load.saes), **options})


def _saes(sources: tuple[SaeSource, ...]) -> Code:
    if any(source.name for source in sources):
        return Keyed({source.name or source.path: quoted(source.path) for source in sources})
    paths = [quoted(source.path) for source in sources]
    return paths[0] if len(paths) == 1 else Listed(tuple(paths))


def _circumstances(result: RunResult, model: ModelInfo) -> str:
    versions = ", ".join(f"{name} {version}" for name, version in result.versions.items())
    where = model.device + (f" ({model.processor})" if model.processor else "")
    said = f"Ran {result.created_at[:10]} on {where} in {model.dtype}: {versions}"
    # On one line, whatever the file says that it came from: what follows a comment would be run.
    return f"# {' '.join(printable(said).split())}"
