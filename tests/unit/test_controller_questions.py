from __future__ import annotations

import threading
import time

import msgspec
import pytest

from steer_widget.controller import Controller
from steer_widget.errors import SteererClosed, WorkerDied
from steer_widget.protocol import (
    Activations,
    Answer,
    CheckGrid,
    Command,
    ErrorInfo,
    Question,
    ReadMeans,
    TokenCounts,
)
from tests.unit.grids import grid
from tests.unit.page import PATIENCE_S, wait_until
from tests.unit.scripted import KILLED, READY, ScriptedBackend

MEANS = ReadMeans(0, ("one", "two"))
QUESTIONS = [CheckGrid(0, grid(), {"/3": 2.0}), MEANS]
each_question = pytest.mark.parametrize("question", QUESTIONS, ids=lambda q: type(q).__name__)


def answer_with(
    backend: ScriptedBackend,
    error: ErrorInfo | None = None,
    result: TokenCounts | Activations | None = None,
    in_thread: bool = True,
) -> None:
    def answer(command: Command) -> None:
        if not isinstance(command, Question):
            return
        said = Answer(command.request, error, result)
        if in_thread:
            threading.Thread(target=backend.say, args=(said,)).start()
        else:
            backend.say(said)

    backend.on_send = answer


@each_question
def test_a_question_is_asked_as_it_is_but_for_its_number(
    ready: Controller, backend: ScriptedBackend, question: Question
) -> None:
    answer_with(backend)
    for number in (1, 2):
        assert ready.ask(question, timeout_s=PATIENCE_S) == Answer(number)
        assert backend.commands[-1] == msgspec.structs.replace(question, request=number)


@each_question
def test_a_question_is_answered_while_a_run_is_on(
    ready: Controller, backend: ScriptedBackend, question: Question
) -> None:
    job = ready.submit(grid(), {})
    refused = ErrorInfo("PromptTooLong", "too long")
    answer_with(backend, refused)
    found = ready.ask(question, timeout_s=PATIENCE_S)
    assert found is not None
    assert found.error == refused
    backend.finish()
    assert job.state == "done"


def test_an_answer_on_the_very_thread_that_asks_is_heard(ready: Controller, backend: ScriptedBackend) -> None:
    answer_with(backend, result=TokenCounts((3,)), in_thread=False)
    found = ready.ask(CheckGrid(0, grid()), timeout_s=PATIENCE_S)
    assert found == Answer(1, None, TokenCounts((3,)))


def test_answers_find_their_questions_in_any_order(ready: Controller, backend: ScriptedBackend) -> None:
    found: dict[str, Answer | None] = {}

    def ask(text: str) -> None:
        found[text] = ready.ask(ReadMeans(0, (text,)), timeout_s=PATIENCE_S)

    threads = [threading.Thread(target=ask, args=(f"text {n}",)) for n in range(8)]
    for thread in threads:
        thread.start()
    wait_until(lambda: len(backend.sent(ReadMeans)) == 8)
    for asked in reversed(backend.sent(ReadMeans)):
        backend.say(Answer(asked.request, result=Activations(asked.texts[0], ())))  # type: ignore[arg-type]
    for thread in threads:
        thread.join(PATIENCE_S)
    assert {text: answer.result.hook_name for text, answer in found.items()} == {t: t for t in found}  # type: ignore[union-attr]
    assert len(found) == 8


@each_question
def test_no_answer_is_none_and_no_wait_without_a_worker(
    controller: Controller, backend: ScriptedBackend, question: Question
) -> None:
    assert controller.ask(question, timeout_s=60.0) is None
    controller.start()
    assert controller.ask(question, timeout_s=60.0) is None
    backend.say(READY)
    assert controller.ask(question, timeout_s=0.05) is None
    backend.say(Answer(1), Answer(99))
    answer_with(backend)
    found = controller.ask(question, timeout_s=float("inf"))
    assert found == Answer(2), "a late answer is not the next one's"
    assert controller._questions._open == {}, "nothing is kept for nobody"


@each_question
def test_death_answers_what_is_open_with_its_error(
    ready: Controller, backend: ScriptedBackend, question: Question
) -> None:
    backend.on_send = lambda _command: threading.Thread(target=backend.die).start()
    started_s = time.monotonic()
    found = ready.ask(question, timeout_s=60.0)
    assert time.monotonic() - started_s < PATIENCE_S
    assert found is not None
    assert found.error is not None
    error = found.error.rebuild()
    assert isinstance(error, WorkerDied)
    assert "SIGKILL" in error.message
    assert KILLED.log_tail in error.details


@each_question
def test_close_answers_what_is_open(ready: Controller, backend: ScriptedBackend, question: Question) -> None:
    backend.on_send = lambda _command: threading.Thread(target=ready.close).start()
    found = ready.ask(question, timeout_s=60.0)
    assert found is not None
    assert found.error is not None
    assert isinstance(found.error.rebuild(), SteererClosed)
