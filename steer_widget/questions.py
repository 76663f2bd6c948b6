"""Questions to the worker that wait for their answers. The controller guards every call by its lock."""

from __future__ import annotations

from .errors import SteerError
from .protocol import Answer, ErrorInfo


class Questions:
    """Numbers questions and keeps their answers until whoever asked has taken them."""

    def __init__(self) -> None:
        self._n_asked = 0
        self._open: dict[int, Answer | None] = {}

    def open(self) -> int:
        """A number for a new question; `close` it in any case."""
        self._n_asked += 1
        self._open[self._n_asked] = None
        return self._n_asked

    def answer(self, answer: Answer) -> None:
        """Keeps an answer; one that nobody waits for any more, or that has come already, is dropped."""
        if answer.request in self._open and self._open[answer.request] is None:
            self._open[answer.request] = answer

    def answer_all(self, error: ErrorInfo | SteerError) -> None:
        """Answers all that are open with an error: there is nobody to answer them."""
        info = error if isinstance(error, ErrorInfo) else ErrorInfo.of(error)
        for request in self._open:
            self.answer(Answer(request, info))

    def answered(self, request: int) -> Answer | None:
        """The answer; None while it has not come."""
        return self._open[request]

    def close(self, request: int) -> None:
        """Nobody waits for this answer any more."""
        del self._open[request]
