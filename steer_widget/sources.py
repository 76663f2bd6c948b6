"""What folders of models and SAEs say of themselves, read without torch: refuses misfits before any work."""

from __future__ import annotations

import os
import re
from pathlib import Path

import msgspec

from .errors import InvalidInput, MissingPath, SaeMismatch

_LAYER = re.compile(r"(?:blocks|layers|h)\.(\d+)(?:\.|$)")
_MAX_HUB_PARTS = 2  # a model's name on the hub is "name" or "organisation/name"


class ModelFacts(msgspec.Struct, frozen=True):
    """What a model's `config.json` tells: width of the residual stream and number of layers."""

    d_model: int | None = None
    n_layers: int | None = None


class SaeFacts(msgspec.Struct, frozen=True):
    """What an SAE's `cfg.json` tells."""

    d_in: int | None = None
    d_sae: int | None = None
    hook_name: str = ""

    @property
    def layer(self) -> int | None:
        """0-based layer of the hook point; None where its name has none."""
        found = _LAYER.search(self.hook_name)
        return int(found.group(1)) if found else None


def local_folder(field: str, given: object, *, max_parts: int | None) -> Path | None:
    """The folder that was given; None where it is a name to look up instead.

    Args:
        field: how the argument is called.
        given: a path or a name.
        max_parts: how many parts between slashes a name may have; None: any number.

    Raises:
        MissingPath: it is a path, but there is no folder.
        InvalidInput: it is neither text nor a path, or empty.
    """
    allowed = "a name, or a folder that exists"
    if not isinstance(given, (str, os.PathLike)) or not os.fspath(given):
        raise InvalidInput(field, given, allowed)
    text = os.fspath(given)
    if not isinstance(text, str):
        raise InvalidInput(field, given, allowed)
    folder = Path(text).expanduser()
    if folder.is_dir():
        return folder.absolute()
    looks_like_path = (
        not isinstance(given, str)
        or folder.is_absolute()
        or text.startswith((".", "~"))
        or "\\" in text
        or (max_parts is not None and len(folder.parts) > max_parts)
    )
    if looks_like_path or folder.exists():
        raise MissingPath(field, text, allowed, hint=f"Looked for the folder {folder.absolute()}.")
    return None


def model_folder(given: object) -> Path | None:
    """Folder of a model, or None for a name on the hub; see `local_folder`."""
    return local_folder("model", given, max_parts=_MAX_HUB_PARTS)


def sae_folder(given: object) -> Path | None:
    """Folder of an SAE, or None for a SAELens release; see `local_folder`."""
    return local_folder("sae", given, max_parts=None)


def read_model_facts(folder: Path) -> ModelFacts:
    """Reads `config.json`; unknown where there is none, as the worker then says what is missing."""
    config = _read_json(folder / "config.json")
    inner = config.get("text_config")
    config = {**config, **inner} if isinstance(inner, dict) else config
    return ModelFacts(
        d_model=_first_whole(config, "hidden_size", "n_embd", "d_model"),
        n_layers=_first_whole(config, "num_hidden_layers", "n_layer", "num_layers"),
    )


def read_sae_facts(folder: Path) -> SaeFacts:
    """Reads `cfg.json`; unknown where there is none."""
    config = _read_json(folder / "cfg.json")
    metadata = config.get("metadata")
    named = {**config, **metadata} if isinstance(metadata, dict) else config
    hook_name = named.get("hook_name")
    return SaeFacts(
        d_in=_first_whole(config, "d_in"),
        d_sae=_first_whole(config, "d_sae"),
        hook_name=hook_name if isinstance(hook_name, str) else "",
    )


def check_fit(model: ModelFacts, sae: SaeFacts) -> None:
    """Do they fit each other, as far as both are known?

    The heads' outputs (hook_z) may be wider or narrower than the residual stream; that width is left to the worker.

    Raises:
        SaeMismatch: width or layer do not.
    """
    of_stream = not sae.hook_name.endswith("hook_z")
    if of_stream and model.d_model is not None and sae.d_in is not None and model.d_model != sae.d_in:
        raise SaeMismatch(
            "sae",
            f"d_in {sae.d_in}",
            f"d_in {model.d_model}, the width of the model's residual stream",
            hint="This SAE was trained on another model: take the one made for this model.",
        )
    if model.n_layers is not None and sae.layer is not None and sae.layer >= model.n_layers:
        raise SaeMismatch(
            "sae",
            sae.hook_name,
            f"a hook point in layers 0 to {model.n_layers - 1}, which the model has",
            hint="This SAE was trained on another model: take the one made for this model.",
        )


def _read_json(path: Path) -> dict[str, object]:
    if not path.is_file():
        return {}
    try:
        return msgspec.json.decode(path.read_bytes(), type=dict[str, object])
    except (msgspec.DecodeError, UnicodeDecodeError, OSError) as error:
        raise InvalidInput(path.name, str(path), "a readable JSON file", hint=str(error)) from error


def _first_whole(config: dict[str, object], *names: str) -> int | None:
    for name in names:
        value = config.get(name)
        if isinstance(value, int) and not isinstance(value, bool):
            return value
    return None
