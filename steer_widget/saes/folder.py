"""An SAE from a folder in SAELens 6 format: `cfg.json` and `sae_weights.safetensors`.

Read without importing sae-lens, which takes longer than loading a small model does. Weights are mapped into
memory, so that what is never asked for is never read. Nothing is unpickled: no other file is opened, apart
from the factor that a training checkpoint keeps beside its weights.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from safetensors import SafetensorError, safe_open

from ..errors import LoadError, MissingPath
from .assembly import TENSORS, make_sae
from .sae import Sae

if TYPE_CHECKING:
    from torch import Tensor

CONFIG_FILE = "cfg.json"
WEIGHTS_FILE = "sae_weights.safetensors"
SCALE_FILE = "activation_scaler.json"


def load_folder(folder: Path) -> Sae:
    """Loads the SAE in this folder.

    Raises:
        MissingPath: `cfg.json` or `sae_weights.safetensors` is not there.
        LoadError: a file is damaged.
        SaeMismatch: its kind cannot be steered with.
    """
    for name in (CONFIG_FILE, WEIGHTS_FILE):
        if not (folder / name).is_file():
            raise MissingPath(
                "sae", str(folder), f"a folder with {CONFIG_FILE} and {WEIGHTS_FILE} (no {name} there)"
            )
    try:
        config = _read_json(folder / CONFIG_FILE)
        tensors = _map_tensors(folder / WEIGHTS_FILE)
        scale = _read_scale(folder / SCALE_FILE)
    except (ValueError, SafetensorError, OSError) as error:
        raise LoadError(
            f"The SAE in {folder} could not be read: {error}. A file is damaged or not in SAELens 6 format; "
            "save it again with sae.save_model(folder)."
        ) from error
    return make_sae(str(folder), config, tensors, activation_scale=scale)


def _read_json(path: Path) -> dict[str, Any]:
    content = json.loads(path.read_text(encoding="utf-8"))
    if not isinstance(content, dict):
        raise ValueError(f"{path.name} holds no object")  # noqa: TRY004 - a damaged file, like any other
    return content


def _map_tensors(path: Path) -> dict[str, Tensor]:
    with safe_open(path, framework="pt") as weights:
        there = set(weights.keys())
        return {name: weights.get_tensor(name) for name in TENSORS if name in there}


def _read_scale(path: Path) -> float | None:
    if not path.is_file():
        return None
    scale = _read_json(path).get("scaling_factor")
    return None if scale is None else float(scale)
