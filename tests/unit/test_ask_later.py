"""Questions that nobody waits for: each is answered once, without the lock, whatever becomes of the worker."""

from __future__ import annotations

import threading

import msgspec
import pytest

from steer_widget.backends.base import WorkerExit
from steer_widget.controller import Controller
from steer_widget.errors import GenerationError, LoadError, SteererClosed, WorkerDied
from steer_widget.protocol import Answer, Command, Load, Passage, ReadMeans, SaeSource, Shutdown, TokenCounts
from steer_widget.recycling import Recycling
from tests.unit.grids import grid
from tests.unit.page import wait_until
from tests.unit.scripted import LOAD_FAILED, READY, ScriptedBackend

QUESTION = ReadMeans(0, (Passage("one"),))


class Heard:
    """Takes answers, and looks at the controller from within, which would hang under its lock."""

    def __init__(self, controller: Controller) -> None:
        self.answers: list[Answer] = []
        self.threads: list[int] = []
        self._controller = controller

    def __call__(self, answer: Answer) -> None:
        assert self._controller.status is not None
        self.threads.append(threading.get_ident())
        self.answers.append(answer)

    @property
    def error(self) -> Exception:
        (answer,) = self.answers
        assert answer.error is not None
        return answer.error.rebuild()


@pytest.fixture
def heard(controller: Controller) -> Heard:
    return Heard(controller)


def test_the_answer_comes_once_on_the_thread_that_brings_it(
    ready: Controller, backend: ScriptedBackend, heard: Heard
) -> None:
    ready.ask_later(QUESTION, heard)
    assert heard.answers == []
    (sent,) = backend.sent(ReadMeans)
    assert sent == msgspec.structs.replace(QUESTION, request=sent.request)
    answer = Answer(sent.request, result=TokenCounts((3,)))
    said = threading.Thread(target=backend.say, args=(answer, answer, Answer(99)))
    said.start()
    said.join()
    assert heard.answers == [answer]
    assert heard.threads == [said.ident]


def test_answers_find_their_questions_and_do_not_mix_with_those_that_are_waited_for(
    ready: Controller, backend: ScriptedBackend
) -> None:
    all_heard = [Heard(ready) for _ in range(3)]
    for heard in all_heard:
        ready.ask_later(QUESTION, heard)
    later = [question.request for question in backend.sent(ReadMeans)]

    def answer(command: Command) -> None:
        if isinstance(command, ReadMeans):
            backend.say(Answer(command.request, result=TokenCounts((7,))))

    backend.on_send = answer
    waited = ready.ask(QUESTION, 5.0)
    assert waited is not None
    assert waited.result == TokenCounts((7,))
    for request in reversed(later):
        backend.say(Answer(request, result=TokenCounts((request,))))
    assert [heard.answers for heard in all_heard] == [
        [Answer(request, result=TokenCounts((request,)))] for request in later
    ]
    assert len({*later, waited.request}) == 4


def test_an_answer_in_the_call_itself_is_heard(
    ready: Controller, backend: ScriptedBackend, heard: Heard
) -> None:
    backend.on_send = lambda command: backend.say(Answer(command.request))  # type: ignore[union-attr]
    ready.ask_later(QUESTION, heard)
    assert len(heard.answers) == 1


def test_a_worker_that_dies_answers_with_its_end(
    ready: Controller, backend: ScriptedBackend, heard: Heard
) -> None:
    ready.ask_later(QUESTION, heard)
    backend.die()
    assert isinstance(heard.error, WorkerDied)
    assert "SIGKILL" in str(heard.error)


def test_a_close_answers_what_is_open_and_what_comes_later(ready: Controller, heard: Heard) -> None:
    ready.ask_later(QUESTION, heard)
    ready.close()
    assert isinstance(heard.error, SteererClosed)
    late = Heard(ready)
    ready.ask_later(QUESTION, late)
    assert isinstance(late.error, SteererClosed)


def test_a_worker_that_is_replaced_leaves_no_question_open(backend: ScriptedBackend) -> None:
    controller = Controller(backend, Load("model", (SaeSource("sae"),)), recycling=Recycling(after_runs=1))
    controller.start()
    backend.say(READY)
    controller.submit(grid(), {})
    heard = Heard(controller)
    controller.ask_later(QUESTION, heard)
    backend.finish()
    assert backend.sent(Shutdown)
    assert heard.answers == []
    backend.die(WorkerExit(code=0, expected=True))
    assert isinstance(heard.error, GenerationError)
    assert "replaced" in str(heard.error)
    assert controller.status.worker == "loading"
    controller.close()


def test_without_a_worker_the_answer_says_why_and_what_to_do(
    controller: Controller, backend: ScriptedBackend
) -> None:
    def refusal() -> Exception:
        heard = Heard(controller)
        controller.ask_later(QUESTION, heard)
        assert not backend.sent(ReadMeans)
        return heard.error

    assert "steerer.ready()" in str(refusal())
    controller.start()
    assert "still being loaded" in str(refusal())
    backend.say(LOAD_FAILED)
    failed = refusal()
    assert isinstance(failed, LoadError)
    assert "No such model." in str(failed)


def test_one_that_cannot_take_its_answer_harms_nobody(
    ready: Controller, backend: ScriptedBackend, heard: Heard, caplog: pytest.LogCaptureFixture
) -> None:
    def fails(_answer: Answer) -> None:
        raise RuntimeError("no page any more")

    ready.ask_later(QUESTION, fails)
    ready.ask_later(QUESTION, heard)
    job = ready.submit(grid(), {})
    backend.say(*(Answer(question.request) for question in backend.sent(ReadMeans)))
    assert len(heard.answers) == 1
    assert "no page any more" in caplog.text
    backend.finish()
    assert job.state == "done"


def test_many_threads_ask_and_each_is_answered_once(ready: Controller, backend: ScriptedBackend) -> None:
    backend.on_send = lambda command: threading.Thread(  # type: ignore[assignment]
        target=backend.say,
        args=(Answer(command.request),),  # type: ignore[union-attr]
    ).start()
    all_heard = [Heard(ready) for _ in range(40)]
    threads = [threading.Thread(target=ready.ask_later, args=(QUESTION, heard)) for heard in all_heard]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    wait_until(lambda: all(heard.answers for heard in all_heard))
    assert [len(heard.answers) for heard in all_heard] == [1] * 40
