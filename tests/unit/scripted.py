"""A backend whose worker says what the test tells it to, on the test's own thread."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from steer_widget.backends.base import WorkerExit
from steer_widget.errors import WorkerDied
from steer_widget.protocol import (
    CellDelta,
    CellDone,
    CellMeasured,
    Command,
    ErrorInfo,
    Event,
    Load,
    LoadFailed,
    Measures,
    ModelInfo,
    Ready,
    RunDone,
    RunStarted,
    SaeInfo,
    StartRun,
    TokenMeasures,
    Tokens,
)
from steer_widget.spec import RunState

T = TypeVar("T", bound=Command)

MODEL = ModelInfo("tiny", "llama", 4, 32, 500, 256, 12345, "float32", "cpu", has_chat_template=True)
SAE = SaeInfo("tiny-sae", "standard", 32, 64, "blocks.2.hook_resid_post", 2, 5.5)
READY = Ready(1, 4242, MODEL, (SAE,), ("add", "clamp"), ("kl", "perplexity"), {"torch": "2.13.0"}, 1.5)
MEASURED = Measures(0.25, kl_mean=0.5, kl_p95=0.9, kl_max=1.0, perplexity=12.0)
TOKENS_MEASURED = TokenMeasures(kl=(0.0, 1.0), surprise=(2.0, 3.0), texts=("one", " two"))
KILLED = WorkerExit(signal="SIGKILL", likely_cause="Out of memory, probably.", log_tail="the last line")


class ScriptedBackend:
    """Keeps every command; `say` and `die` are the worker's side."""

    name = "scripted"

    def __init__(self) -> None:
        self.commands: list[Command] = []
        self.calls: list[str] = []
        self.on_send: Callable[[Command], None] = lambda _command: None
        self.is_broken = False
        self._heard: tuple[Callable[[Event], None], Callable[[WorkerExit], None]] | None = None

    # ---- the kernel's side

    def start(self, on_event: Callable[[Event], None], on_exit: Callable[[WorkerExit], None]) -> None:
        assert self._heard is None, "started while a worker is alive"
        self.calls.append("start")
        if self.is_broken:
            raise OSError("no such program")
        self._heard = (on_event, on_exit)

    def send(self, command: Command) -> None:
        if self._heard is None:
            raise WorkerDied("nobody there")
        self.commands.append(command)
        self.on_send(command)

    def is_alive(self) -> bool:
        return self._heard is not None

    def pid(self) -> int | None:
        return 4242 if self._heard else None

    def log_tail(self) -> str:
        return "the last line"

    def terminate(self) -> None:
        self.calls.append("terminate")

    def kill(self) -> None:
        self.calls.append("kill")

    def close(self, grace_s: float = 2.0) -> None:
        self.calls.append("close")
        self._heard = None

    # ---- the worker's side

    def say(self, *events: Event) -> None:
        assert self._heard is not None, "no worker to say it"
        for event in events:
            self._heard[0](event)

    def die(self, end: WorkerExit = KILLED) -> None:
        assert self._heard is not None, "no worker to die"
        on_exit, self._heard = self._heard[1], None
        on_exit(end)

    def callbacks(self) -> tuple[Callable[[Event], None], Callable[[WorkerExit], None]]:
        assert self._heard is not None
        return self._heard

    # ---- what was sent

    def sent(self, kind: type[T]) -> list[T]:
        return [command for command in self.commands if isinstance(command, kind)]

    def last_run(self) -> StartRun:
        return self.sent(StartRun)[-1]

    @property
    def n_loads(self) -> int:
        return len(self.sent(Load))

    # ---- whole stretches

    def grow(self, *words: str, cells: tuple[int, ...] | None = None) -> None:
        """Each word is one token of every cell that is asked for."""
        command = self.last_run()
        for word in words:
            deltas = tuple(CellDelta(cell, word, (len(word),)) for cell in cells or command.cells)
            self.say(Tokens(command.run, deltas))

    def started(self) -> None:
        command = self.last_run()
        self.say(RunStarted(command.run, tuple(3 for _ in command.grid.prompts)))

    def end_cell(self, cell: int, text: str = "one two", error: ErrorInfo | None = None) -> None:
        run = self.last_run().run
        state, finish = ("failed", "failed") if error else ("done", "length")
        self.say(CellDone(run, cell, state, text, (3, 4), finish, Measures(0.25), error))  # type: ignore[arg-type]

    def measure_cell(self, cell: int) -> None:
        self.say(CellMeasured(self.last_run().run, cell, MEASURED, TOKENS_MEASURED))

    def end(self, state: RunState = "done", error: ErrorInfo | None = None, seconds: float = 2.0) -> None:
        self.say(RunDone(self.last_run().run, state, seconds, 0, error))

    def finish(self) -> None:
        """The whole run, start to end."""
        self.started()
        self.grow("one", " two")
        for cell in self.last_run().cells:
            self.end_cell(cell)
        self.end()


LOAD_FAILED = LoadFailed(ErrorInfo("LoadError", "No such model.", "the traceback"))
