"""A worker that a command of your own starts: at low priority, in a container, on another machine.

The command has to run `python -m steer_widget.worker` and to pass its stdin, stdout and stderr through.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from typing import IO

from steer_widget.backends.base import WorkerExit
from steer_widget.backends.log import BoundedLog, likely_cause
from steer_widget.channel import Channel
from steer_widget.errors import ProtocolError, WorkerDied
from steer_widget.protocol import Command, ErrorInfo, Event, Fault, Shutdown, decode_event, encode

Handlers = tuple[Callable[[Event], None], Callable[[WorkerExit], None]]


class CommandBackend:
    """One worker at a time, started by `command`. What each method owes: `steer_widget.backends.base.Backend`."""

    name = "command"

    def __init__(self, command: Sequence[str]) -> None:
        self._command = list(command)
        self._process: subprocess.Popen[bytes] | None = None
        self._channel: Channel | None = None
        self._log = BoundedLog()
        self._is_end_expected = False

    def start(self, on_event: Callable[[Event], None], on_exit: Callable[[WorkerExit], None]) -> None:
        """Starts a worker, and the threads that read its events and its log."""
        pipe = subprocess.PIPE
        # In a session of its own, so that Ctrl-C in a terminal stops a run and does not end the worker.
        process = subprocess.Popen(
            self._command, stdin=pipe, stdout=pipe, stderr=pipe, start_new_session=True
        )
        self._channel = Channel(_taken(process.stdout), _taken(process.stdin))
        self._log, self._is_end_expected, self._process = BoundedLog(), False, process
        log = threading.Thread(target=self._log.copy_from, args=(process.stderr,), daemon=True)
        log.start()
        reading = (process, self._channel, log, (on_event, on_exit))
        threading.Thread(target=self._read, args=reading, daemon=True).start()

    def send(self, command: Command) -> None:
        """Hands a command over."""
        try:
            if self._channel is None or not self.is_alive():
                raise BrokenPipeError
            self._channel.send(encode(command))
        except OSError as error:
            raise WorkerDied(
                "The worker is gone, so it cannot take a command. The next run starts a new one.",
                details=self.log_tail(),
            ) from error

    def is_alive(self) -> bool:
        """Whether the command still runs."""
        return self._process is not None and self._process.poll() is None

    def pid(self) -> int | None:
        """Process id of the command."""
        return self._process.pid if self._process is not None and self.is_alive() else None

    def log_tail(self) -> str:
        """The last lines of its stderr."""
        return self._log.tail()

    def terminate(self) -> None:
        """Asks it to end."""
        self._signal(signal.SIGTERM)

    def kill(self) -> None:
        """Ends it."""
        self._signal(signal.SIGKILL)

    def close(self, grace_s: float = 2.0) -> None:
        """Ends it for good: by the channel, by SIGTERM, by SIGKILL."""
        if self._process is None or self._channel is None:
            return
        self._is_end_expected = True
        with contextlib.suppress(WorkerDied):
            self.send(Shutdown())
        self._channel.close_write()
        for number in (signal.SIGTERM, signal.SIGKILL):
            try:
                self._process.wait(timeout=grace_s / 2)
            except subprocess.TimeoutExpired:
                self._signal(number)
        self._process.wait()

    def _signal(self, number: int) -> None:
        if self._process is not None:
            self._is_end_expected = True
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, number)

    def _read(
        self, process: subprocess.Popen[bytes], channel: Channel, log: threading.Thread, handlers: Handlers
    ) -> None:
        on_event, on_exit = handlers
        try:
            while (body := channel.receive()) is not None:
                on_event(decode_event(body))
        except ProtocolError as error:  # a frame that cannot be read: this worker is of no further use
            on_event(Fault(ErrorInfo.of(error)))
            process.kill()
        code = process.wait()
        log.join(timeout=1.0)
        channel.close()
        name = signal.Signals(-code).name if code < 0 else ""
        cause = "" if self._is_end_expected else likely_cause(code, name, self.log_tail())
        on_exit(WorkerExit(None if name else code, name, cause, self.log_tail(), self._is_end_expected))


def _taken(pipe: IO[bytes] | None) -> int:
    """A descriptor of the channel's own: the file object would close its one a second time."""
    if pipe is None:
        raise RuntimeError("the worker was started without pipes")
    with pipe:
        return os.dup(pipe.fileno())


def polite() -> CommandBackend:
    """A worker that leaves the processor to everything else on the machine."""
    return CommandBackend(["nice", "-n", "10", sys.executable, "-m", "steer_widget.worker"])
