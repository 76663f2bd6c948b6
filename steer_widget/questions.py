"""Questions to the worker and their answers. The controller guards every call by its lock, but `deliver`."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from functools import partial

from .errors import GenerationError, SteerError
from .protocol import Answer, ErrorInfo, Status, TaskProgress
from .task_book import TaskBook

OnAnswer = Callable[[Answer], None]
"""Takes an answer, once, on the thread that brings it."""

OnProgress = Callable[[TaskProgress], None]
"""Takes how far a task is, on the thread that brings it; may be called any number of times, never after the answer."""

Due = Callable[[], None]
"""Hands something on. Called without the lock."""

_log = logging.getLogger(__name__)


class Questions:
    """Numbers questions; keeps the answer to each until whoever waits has taken it, or hands it on.

    Attributes:
        tasks: those among them that take long, and how far they are.
    """

    def __init__(self) -> None:
        self.tasks = TaskBook()
        self._n_asked = 0
        self._open: dict[int, Answer | None] = {}
        self._later: dict[int, OnAnswer] = {}
        self._progress: dict[int, OnProgress] = {}
        self._due: list[Due] = []

    def open(self) -> int:
        """A number for a new question that is waited for; `close` it in any case."""
        self._n_asked += 1
        self._open[self._n_asked] = None
        return self._n_asked

    def open_later(self, on_answer: OnAnswer) -> int:
        """A number for a new question whose answer is handed on: it is due once it has come."""
        self._n_asked += 1
        self._later[self._n_asked] = on_answer
        return self._n_asked

    def open_task(self, title: str, on_answer: OnAnswer, on_progress: OnProgress | None) -> int:
        """The same for a task; how far it is, is handed on too."""
        request = self.open_later(on_answer)
        self.tasks.open(request, title)
        if on_progress is not None:
            self._progress[request] = on_progress
        return request

    def progress(self, event: TaskProgress) -> None:
        """How far a task is; of one that has been answered nobody wants to know."""
        self.tasks.progress(event)
        on_progress = self._progress.get(event.request)
        if on_progress is not None:
            self._due.append(partial(on_progress, event))

    def drop(self, request: int) -> None:
        """A question or task that could not be asked: it will not be answered."""
        self._later.pop(request, None)
        self._progress.pop(request, None)
        self.tasks.close(request)

    def answer(self, answer: Answer) -> None:
        """Keeps an answer; one that nobody waits for any more, or that has come already, is dropped."""
        on_answer = self._later.pop(answer.request, None)
        self._progress.pop(answer.request, None)
        self.tasks.close(answer.request)
        if on_answer is not None:
            self._due.append(partial(on_answer, answer))
        elif answer.request in self._open and self._open[answer.request] is None:
            self._open[answer.request] = answer

    def answer_all(self, error: ErrorInfo | SteerError) -> None:
        """Answers all that are open with an error: there is nobody to answer them."""
        info = error if isinstance(error, ErrorInfo) else ErrorInfo.of(error)
        for request in (*self._open, *self._later):
            self.answer(Answer(request, info))

    def answered(self, request: int) -> Answer | None:
        """The answer; None while it has not come."""
        return self._open[request]

    def close(self, request: int) -> None:
        """Nobody waits for this answer any more."""
        del self._open[request]

    def take_due(self) -> list[Due]:
        """Answers to hand on, each once; `deliver` them without the lock."""
        due, self._due = self._due, []
        return due


def deliver(due: Iterable[Due]) -> None:
    """Hands answers on, with no lock held."""
    for hand_on in due:
        try:
            hand_on()
        except Exception:  # noqa: BLE001 - it must not take the reader thread, and every run, along
            _log.exception("what was to take an answer failed")


def nobody_to_ask(status: Status) -> ErrorInfo:
    """Why a question cannot be asked now."""
    if status.worker == "failed" and status.error is not None:
        return status.error
    if status.worker == "loading":
        error = GenerationError(
            "The model is still being loaded, so it cannot be asked yet. Ask again when it is there: "
            "steerer.ready() waits for it."
        )
    else:
        error = GenerationError(
            "No worker is there to ask: it ended, or was never started. steerer.ready(), and every new run, "
            "starts one."
        )
    return ErrorInfo.of(error)


def replaced() -> GenerationError:
    """The error for questions that a worker took along when it was replaced."""
    return GenerationError(
        "The worker was replaced by a fresh one before it could answer. Ask again when that has loaded: "
        "steerer.ready() waits for it."
    )
