"""Where an SAE comes from: a folder on disk, or a release that sae-lens knows."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .sae import Sae


def load_sae(name: str) -> Sae:
    """Loads an SAE by folder, or by ``release/sae_id`` as sae-lens lists them.

    Raises:
        MissingPath: the folder lacks a file.
        LoadError: sae-lens cannot give it.
        SaeMismatch: its kind cannot be steered with.
    """
    path = Path(name).expanduser()
    if path.is_dir():
        from .folder import load_folder

        return load_folder(path)
    from .release import load_release

    return load_release(name)
