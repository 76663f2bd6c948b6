"""What both hops carry: the base of all messages, errors in full, and what model, SAE and cells are."""

from __future__ import annotations

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


class ModelInfo(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The loaded model. `context` in tokens; `n_parameters` counts weights."""

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
