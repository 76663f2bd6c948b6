"""What a backend is: the place where a worker runs, in eight methods modelled on Popen."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

import msgspec

from ..protocol import Command, Event


class WorkerExit(msgspec.Struct, frozen=True):
    """How a worker ended.

    Attributes:
        code: exit code; None when a signal ended it.
        signal: name of the signal, such as ``SIGKILL``; empty when it ended by itself.
        likely_cause: in words, with the next step.
        log_tail: the last lines of its stdout and stderr.
        expected: True when the controller had asked for the end.
    """

    code: int | None = None
    signal: str = ""
    likely_cause: str = ""
    log_tail: str = ""
    expected: bool = False


class Backend(Protocol):
    """One worker at a time: started, talked to, ended, started again.

    The controller calls every method; it may do so from any thread. The two callbacks given to
    `start` are called on the backend's own reader thread, `on_exit` once and last.
    """

    name: str

    def start(self, on_event: Callable[[Event], None], on_exit: Callable[[WorkerExit], None]) -> None:
        """Starts a worker and returns at once. Called when none is alive."""

    def send(self, command: Command) -> None:
        """Hands a command over; returns at once.

        Raises:
            WorkerDied: there is nobody to take it.
        """

    def is_alive(self) -> bool:
        """Whether a worker exists, loading or ready."""

    def pid(self) -> int | None:
        """Process id of the worker; None where it has no process of its own or is not alive."""

    def log_tail(self) -> str:
        """The last lines the worker wrote to stdout and stderr."""

    def terminate(self) -> None:
        """Asks the process to end (SIGTERM)."""

    def kill(self) -> None:
        """Ends the process at once (SIGKILL)."""

    def close(self, grace_s: float = 2.0) -> None:
        """Ends the worker for good: shutdown command, SIGTERM, SIGKILL, each after its share of `grace_s`."""
