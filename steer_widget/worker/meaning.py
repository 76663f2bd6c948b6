"""Features whose label means what a text means: cosine of sentence embeddings.

The labels of an SAE are embedded once: some 500 a second on two cores. What came of it is kept in the user's cache
folder, by labels and embedder, and read from there the next time.
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING, Final

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file

from ..embedded.places import cache_folder
from ..errors import InvalidInput
from ..protocol import FoundByMeaning, ScoredFeature
from .stopping import go_on

if TYPE_CHECKING:
    from torch import Tensor

    from ..protocol import FindByMeaning
    from .checkpoint import Checkpoint
    from .measures.similarity import Embedder
    from .tasks import Report

_N_AT_ONCE: Final = 256
_INDICES, _EMBEDDINGS = "indices", "embeddings"
_READ_BYTES = 1 << 20


class Meanings:
    """Embeddings of the labels that were asked for so far.

    Args:
        embedder: embeds labels and texts.
        folder: of the embedder; its content is part of the name under which embeddings are kept.
    """

    def __init__(self, embedder: Embedder, folder: Path) -> None:
        self._embedder = embedder
        self._own_name = _hash_of(folder)
        self._known: dict[str, tuple[Tensor, Tensor]] = {}

    def find(self, task: FindByMeaning, report: Report, checkpoint: Checkpoint) -> FoundByMeaning:
        """The features whose labels are nearest, best first.

        Raises:
            TaskStopped: it was stopped.
            InvalidInput: the text is empty.
        """
        if not task.text.strip():
            raise InvalidInput("text", task.text, "a text that is not empty")
        kept = cache_folder() / "meanings" / f"{self._own_name}-{task.key}.safetensors"
        known = self._known.get(task.key) or _read(kept)
        if known is None:
            if not task.labels:
                return FoundByMeaning(is_known=False)
            known = torch.tensor(task.indices), self._embedded(task.labels, report, checkpoint)
            _write(kept, *known)
        self._known[task.key] = known
        indices, embeddings = known
        cosines = embeddings.float() @ self._embedder.embed([task.text])[0].cpu().float()
        cosines = cosines.nan_to_num(nan=-1.0)
        best = cosines.topk(min(task.k, len(indices)))
        return FoundByMeaning(
            is_known=True,
            features=tuple(
                ScoredFeature(index, score)
                for index, score in zip(indices[best.indices].tolist(), best.values.tolist(), strict=True)
            ),
        )

    def _embedded(self, labels: tuple[str, ...], report: Report, checkpoint: Checkpoint) -> Tensor:
        """Of unit length, in float16 `[n_labels, d_embedding]`."""
        parts = []
        for start in range(0, len(labels), _N_AT_ONCE):
            go_on(checkpoint)
            report(start, len(labels), "embedding the labels")
            parts.append(self._embedder.embed(list(labels[start : start + _N_AT_ONCE])).cpu().half())
        return torch.cat(parts)


def _read(kept: Path) -> tuple[Tensor, Tensor] | None:
    try:
        found = load_file(kept)
        return found[_INDICES], found[_EMBEDDINGS]
    except (OSError, SafetensorError, KeyError):  # not there, or damaged: embedded again
        return None


def _write(kept: Path, indices: Tensor, embeddings: Tensor) -> None:
    """Where it cannot be written, the labels are embedded again the next time."""
    part = kept.with_suffix(".part")
    try:
        kept.parent.mkdir(parents=True, exist_ok=True)
        save_file({_INDICES: indices, _EMBEDDINGS: embeddings}, part)
        part.replace(kept)
    except (OSError, SafetensorError):
        part.unlink(missing_ok=True)


def _hash_of(folder: Path) -> str:
    digest = hashlib.sha256()
    for path in sorted(one for one in folder.rglob("*.safetensors")):
        with path.open("rb") as file:
            while block := file.read(_READ_BYTES):
                digest.update(block)
    return digest.hexdigest()[:16]
