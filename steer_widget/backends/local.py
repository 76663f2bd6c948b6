"""A worker in a process of its own on this machine.

kernel                                worker: python -m steer_widget.worker
LocalBackend ── stdin pipe: commands ──► reader thread
reader thread ◄── stdout pipe: events ── channel
log thread    ◄── stderr pipe: log ───── stdout and stderr of everything else
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from queue import SimpleQueue

from ..channel import Channel
from ..errors import ProtocolError, WorkerDied
from ..leash import Leash
from ..protocol import Command, ErrorInfo, Event, Fault, Shutdown, decode_event, encode
from .base import WorkerExit
from .log import BoundedLog, likely_cause


class _Worker:
    """One process with its channel and its log. Nothing here refers to the backend."""

    def __init__(self, process: subprocess.Popen[bytes], leash: Leash) -> None:
        if process.stdin is None or process.stdout is None or process.stderr is None:
            raise RuntimeError("the worker was started without pipes")
        self.process = process
        self._leash = leash
        # The descriptors live on in the channel; the file objects are let go so that nobody closes them twice.
        self.channel = Channel(os.dup(process.stdout.fileno()), os.dup(process.stdin.fileno()))
        process.stdin.close()
        process.stdout.close()
        self.log = BoundedLog()
        self.log_thread = threading.Thread(
            target=self.log.copy_from, args=(process.stderr,), name="steer-widget-log", daemon=True
        )
        self.end_expected = False
        self.cause = ""  # why it is ended from this side, where the worker itself is at fault
        self._frames: SimpleQueue[bytes | None] = SimpleQueue()
        self._writer = threading.Thread(target=self._write, name="steer-widget-commands", daemon=True)
        self._writer.start()

    def send(self, body: bytes) -> None:
        """Hands a frame over and returns at once: a worker that does not read must not hold the kernel up."""
        if self.process.poll() is not None or not self._writer.is_alive():
            raise BrokenPipeError
        self._frames.put(body)

    def close_channel(self) -> None:
        """After what was sent, the worker reads the end."""
        self._frames.put(None)

    def _write(self) -> None:
        with contextlib.suppress(OSError):  # the worker is gone; the reader hears of it
            while (body := self._frames.get()) is not None:
                self.channel.send(body)
        self.channel.close_write()

    def signal(self, number: int) -> None:
        """To the worker and all it has started: it leads a group of its own."""
        with contextlib.suppress(ProcessLookupError, PermissionError):
            if _HAS_GROUPS:
                os.killpg(self.process.pid, number)
            else:
                self.process.send_signal(number)

    def exit(self) -> WorkerExit:
        """Waits for the end, then tells how it was; nothing that the worker started outlives it."""
        code = self.process.wait()
        if _HAS_GROUPS:
            self.signal(signal.SIGKILL)
        self._leash.drop()
        self.close_channel()
        self.log_thread.join(timeout=1.0)
        log_tail = self.log.tail()
        name = signal.Signals(-code).name if code < 0 else ""
        return WorkerExit(
            code=None if name else code,
            signal=name,
            likely_cause="" if self.end_expected else self.cause or likely_cause(code, name, log_tail),
            log_tail=log_tail,
            expected=self.end_expected,
        )


def _read_events(
    worker: _Worker, on_event: Callable[[Event], None], on_exit: Callable[[WorkerExit], None]
) -> None:
    while True:
        try:
            body = worker.channel.receive()
        except ProtocolError as error:
            on_event(Fault(ErrorInfo.of(error)))
            worker.cause = error.message
            worker.signal(signal.SIGKILL)
            break
        if body is None:
            break
        try:
            event = decode_event(body)
        except ProtocolError as error:
            event = Fault(ErrorInfo.of(error))
        on_event(event)
    # A closed channel means the process is ending; one that lingers would keep its memory.
    try:
        worker.process.wait(timeout=_LINGER_S)
    except subprocess.TimeoutExpired:
        worker.signal(signal.SIGKILL)
    exit_ = worker.exit()
    worker.channel.close()
    on_exit(exit_)


_LINGER_S = 5.0
_HAS_GROUPS = hasattr(os, "killpg")

_PROCESS_SETTINGS = {
    # torch's threads wait for each other by spinning. As long as they do by default, a step takes ten times as long
    # when anything else (the kernel, a browser) wants one of the cores; this short, three times, and 3 % more alone.
    "GOMP_SPINCOUNT": "10000",
    # glibc moves its bounds upwards by itself, and the worker would grow with the number of its batches. Smaller
    # bounds than these cost time: each large tensor would be new pages.
    "MALLOC_MMAP_THRESHOLD_": str(4 << 20),
    "MALLOC_TRIM_THRESHOLD_": str(8 << 20),
}


class LocalBackend:
    """Starts, feeds and ends one worker process at a time.

    Args:
        env: variables for the worker on top of this process's own.
    """

    name = "local"

    def __init__(self, env: Mapping[str, str] | None = None) -> None:
        self._env = dict(env or {})
        self._worker: _Worker | None = None
        self._reader: threading.Thread | None = None

    def start(self, on_event: Callable[[Event], None], on_exit: Callable[[WorkerExit], None]) -> None:
        """See `Backend.start`."""
        with Leash.made() as leash:
            process = subprocess.Popen(
                [sys.executable, "-m", "steer_widget.worker"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                env={
                    **_PROCESS_SETTINGS,
                    **os.environ,
                    **self._env,
                    **leash.environment,
                    "PYTHONPATH": _python_path(),
                },
                pass_fds=leash.inherited,
                start_new_session=True,
                bufsize=0,
            )
        worker = _Worker(process, leash)
        worker.log_thread.start()
        self._worker = worker
        self._reader = threading.Thread(
            target=_read_events, args=(worker, on_event, on_exit), name="steer-widget-events", daemon=True
        )
        self._reader.start()

    def send(self, command: Command) -> None:
        """See `Backend.send`."""
        worker = self._worker
        try:
            if worker is None:
                raise BrokenPipeError
            worker.send(encode(command))
        except OSError as error:
            raise WorkerDied(
                "The worker process is gone, so it cannot take a command. The next run starts a new one.",
                details=self.log_tail(),
            ) from error

    def is_alive(self) -> bool:
        """See `Backend.is_alive`."""
        return self._worker is not None and self._worker.process.poll() is None

    def pid(self) -> int | None:
        """See `Backend.pid`."""
        return self._worker.process.pid if self._worker is not None and self.is_alive() else None

    def log_tail(self) -> str:
        """See `Backend.log_tail`."""
        return self._worker.log.tail() if self._worker is not None else ""

    def terminate(self) -> None:
        """See `Backend.terminate`."""
        if self._worker is not None:
            self._worker.end_expected = True
            self._worker.signal(signal.SIGTERM)

    def kill(self) -> None:
        """See `Backend.kill`."""
        if self._worker is not None:
            self._worker.end_expected = True
            self._worker.signal(signal.SIGKILL)

    def close(self, grace_s: float = 2.0) -> None:
        """See `Backend.close`."""
        worker = self._worker
        if worker is None:
            return
        worker.end_expected = True
        with contextlib.suppress(OSError):
            worker.send(encode(Shutdown()))
        worker.close_channel()
        for number in (signal.SIGTERM, signal.SIGKILL):
            try:
                worker.process.wait(timeout=grace_s / 2)
                break
            except subprocess.TimeoutExpired:
                worker.signal(number)
        worker.process.wait()
        if self._reader is not None and self._reader is not threading.current_thread():
            self._reader.join(timeout=2.0)


def _python_path() -> str:
    """The worker imports the very package that starts it, also where that is not installed."""
    package_parent = str(Path(__file__).resolve().parents[2])
    inherited = os.environ.get("PYTHONPATH", "")
    return os.pathsep.join(p for p in (package_parent, inherited) if p)
