"""Answers to the page that the worker gives."""

from __future__ import annotations

import traceback
from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

from ..asking import unfitting
from ..errors import SteerError
from ..protocol import ErrorInfo, Known
from .handling import Deliver, Later

if TYPE_CHECKING:
    from ..controller import Controller
    from ..protocol import Answer, Answered, Question

_K = TypeVar("_K", bound=Known)


def from_worker(
    controller: Controller, question: Question, kind: type[_K], as_reply: Callable[[_K], Answered], what: str
) -> Later:
    """What the worker answers, as the page is to have it; an error of either goes to the page.

    Args:
        controller: takes the question to the worker.
        question: its request number is filled in.
        kind: what is to come back.
        as_reply: makes the reply of it, on the thread that brings it.
        what: what was to be done, such as ``read the prompt``.
    """

    def reply_to(answer: Answer) -> Answered | SteerError:
        if answer.error is not None:
            return answer.error.rebuild()
        if not isinstance(answer.result, kind):
            return unfitting(what)
        try:
            return as_reply(answer.result)
        except Exception as error:  # noqa: BLE001 - the page must get an answer whatever happened
            return error if isinstance(error, SteerError) else _told(error)

    def begin(deliver: Deliver) -> None:
        controller.ask_later(question, lambda answer: deliver(reply_to(answer)))

    return Later(begin)


def _told(error: Exception) -> SteerError:
    return ErrorInfo.of(error, traceback.format_exc()).rebuild()
