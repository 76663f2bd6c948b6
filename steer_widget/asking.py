"""A question to the worker that is waited for, and what it means when no fitting answer comes."""

from __future__ import annotations

from typing import TypeVar

from .controller import Controller
from .errors import GenerationError, ProtocolError, WorkerTimeout
from .protocol import Known, Question

_K = TypeVar("_K", bound=Known)


def ask_worker(
    controller: Controller, question: Question, kind: type[_K], timeout_s: float, *, call: str, what: str
) -> _K:
    """The worker's answer to a question.

    Args:
        controller: takes it to the worker, which should have loaded.
        question: its request number is filled in.
        kind: what is to come back.
        timeout_s: how long to wait.
        call: the method that the user called.
        what: what was to be done, such as ``read 2 texts``.

    Raises:
        WorkerTimeout: it took longer.
        SteerError: the worker refuses, or died.
        ProtocolError: its answer does not fit the question.
    """
    answer = controller.ask(question, timeout_s)
    if answer is None:
        raise _no_answer(controller, timeout_s, call, what)
    if answer.error is not None:
        raise answer.error.rebuild()
    if not isinstance(answer.result, kind):
        raise unfitting(what)
    return answer.result


def unfitting(what: str) -> ProtocolError:
    """The error for an answer to something else."""
    return ProtocolError(
        f"The worker's answer does not fit the question, to {what}. "
        "Kernel and worker are probably of different versions: restart the kernel."
    )


def _no_answer(
    controller: Controller, timeout_s: float, call: str, what: str
) -> WorkerTimeout | GenerationError:
    worker = controller.status.worker
    if worker not in ("ready", "busy"):
        return GenerationError(f"The worker ended before it could {what}. Try again.")
    waits = "It is busy with a run, and answers when it comes to it. " if worker == "busy" else ""
    return WorkerTimeout(
        f"The worker did not {what} within {timeout_s:.3g} s. {waits}"
        f"Wait longer: steerer.{call}(..., timeout=...)."
    )
