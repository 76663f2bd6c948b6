"""Options of loading, refused by name before any process starts."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from . import plugins
from .backends.base import Backend
from .backends.local import LocalBackend
from .errors import InvalidInput, MissingPath
from .history.places import data_folder
from .recycling import Recycling

_DEVICES = re.compile(r"auto|cpu|mps|(cuda|xpu)(:\d+)?")
_DEVICE_MAPS = re.compile(r"auto|balanced|balanced_low_0|sequential|cpu|mps|(cuda|xpu)(:\d+)?")
_DTYPES = ("auto", "float32", "bfloat16", "float16")
_LOCAL = "local"
_OFFERED_BACKENDS: plugins.Group = "steer_widget.backends"
_BACKEND_METHODS = ("start", "send", "is_alive", "pid", "log_tail", "terminate", "kill", "close")


def as_backend(given: str | Backend) -> Backend:
    """A backend by name, one that another installed package offers, or one of the user's own."""
    if not isinstance(given, str):
        return _checked_backend(given)
    if given == _LOCAL:
        return LocalBackend()
    offered = plugins.names(_OFFERED_BACKENDS)
    if given not in offered:
        raise InvalidInput("backend", given, ", ".join((_LOCAL, *offered)))
    make = plugins.take(_OFFERED_BACKENDS, "backend", given)
    return _checked_backend(make() if callable(make) else make)


def _checked_backend(given: object) -> Backend:
    missing = [name for name in _BACKEND_METHODS if not callable(getattr(given, name, None))]
    if missing:
        raise InvalidInput(
            "backend", given, "'local', or an object with the methods of backends.base.Backend",
            hint=f"It lacks {', '.join(missing)}.",
        )  # fmt: skip
    backend: Backend = given  # type: ignore[assignment]  # a user's class need not inherit from the protocol
    return backend


def as_device(given: object) -> str:
    """A device by name."""
    if not isinstance(given, str) or not _DEVICES.fullmatch(given):
        raise InvalidInput("device", given, "auto, cpu, cuda, cuda:0, mps")
    return given


def as_device_map(given: object, device: object) -> str | dict[str, str | int]:
    """How a model is spread over devices, as transformers takes it; None is '', not at all."""
    if given is None:
        return ""
    allowed = "auto, balanced, balanced_low_0, sequential, a device, or a dict of modules and their devices"
    if isinstance(given, Mapping):
        if not given or not all(_is_place(module, place) for module, place in given.items()):
            raise InvalidInput("device_map", given, allowed)
        spread: str | dict[str, str | int] = dict(given)
    elif isinstance(given, str) and _DEVICE_MAPS.fullmatch(given):
        spread = given
    else:
        raise InvalidInput("device_map", given, allowed)
    if device != "auto":
        raise InvalidInput("device_map", given, f"one of both: device is {device!r} already")
    return spread


def as_dtype(given: object) -> str:
    """A dtype by name, or as torch has it."""
    # str(torch.bfloat16) is "torch.bfloat16": a torch dtype is understood without importing torch.
    name = given if isinstance(given, str) else str(given).removeprefix("torch.")
    if name not in _DTYPES:
        raise InvalidInput("dtype", given, ", ".join(_DTYPES))
    return name


def as_embedder(given: object) -> str:
    """Full path of the folder of a sentence-embedding model; None is '', none."""
    if given is None:
        return ""
    if not isinstance(given, (str, Path)) or not str(given):
        raise InvalidInput("embedder", given, "the folder of a sentence-embedding model")
    folder = Path(given).expanduser().absolute()
    if not folder.is_dir():
        raise MissingPath(
            "embedder", str(given), "a folder that exists",
            hint=f"Looked for {folder}. The model has to lie on this machine: nothing is fetched for a measure.",
        )  # fmt: skip
    return str(folder)


def as_switch(field: str, given: object) -> bool:
    """True or False, and nothing that merely counts as such."""
    if not isinstance(given, bool):
        raise InvalidInput(field, given, "True or False")
    return given


def as_rows(given: object) -> int | None:
    """Most cells in one batch."""
    if given is not None and (isinstance(given, bool) or not isinstance(given, int) or given < 1):
        raise InvalidInput("max_batch_rows", given, "a whole number from 1 up, or None")
    return given


def as_recycling(given: object) -> Recycling:
    """When the worker is replaced."""
    if given is None:
        return Recycling()
    if not isinstance(given, Recycling):
        raise InvalidInput("recycling", given, "sw.Recycling(after_runs=…, above_gb=…), or None")
    return given


def as_history(given: object) -> Path | None:
    """The folder of the history: True is the user's data folder, False none."""
    if isinstance(given, bool):
        return data_folder() if given else None
    if not isinstance(given, (str, Path)) or not str(given):
        raise InvalidInput("history", given, "True, False, or a folder")
    return Path(given).expanduser().absolute()


def as_table_path(given: object) -> Path:
    """A file of features that exists."""
    if not isinstance(given, (str, Path)):
        raise InvalidInput("features", given, "the path of a feature table")
    path = Path(given).expanduser()
    if not path.is_file():
        raise MissingPath(
            "features", str(given), "a feature table that exists", hint=f"Looked for {path.absolute()}."
        )
    return path


def _is_place(module: object, place: object) -> bool:
    return isinstance(module, str) and isinstance(place, (str, int)) and not isinstance(place, bool)
