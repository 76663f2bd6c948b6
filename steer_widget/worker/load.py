"""From names to a checked engine, stage by stage."""

from __future__ import annotations

import dataclasses
import threading
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

from .. import embedded
from ..errors import LoadError
from ..protocol import SaeSource

if TYPE_CHECKING:
    import torch
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

    from ..protocol import Load, LoadStage
    from .engine import Engine

Progress = Callable[["LoadStage", float | None, str], None]

_READ_BYTES = 1 << 24


def load_engine(command: Load, progress: Progress) -> Engine:
    """Loads model and SAE, checks that they fit, and makes the engine.

    Args:
        command: what to load, and how.
        progress: told of each stage, with the overall fraction 0 to 1 where it is known.

    Raises:
        LoadError: the model or the SAE could not be loaded.
        InvalidInput: a name, device or dtype that does not exist, or model and SAE that do not fit.
    """
    started_s = time.monotonic()
    progress = _over_all_stages(progress)
    model_name, model_path, sources = command.model, command.model, command.saes
    if command.demo:
        model_name = embedded.MODEL_NAME
        sources = (SaeSource(str(embedded.sae_folder()), embedded.SAE_NAME),)
        model_path = str(embedded.model_folder(progress))
    folders = [model_path, *(source.path for source in sources)]
    _read_ahead(file for folder in folders for file in Path(folder).glob("*.safetensors"))

    progress("import", 0.1, "importing torch and transformers")
    import torch
    import transformers

    from ..saes import load_sae
    from .accelerate import accelerate
    from .engine import Engine
    from .placement import choose_device, choose_dtype, trim_heap
    from .weight_files import WeightFiles

    transformers.logging.set_verbosity_error()
    transformers.utils.logging.disable_progress_bar()
    device = choose_device(command.device)
    dtype = choose_dtype(command.dtype, device)
    placing = Placing(dtype, device, command.device_map, trust_remote_code=command.trust_remote_code)
    progress("model", 0.5, f"loading {model_name}")
    with ThreadPoolExecutor(max_workers=2) as pool:
        sae_jobs = {source.name or source.path: pool.submit(load_sae, source.path) for source in sources}
        tokenizer_job = pool.submit(_load_tokenizer, model_path, trust_remote_code=command.trust_remote_code)
        model = _load_model(model_path, placing)
        progress("sae", 0.8, f"loading the SAE {', '.join(sae_jobs)}")
        accelerate(model)
        tokenizer = tokenizer_job.result()
        saes = {name: job.result() for name, job in sae_jobs.items()}
    progress("check", 0.9, "checking that an edit at the hook point changes the logits")
    with torch.inference_mode():
        engine = Engine(
            model,
            tokenizer,
            saes,
            model_name=model_name,
            max_batch_rows=command.max_batch_rows,
            embedder=command.embedder,
            started_s=started_s,
            loaded_by=command,
            files=WeightFiles.find(model_path, model),
        )
    trim_heap()  # loading leaves as much again as a small model takes
    progress("check", 1.0, "ready")
    return engine


def _over_all_stages(progress: Progress) -> Progress:
    """Turns each stage's own fraction into one over all: a bar that never runs backwards."""
    stage_ends: dict[LoadStage, tuple[float, float]] = {"download": (0.0, 0.6), "convert": (0.6, 0.8)}
    done = 0.0

    def report(stage: LoadStage, fraction: float | None, message: str) -> None:
        nonlocal done
        if fraction is not None:
            start, end = stage_ends.get(stage, (0.0, 1.0))
            done = max(done, start + fraction * (end - start))
            fraction = done
        progress(stage, fraction, message)

    return report


@dataclasses.dataclass(frozen=True)
class Placing:
    """How and where a model is loaded.

    Attributes:
        dtype: torch's, or "auto" for the checkpoint's own.
        device: where it goes as a whole.
        device_map: as transformers takes it; where it is not empty, it decides and `device` does not.
        trust_remote_code: whether the model's own code may run.
    """

    dtype: torch.dtype | str
    device: torch.device
    device_map: str | dict[str, str | int]
    trust_remote_code: bool


def _load_model(path: str, placing: Placing) -> PreTrainedModel:
    from transformers import AutoModelForCausalLM

    try:
        model = AutoModelForCausalLM.from_pretrained(
            path,
            dtype=placing.dtype,
            trust_remote_code=placing.trust_remote_code,
            use_safetensors=True,
            device_map=placing.device_map or None,
        )
        # A quantised or dispatched model sits where its loader put it, and refuses to be moved.
        if getattr(model, "hf_device_map", None) is None and getattr(model, "hf_quantizer", None) is None:
            model.to(placing.device)  # type: ignore[arg-type]  # transformers' wrapper hides the signature
    except Exception as error:
        raise _load_error("model", path, error) from error
    placed: PreTrainedModel = model.eval()
    return placed


def _load_tokenizer(path: str, *, trust_remote_code: bool) -> PreTrainedTokenizerBase:
    from transformers import AutoTokenizer

    try:
        return AutoTokenizer.from_pretrained(path, trust_remote_code=trust_remote_code, padding_side="left")
    except Exception as error:
        raise _load_error("tokenizer", path, error) from error


def _load_error(what: str, path: str, error: Exception) -> LoadError:
    if isinstance(error, OSError) and not Path(path).exists():
        return LoadError(
            f"The {what} {path!r} is neither a folder here nor to be had from the model hub: {error}. "
            "Check the name and the connection, or give a local folder."
        )
    return LoadError(
        f"The {what} in {path!r} could not be loaded: {type(error).__name__}: {error}. "
        "The folder is probably incomplete, or made for another version of transformers."
    )


def _read_ahead(files: Iterable[Path]) -> None:
    """Reads files into the system's cache while imports keep the interpreter busy."""

    def read() -> None:
        for file in files:
            with file.open("rb", buffering=0) as stream:
                while stream.read(_READ_BYTES):
                    pass

    threading.Thread(target=read, name="read-ahead", daemon=True).start()
