"""An SAE from a folder in SAELens 6 format: `cfg.json` and `sae_weights.safetensors`.

Read without importing sae-lens, which takes longer than loading a small model does. Nothing is unpickled.
"""

from __future__ import annotations

import json
from pathlib import Path

from safetensors import SafetensorError, safe_open

from ..errors import LoadError, MissingPath
from .sae import Sae, make_sae

CONFIG_FILE = "cfg.json"
WEIGHTS_FILE = "sae_weights.safetensors"


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
        config = json.loads((folder / CONFIG_FILE).read_text(encoding="utf-8"))
        with safe_open(folder / WEIGHTS_FILE, framework="pt") as weights:
            decoder = weights.get_tensor("W_dec")
    except (ValueError, SafetensorError, OSError) as error:
        raise LoadError(
            f"The SAE in {folder} could not be read: {error}. A file is damaged or not in SAELens 6 format; "
            "save it again with sae.save_model(folder)."
        ) from error
    return make_sae(str(folder), config, decoder)
