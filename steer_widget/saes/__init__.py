"""Where an SAE comes from: a folder on disk, a release that sae-lens knows, or an object of sae-lens."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sae_lens import SAE

    from .sae import Sae


def load_sae(name: str) -> Sae:
    """Loads an SAE by folder, or by ``release/sae_id`` as sae-lens lists them.

    Raises:
        MissingPath: the folder lacks a file.
        LoadError: a file is damaged, or sae-lens cannot give it.
        SaeMismatch: its kind cannot be steered with.
    """
    path = Path(name).expanduser()
    if path.is_dir():
        from .folder import load_folder

        return load_folder(path)
    from .release import load_release

    return load_release(name)


def from_sae_lens(sae: SAE, name: str) -> Sae:
    """Takes an SAE that sae-lens holds in memory; see `live.from_sae_lens`."""
    from .live import from_sae_lens as take

    return take(sae, name)
