"""Hashes of what makes texts what they are: weights, configuration, tokenizer, chat template, SAEs."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import torch

from ..protocol import Hashes

if TYPE_CHECKING:
    from torch import Tensor
    from transformers import PreTrainedTokenizerBase

    from ..saes.sae import Sae
    from .adapter import Adapter
    from .weight_files import WeightFiles

_N_THREADS: Final = 4  # hashlib lets others run; more than the disk can feed are of no use
_READ_BYTES: Final = 1 << 24
_VOLATILE: Final = frozenset({"transformers_version", "_name_or_path", "dtype", "torch_dtype"})
"""Of a configuration: what changes though the model is the same. How it is loaded is told elsewhere."""


def read_hashes(adapter: Adapter, saes: Mapping[str, Sae], files: WeightFiles | None) -> Hashes:
    """Reads everything once: some 0.6 GB a second and thread.

    Args:
        adapter: the model and its tokenizer.
        saes: by name.
        files: that the model was loaded from; None hashes the tensors in memory.

    Raises:
        LoadError: the files have changed since.
    """
    if files is not None:
        files.refuse_changed()
        weights = _combined(zip((file.name for file in files.weights), map_files(files.weights), strict=True))
        config = json.loads(files.config.read_bytes())
    else:
        weights = hash_tensors(adapter.model.state_dict())
        config = adapter.model.config.to_dict()
    kept = {name: value for name, value in config.items() if name not in _VOLATILE}
    tokenizer = adapter.tokenizer
    template = getattr(tokenizer, "chat_template", None)
    return Hashes(
        of="memory" if files is None else "files",
        weights=weights,
        config=_of_json([kept, sorted(adapter.eos_ids)]),
        tokenizer=_of_json(_spelled(tokenizer)),
        template=_of_json(template) if template else "",
        saes={name: hash_sae(sae) for name, sae in saes.items()},
    )


def map_files(files: Iterable[Path]) -> list[str]:
    """SHA-256 of each file, in their order; as `sha256sum` and the model hub have it."""
    with ThreadPoolExecutor(_N_THREADS) as pool:
        return list(pool.map(_hash_file, files))


def hash_tensors(tensors: Mapping[str, Tensor]) -> str:
    """SHA-256 over all tensors: names, formats, shapes, every byte. Empty where one of them is not in memory."""
    if any(tensor.is_meta for tensor in tensors.values()):
        return ""
    with ThreadPoolExecutor(_N_THREADS) as pool:
        return _combined(
            zip(sorted(tensors), pool.map(_hash_tensor, map(tensors.get, sorted(tensors))), strict=True)
        )


def hash_sae(sae: Sae) -> str:
    """SHA-256 of an SAE: what it adds, how it reads, and where."""
    encoder = {} if sae.encoder is None else sae.encoder.tensors
    said = (sae.architecture, sae.hook_name, str(sae.normalisation))
    return _combined(
        [("said", _of_json(said)), ("tensors", hash_tensors({**encoder, "decoder": sae.decoder}))]
    )


def _hash_file(file: Path) -> str:
    digest = hashlib.sha256()
    with file.open("rb", buffering=0) as stream:
        while part := stream.read(_READ_BYTES):
            digest.update(part)
    return digest.hexdigest()


def _hash_tensor(tensor: Tensor) -> str:
    digest = hashlib.sha256(f"{tensor.dtype} {tuple(tensor.shape)}".encode())
    # Viewed as bytes: numpy knows no bfloat16.
    plain = tensor.detach().cpu().contiguous().reshape(-1).view(torch.uint8)
    digest.update(plain.numpy().data)
    return digest.hexdigest()


def _combined(parts: Iterable[tuple[str, str]]) -> str:
    """One hash of several; that of a single file stays what it is."""
    found = list(parts)
    return found[0][1] if len(found) == 1 else _of_json(found)


def _of_json(value: Any) -> str:
    text = json.dumps(value, sort_keys=True, default=str, ensure_ascii=True)
    return hashlib.sha256(text.encode()).hexdigest()


def _spelled(tokenizer: PreTrainedTokenizerBase) -> Any:
    """All that turns text into tokens; how the last call padded and cut is none of it."""
    backend = getattr(tokenizer, "backend_tokenizer", None)
    if backend is None:
        return tokenizer.get_vocab()
    spelled = json.loads(backend.to_str())
    return {
        name: value for name, value in spelled.items() if name not in ("padding", "truncation", "version")
    }
