"""Likeness of two texts by sentence embeddings: an optional extra, with a model in a local folder."""

from __future__ import annotations

import math
import traceback
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import torch

from ...errors import InvalidInput, MissingPath, SteerError

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer
    from torch import Tensor

_FIELD = "embedder"
_ALLOWED = "the folder of a sentence-transformers model with its weights as safetensors"
_N_TEXTS_AT_ONCE = 32


class Embedder:
    """A sentence-embedding model, loaded from a folder. Never reaches for the network.

    Importing sentence-transformers takes some seconds, so make one when it is needed first.

    Args:
        folder: as `SentenceTransformer.save_pretrained` writes it.
        device: where it runs.

    Raises:
        MissingPath: there is no such folder (an `InvalidInput`).
        InvalidInput: it holds no such model, or one that only unpickling would load.
        SteerError: sentence-transformers is not installed.
    """

    def __init__(self, folder: str | Path, *, device: str = "cpu") -> None:
        self._model = _load(check_embedder(folder), device)

    def similarities(self, pairs: Sequence[tuple[str, str]]) -> list[float | None]:
        """Cosine of the embeddings of each pair, −1 to 1; None where a text is empty or its embedding no direction.

        Each distinct text is embedded once. What exceeds the model's context (256 tokens for
        all-MiniLM-L6-v2) does not count.

        Args:
            pairs: texts.
        """
        texts = list(dict.fromkeys(text for pair in pairs for text in pair if text.strip()))
        if not texts:
            return [None] * len(pairs)
        row = {text: at for at, text in enumerate(texts)}
        both = [(row[a], row[b]) if a in row and b in row else (0, 0) for a, b in pairs]
        embeddings = self.embed(texts)
        left, right = embeddings[[a for a, _ in both]], embeddings[[b for _, b in both]]
        cosines = (left * right).sum(-1).clamp(-1, 1).tolist()
        return [
            cosine if a in row and b in row and math.isfinite(cosine) else None
            for (a, b), cosine in zip(pairs, cosines, strict=True)
        ]

    def embed(self, texts: list[str]) -> Tensor:
        """Embeddings of unit length `[n_texts, d_embedding]`; NaN where one is no direction."""
        embeddings: Tensor = self._model.encode(
            texts, batch_size=_N_TEXTS_AT_ONCE, convert_to_tensor=True, show_progress_bar=False
        )
        norms: Tensor = torch.linalg.vector_norm(embeddings, dim=-1, keepdim=True, dtype=torch.float32)
        return embeddings / norms


def check_embedder(given: str | Path) -> Path:
    """The folder, if it can hold a sentence-embedding model. Imports nothing heavy.

    Raises:
        MissingPath: there is no such folder (an `InvalidInput`).
        InvalidInput: it holds no such model, or one that only unpickling would load.
    """
    folder = Path(given).expanduser()
    if not folder.is_dir():
        raise MissingPath(_FIELD, str(folder), _ALLOWED)
    if not (folder / "modules.json").is_file():
        raise InvalidInput(
            _FIELD, str(folder), _ALLOWED,
            hint="It has no modules.json. Save the model there with SentenceTransformer(…).save_pretrained(folder).",
        )  # fmt: skip
    pickled = [
        path.relative_to(folder).as_posix()
        for path in folder.rglob("pytorch_model.bin")
        if not path.with_name("model.safetensors").exists()
    ]
    if pickled:
        raise InvalidInput(
            _FIELD, str(folder), _ALLOWED,
            hint=f"{pickled[0]} is a pickle, which could run any code. Save the model anew with a current "
            "sentence-transformers: it writes safetensors.",
        )  # fmt: skip
    return folder


def _load(folder: Path, device: str) -> SentenceTransformer:
    try:
        from sentence_transformers import SentenceTransformer
    except ImportError as error:
        raise SteerError(
            f"Similarity needs sentence-transformers, which could not be imported ({error}). "
            "Install it: pip install 'steer_widget[similarity]'"
        ) from error
    try:
        return SentenceTransformer(
            str(folder), device=device, local_files_only=True, model_kwargs={"use_safetensors": True}
        )
    except Exception as error:  # sentence-transformers and what it stands on raise many kinds
        raise InvalidInput(
            _FIELD, str(folder), _ALLOWED,
            hint=f"It could not be loaded: {type(error).__name__}: {error}", details=traceback.format_exc(),
        ) from error  # fmt: skip
