"""Where the embedded files lie: in the package, and in the user's cache."""

from __future__ import annotations

import os
from pathlib import Path

import platformdirs

CACHE_VARIABLE = "STEER_WIDGET_CACHE"
_DATA = Path(__file__).with_name("data")


def sae_folder() -> Path:
    """The packaged SAE, in the format of `sae_lens.SAE.load_from_disk`."""
    return _DATA / "sae"


def feature_table_path() -> Path:
    """The packaged feature table, for `FeatureTable.read`."""
    return _DATA / "features.jsonl.gz"


def cache_folder() -> Path:
    """Where the model is kept: the environment's ``STEER_WIDGET_CACHE``, or else the user's cache folder."""
    chosen = os.environ.get(CACHE_VARIABLE)
    return Path(chosen).expanduser().absolute() if chosen else platformdirs.user_cache_path("steer_widget")
