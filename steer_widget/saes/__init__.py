"""Where an SAE comes from: a folder, a release that sae-lens knows, an object of sae-lens, a source of a plug-in."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sae_lens import SAE

    from .sae import Sae


def load_sae(name: str) -> Sae:
    """Loads an SAE by folder, by ``release/sae_id`` as sae-lens lists them, or by ``source:name`` of a plug-in.

    Raises:
        MissingPath: the folder lacks a file.
        LoadError: a file is damaged, or sae-lens or the plug-in cannot give it.
        InvalidInput: the plug-in cannot be imported.
        SaeMismatch: its kind cannot be steered with.
    """
    path = Path(name).expanduser()
    if path.is_dir():
        from .folder import load_folder

        return load_folder(path)
    from .offered import is_offered, load_offered

    if is_offered(name):
        return load_offered(name)
    from .release import load_release

    return load_release(name)


def from_sae_lens(sae: SAE, name: str) -> Sae:
    """Takes an SAE that sae-lens holds in memory; see `live.from_sae_lens`."""
    from .live import from_sae_lens as take

    return take(sae, name)
