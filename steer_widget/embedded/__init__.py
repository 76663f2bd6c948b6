"""The embedded default: a small real model, a real SAE for it, and what its features stand for.

SAE and feature table lie in the package (`data/`). The model comes out of a PyPI wheel once and
is kept in the user's cache folder. Importing this loads neither torch nor transformers.
"""

from __future__ import annotations

from .model import model_folder
from .places import cache_folder, feature_table_path, sae_folder
from .source import SMOLLM2

__all__ = [
    "MODEL_NAME",
    "SAE_NAME",
    "SMOLLM2",
    "cache_folder",
    "feature_table_path",
    "model_folder",
    "sae_folder",
]

MODEL_NAME = SMOLLM2.model
SAE_NAME = "steer_widget demo SAE"
