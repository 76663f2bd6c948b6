"""Every error this package raises, and nothing else.

SteerError
├── InvalidInput (ValueError)      refused before any work; names the field, the value, what is allowed
│   ├── UnknownFeature             index outside the SAE, or a label nobody has
│   ├── UnknownSet (KeyError)      no named set of that name
│   ├── PromptTooLong              prompt plus new tokens exceed the model's context
│   ├── StaleValue                 what a page changed had been changed by somebody else
│   ├── SaeMismatch                SAE and model do not fit: width, layer or hook point
│   └── MissingPath                a folder or file that is not there
├── LoadError                      model or SAE could not be loaded; the worker lives and waits
│   ├── DownloadError              the embedded model could not be fetched or is damaged
│   └── HookInactive               an edit at the hook point changed nothing in the logits
├── GenerationError                recoverable: this run or cell failed, the worker lives
│   ├── OutOfMemory                one row alone does not fit
│   ├── TimeLimit                  a run was stopped at its soft limit; texts so far are kept
│   ├── Diverged                   a cell's logits were no longer finite
│   ├── Superseded                 a question was not answered because a newer one of its kind came
│   └── TaskStopped                a calibration or profile was stopped before its end
├── WorkerError                    fatal for the worker; the next run starts a new one
│   ├── WorkerDied                 exit code or signal, likely cause, last lines of its log
│   ├── WorkerCrashLoop            it died again and again: no new one starts by itself
│   └── WorkerTimeout              no answer in time
├── QueueFull                      too many runs wait already
├── ProtocolError                  a frame that could not be read
├── ResultFormatError              a saved result that is damaged or of another version
├── HistoryError                   the history of runs could not be read or written
└── SteererClosed                  used after close()

Each text says what happened, the likely cause and the next step.
"""

from __future__ import annotations


class SteerError(Exception):
    """Base of all errors of steer_widget.

    Attributes:
        details: the full story (traceback, worker log), never shortened; may be empty.
    """

    def __init__(self, message: str, *, details: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.details = details

    def __str__(self) -> str:
        return self.message


class InvalidInput(SteerError, ValueError):
    """A value that is refused before any work starts.

    Attributes:
        field: the name of the argument or field, such as ``strength``.
        value: what was given, as text, shortened to 80 characters.
        allowed: what is accepted instead.
    """

    def __init__(self, field: str, value: object, allowed: str, *, hint: str = "", details: str = "") -> None:
        shown = repr(value)
        if len(shown) > _MAX_SHOWN_CHARS:
            shown = shown[: _MAX_SHOWN_CHARS - 1] + "…"
        message = f"{field}: got {shown}; allowed: {allowed}."
        super().__init__(f"{message} {hint}" if hint else message, details=details)
        self.field = field
        self.value = shown
        self.allowed = allowed


_MAX_SHOWN_CHARS = 80


class UnknownFeature(InvalidInput):
    """A feature index outside the SAE, or a label that no feature has."""


class UnknownSet(InvalidInput, KeyError):
    """No named set has this name."""


class PromptTooLong(InvalidInput):
    """Prompt tokens plus new tokens exceed the model's context."""


class StaleValue(InvalidInput):
    """A page changed a value that had been changed elsewhere in the meantime; it takes the new one and tries again."""


class SaeMismatch(InvalidInput):
    """SAE and model do not fit each other: width, layer or hook point."""


class MissingPath(InvalidInput):
    """A folder or file that does not exist or cannot be read."""


class LoadError(SteerError):
    """Model or SAE could not be loaded."""


class DownloadError(LoadError):
    """The embedded model or labels could not be fetched, or what was fetched is damaged."""


class HookInactive(LoadError):
    """A probe edit at the hook point did not change the logits: steering would do nothing."""


class GenerationError(SteerError):
    """A run or a cell failed while the worker lives on."""


class OutOfMemory(GenerationError):
    """A single row does not fit into memory."""


class TimeLimit(GenerationError):
    """A run was stopped because it reached its soft time limit; texts so far are kept."""


class Diverged(GenerationError):
    """The logits of a cell were no longer finite: its steering is too strong for the number format."""


class Superseded(GenerationError):
    """A question about the next token was not answered: a newer one had come before the worker got to it."""


class TaskStopped(GenerationError):
    """A long task was stopped before its end; what it gives then, its text says."""


class WorkerError(SteerError):
    """The worker process is lost; the next run starts a new one."""


class WorkerDied(WorkerError):
    """The worker process ended by itself or was killed."""


class WorkerCrashLoop(WorkerError):
    """The worker died several times in a row, so no new one is started until the user asks for it."""


class WorkerTimeout(WorkerError, TimeoutError):
    """The worker did not answer in time."""


class QueueFull(SteerError):
    """Too many runs wait already; nothing was submitted."""


class ProtocolError(SteerError):
    """A frame on the channel could not be read."""


class ResultFormatError(SteerError):
    """A saved result that is damaged, or written by a newer version."""


class HistoryError(SteerError):
    """The history of runs could not be read or written."""


class SteererClosed(SteerError):
    """The steerer was used after ``close()``."""


def _error_type(name: str) -> type[SteerError] | None:
    todo: list[type[SteerError]] = [SteerError]
    while todo:
        kind = todo.pop()
        if kind.__name__ == name:
            return kind
        todo.extend(kind.__subclasses__())
    return None


def rebuild_error(
    kind: str, message: str, *, details: str = "", field: str = "", value: str = "", allowed: str = ""
) -> SteerError:
    """Makes the error that ``kind`` names, with its text as it was.

    Args:
        kind: class name; an unknown one gives a plain `SteerError` that names it.
        message: the text for the user.
        details: traceback and log, in full.
        field: for `InvalidInput`, the field it names.
        value: for `InvalidInput`, what was given.
        allowed: for `InvalidInput`, what is accepted.
    """
    found = _error_type(kind)
    if found is None:
        return SteerError(f"{kind}: {message}", details=details)
    error: SteerError = found.__new__(found)
    SteerError.__init__(error, message, details=details)
    if isinstance(error, InvalidInput):
        error.field, error.value, error.allowed = field, value, allowed
    return error
