"""The files that a model was loaded from, and whether they are still as they were."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import LoadError

if TYPE_CHECKING:
    from transformers import PreTrainedModel

_SINGLE = "model.safetensors"
_INDEX = "model.safetensors.index.json"


@dataclass(frozen=True)
class WeightFiles:
    """Configuration and weights of a loaded model on the disk.

    Attributes:
        config: path of its config.json.
        weights: paths of its safetensors files, by name.
        stamps: size and time of change of each when it was loaded.
    """

    config: Path
    weights: tuple[Path, ...]
    stamps: tuple[tuple[int, int], ...]

    @classmethod
    def find(cls, path: str, model: PreTrainedModel) -> WeightFiles | None:
        """Those of the model that was loaded from `path`, a folder or a name on the hub; None: not to be found."""
        folder = Path(path) if Path(path).is_dir() else _snapshot(path, model)
        if folder is None or not (folder / "config.json").is_file():
            return None
        files = [folder / _SINGLE]
        if (folder / _INDEX).is_file() and not files[0].is_file():
            index = json.loads((folder / _INDEX).read_bytes())
            files = [folder / name for name in sorted(set(index["weight_map"].values()))]
        if not all(file.is_file() for file in files):
            return None
        return cls(folder / "config.json", tuple(files), tuple(map(_stamp, files)))

    def refuse_changed(self) -> None:
        """Says aloud where a file is no longer what was loaded: its hash would be that of another model.

        Raises:
            LoadError: one is not.
        """
        for file, stamp in zip(self.weights, self.stamps, strict=True):
            if not file.is_file() or _stamp(file) != stamp:
                raise LoadError(
                    f"{file} has changed since the model was loaded, so what is loaded can no longer be told by its "
                    "hash. Load it anew: steerer.restart()."
                )


def _stamp(file: Path) -> tuple[int, int]:
    found = file.stat()
    return found.st_size, found.st_mtime_ns


def _snapshot(name: str, model: PreTrainedModel) -> Path | None:
    from huggingface_hub import try_to_load_from_cache

    revision = getattr(model.config, "_commit_hash", None)
    found = try_to_load_from_cache(name, "config.json", revision=revision)
    return Path(found).parent if isinstance(found, str) else None
