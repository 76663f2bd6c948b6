"""What both hops carry: the base of all messages, errors in full, and what model, SAE and cells are."""

from __future__ import annotations

from typing import Literal

import msgspec

from ..errors import InvalidInput, SteerError, rebuild_error


class Wire(msgspec.Struct, frozen=True, tag=True, tag_field="type", forbid_unknown_fields=True):
    """Base of everything that travels; the tag is the class name."""


class ErrorInfo(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An error on its way, in full.

    Attributes:
        kind: class name in `errors`.
        message: what happened, likely cause, next step.
        details: traceback and worker log, never shortened.
        field, value, allowed: of an `InvalidInput`.
    """

    kind: str
    message: str
    details: str = ""
    field: str = ""
    value: str = ""
    allowed: str = ""

    @classmethod
    def of(cls, error: BaseException, details: str = "") -> ErrorInfo:
        """Packs an error; one that is not ours keeps its own class name in the text."""
        details = "\n".join(d for d in (getattr(error, "details", ""), details) if d)
        if isinstance(error, InvalidInput):
            return cls(type(error).__name__, error.message, details, error.field, error.value, error.allowed)
        if isinstance(error, SteerError):
            return cls(type(error).__name__, error.message, details)
        return cls("GenerationError", f"{type(error).__name__}: {error}", details)

    def brief(self) -> ErrorInfo:
        """Without the details, which may hold paths and output that are nobody else's business."""
        return msgspec.structs.replace(self, details="")

    def rebuild(self) -> SteerError:
        """The error itself, ready to be raised."""
        return rebuild_error(
            self.kind,
            self.message,
            details=self.details,
            field=self.field,
            value=self.value,
            allowed=self.allowed,
        )


class SaeSource(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where an SAE comes from. `name`: as its features give it; empty takes the path."""

    path: str
    name: str = ""


class Load(Wire, frozen=True):
    """Load this model and these SAEs. `demo` takes the embedded ones and ignores `model` and `saes`.

    Attributes:
        device_map: as transformers takes it, instead of one device; empty: none.
        embedder: folder of a sentence-embedding model for the measure `similarity`; empty: none.
    """

    model: str
    saes: tuple[SaeSource, ...]
    demo: bool = False
    device: str = "auto"
    device_map: str | dict[str, str | int] = ""
    dtype: str = "auto"
    embedder: str = ""
    trust_remote_code: bool = False
    max_batch_rows: int | None = None


class Hashes(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """SHA-256 of what makes texts what they are, each in hexadecimal.

    Attributes:
        of: ``files``: the weights' safetensors files as they lie on the disk; ``memory``: the tensors themselves,
            of a model that the user loaded. The two cannot be compared.
        weights: of the model.
        config: of the model's configuration, versions and paths left out.
        tokenizer: of the tokenizer, its chat template left out.
        template: of the chat template; empty where there is none.
        saes: by name, of each SAE's decoder, encoder and hook point.
    """

    of: Literal["files", "memory"]
    weights: str
    config: str
    tokenizer: str
    template: str
    saes: dict[str, str]


class ModelInfo(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The loaded model.

    Attributes:
        context: tokens.
        n_parameters: number of weights.
        processor: what computes: the GPU's name, or the CPU's instructions that torch uses, such as AVX512.
        n_threads: of torch on the CPU; 0: not known.
        loaded_by: what loaded it; None: it was an object of the user's, or that is not known.
        hashes: of its contents, where somebody asked for them.
    """

    name: str
    architecture: str
    n_layers: int
    d_model: int
    d_vocab: int
    context: int
    n_parameters: int
    dtype: str
    device: str
    has_chat_template: bool
    processor: str = ""
    n_threads: int = 0
    loaded_by: Load | None = None
    hashes: Hashes | None = None


class SaeInfo(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The loaded SAE. `residual_norm`: median |h| at the hook point, sinks left out."""

    name: str
    architecture: str
    d_in: int
    d_sae: int
    hook_name: str
    layer: int
    residual_norm: float
    neuronpedia_id: str = ""
