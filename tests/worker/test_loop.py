"""The worker's loop with a real engine: what overtakes, what stops, and that nothing of one run touches another."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Iterator
from typing import TypeVar

import pytest

from steer_widget.errors import Superseded
from steer_widget.protocol import (
    Answer,
    CancelRun,
    CellDone,
    CellMeasured,
    CoFiringOf,
    ContrastOf,
    Event,
    FeaturesByToken,
    FeaturesOn,
    LensOf,
    Load,
    NeighboursOf,
    NextTokenOf,
    OutputScoresOf,
    Passage,
    Question,
    ReadMeans,
    Ready,
    RunDone,
    RunStarted,
    SaeSource,
    Shutdown,
    StartRun,
    Tokens,
    TokensOf,
)
from steer_widget.spec import Feature, Generation, Grid, Steering, columns
from steer_widget.worker.engine import Engine
from steer_widget.worker.loop import WorkerLoop
from tests.worker.conftest import run

PATIENCE_S = 60.0
EDITS = [Feature(n).at(9.0, unit="raw", method="add", positions="all") for n in (3, 7)]
T = TypeVar("T", bound=Event)


def grid(n_tokens: int, samples: int = 1) -> Grid:
    steerings = columns(EDITS, combine=False, baseline=True)
    return Grid(
        ("I went for a walk",), steerings, samples, Generation(max_new_tokens=n_tokens, temperature=1.0)
    )


LONG, SHORT = grid(200, samples=4), grid(6)


class Loop:
    """A loop on its own thread; `on_event` may send commands from the very thread that works."""

    def __init__(self, engine: Engine) -> None:
        self.events: list[Event] = []
        self.on_event: Callable[[Event], None] = lambda _: None
        self._queue: queue.Queue[Event] = queue.Queue()
        self.loop = WorkerLoop(lambda *_: engine, self._emit)
        self._thread = threading.Thread(target=self.loop.work)
        self._thread.start()
        self.loop.take(Load("tiny", (SaeSource("sae"),)))
        self.wait_for(Ready)

    def _emit(self, event: Event) -> None:
        self.events.append(event)
        self.on_event(event)
        self._queue.put(event)

    def wait_for(self, kind: type[T], run: str = "") -> T:
        while True:
            event = self._queue.get(timeout=PATIENCE_S)
            if isinstance(event, kind) and run in ("", getattr(event, "run", "")):
                return event

    def start(self, name: str, grid: Grid) -> None:
        self.loop.take(StartRun(name, grid, tuple(range(len(grid)))))

    def tokens(self, name: str) -> list[tuple[int, ...]]:
        ends = {e.cell: e.token_ids for e in self.events if isinstance(e, CellDone) and e.run == name}
        return [ends[cell] for cell in sorted(ends)]

    def after(self, n_events: int, kind: type[Event], do: Callable[[], None]) -> None:
        """Does something once, in the middle of a run, when so many events of a kind have come."""
        left = [n_events]

        def count(event: Event) -> None:
            if isinstance(event, kind) and left[0]:
                left[0] -= 1
                if not left[0]:
                    do()

        self.on_event = count

    def close(self) -> None:
        self.loop.take(Shutdown())
        self._thread.join(PATIENCE_S)
        assert not self._thread.is_alive()


@pytest.fixture
def worker(engine: Engine) -> Iterator[Loop]:
    made = Loop(engine)
    yield made
    made.close()


@pytest.mark.parametrize(
    ("kind", "n_events"), [(RunStarted, 1), (Tokens, 1), (Tokens, 3), (CellDone, 1), (CellMeasured, 1)]
)
def test_a_run_in_the_middle_of_another_changes_neither(
    worker: Loop, engine: Engine, kind: type[Event], n_events: int
) -> None:
    worker.after(n_events, kind, lambda: worker.start("short", SHORT))
    worker.start("long", LONG)
    ends = [worker.wait_for(RunDone), worker.wait_for(RunDone)]
    if kind is not CellMeasured:  # measured in one pass, after which there is no checkpoint
        assert [end.run for end in ends] == ["short", "long"]
    assert [end.state for end in ends] == ["done", "done"]
    assert worker.tokens("long") == run(engine, LONG).tokens
    assert worker.tokens("short") == run(engine, SHORT).tokens


def test_texts_are_read_for_a_question_in_the_middle_of_a_run(worker: Loop, engine: Engine) -> None:
    worker.after(2, Tokens, lambda: worker.loop.take(ReadMeans(1, (Passage("the sea"), Passage("the snow")))))
    worker.start("long", LONG)
    answer = worker.wait_for(Answer)
    assert worker.wait_for(RunDone).run == "long"
    assert answer.error is None
    assert answer.result == engine.means(ReadMeans(1, (Passage("the sea"), Passage("the snow"))))
    assert worker.tokens("long") == run(engine, LONG).tokens


STEERED = Steering(EDITS[:1])


def asked(number: int, prompt: str = "I went for a walk") -> NextTokenOf:
    return NextTokenOf(number, prompt, STEERED)


QUESTIONS = (
    TokensOf(1, "the sea", columns=(STEERED,)),
    FeaturesOn(2, Passage("the snow")),
    asked(3),
    ReadMeans(4, (Passage("the sea"),)),
    LensOf(5, Feature(3)),
    NeighboursOf(6, Feature(3)),
    ContrastOf(7, (Passage("the sea"),), (Passage("the snow"),)),
    FeaturesByToken(8, Passage("the snow")),
    CoFiringOf(9, 3, (Passage("the sea and the snow were white"),)),
    OutputScoresOf(10, (Feature(3), Feature(4))),
)


def known(engine: Engine, question: Question) -> object:
    """What the engine says when it does nothing else."""
    asks = {
        TokensOf: engine.tokens,
        FeaturesOn: engine.firing,
        NextTokenOf: engine.next_token,
        ReadMeans: engine.means,
        LensOf: engine.lens,
        NeighboursOf: engine.neighbours,
        ContrastOf: engine.contrast,
        FeaturesByToken: engine.firing_by_token,
        CoFiringOf: engine.co_firing,
        OutputScoresOf: engine.output_scores,
    }
    return asks[type(question)](question)


def test_questions_are_answered_in_their_order_in_the_middle_of_a_run(worker: Loop, engine: Engine) -> None:
    def ask() -> None:
        for question in QUESTIONS:
            worker.loop.take(question)

    worker.after(2, Tokens, ask)
    worker.start("long", LONG)
    answers = [worker.wait_for(Answer) for _ in QUESTIONS]
    assert worker.wait_for(RunDone).state == "done"
    assert [answer.request for answer in answers] == [question.request for question in QUESTIONS]
    assert [answer.result for answer in answers] == [known(engine, question) for question in QUESTIONS]
    assert worker.tokens("long") == run(engine, LONG).tokens


def test_of_many_next_tokens_that_wait_the_newest_alone_is_answered(worker: Loop, engine: Engine) -> None:
    def flood() -> None:
        for number in range(1, 21):
            worker.loop.take(asked(number, f"I went {number}"))
            if number == 10:
                worker.loop.take(TokensOf(100, "the sea"))

    worker.after(2, Tokens, flood)
    worker.start("long", LONG)
    answers = [worker.wait_for(Answer) for _ in range(21)]
    assert worker.wait_for(RunDone).state == "done"
    superseded = [answer.request for answer in answers if answer.error is not None]
    assert superseded == list(range(1, 20))
    assert {type(a.error.rebuild()) for a in answers if a.error is not None} == {Superseded}
    rest = {answer.request: answer.result for answer in answers if answer.error is None}
    assert rest == {
        20: engine.next_token(asked(20, "I went 20")),
        100: engine.tokens(TokensOf(100, "the sea")),
    }


def test_a_dial_that_never_rests_does_not_hold_up_a_run(worker: Loop, engine: Engine) -> None:
    def turn(event: Event) -> None:
        # Asked again before the answer has left the thread that works: one always waits.
        if isinstance(event, Answer) and event.error is None and not has_ended:
            worker.loop.take(asked(event.request + 1))
        elif isinstance(event, RunDone):
            has_ended.append(True)

    wanted = run(engine, LONG).tokens
    has_ended: list[bool] = []
    worker.on_event = turn
    worker.loop.take(asked(1))
    worker.start("long", LONG)
    assert worker.wait_for(RunDone).state == "done"
    assert worker.tokens("long") == wanted
    n_answers = sum(isinstance(event, Answer) for event in worker.events)
    assert n_answers > 100, "and the dial was followed all the while"


def test_a_question_that_is_refused_or_fails_is_answered_so(
    worker: Loop, engine: Engine, monkeypatch
) -> None:
    worker.loop.take(FeaturesOn(1, Passage("the sea"), sae="nobody"))
    refused = worker.wait_for(Answer)
    assert refused.error is not None
    assert (refused.error.kind, refused.error.field) == ("InvalidInput", "sae")
    monkeypatch.setattr(engine.adapter, "next_logits", None)
    worker.loop.take(asked(2))
    failed = worker.wait_for(Answer)
    assert failed.error is not None
    assert "TypeError" in failed.error.message
    assert "Traceback" in failed.error.details


def test_a_worker_that_has_loaded_says_how_fast_it_is(worker: Loop) -> None:
    (ready,) = [event for event in worker.events if isinstance(event, Ready)]
    assert ready.speed is not None
    assert ready.speed.step_s + ready.speed.row_s > 0


def test_one_of_two_is_stopped_alone(worker: Loop, engine: Engine) -> None:
    def overtake() -> None:
        worker.start("short", SHORT)
        worker.loop.take(CancelRun("long"))

    worker.after(3, Tokens, overtake)
    worker.start("long", LONG)
    ends = {end.run: end.state for end in (worker.wait_for(RunDone), worker.wait_for(RunDone))}
    assert ends == {"short": "done", "long": "stopped"}
    assert worker.tokens("short") == run(engine, SHORT).tokens
    whole = run(engine, LONG).tokens
    for cut, full in zip(worker.tokens("long"), whole, strict=True):
        assert full[: len(cut)] == cut


def test_a_stop_that_comes_too_late_does_not_stop_the_next_attempt(worker: Loop) -> None:
    worker.start("run", SHORT)
    assert worker.wait_for(RunDone).state == "done"
    worker.loop.take(CancelRun("run"))
    worker.start("run", SHORT)
    assert worker.wait_for(RunDone).state == "done"


def test_a_shutdown_ends_a_run_at_its_next_token(engine: Engine) -> None:
    worker = Loop(engine)
    worker.after(2, Tokens, lambda: worker.loop.take(Shutdown()))
    worker.start("long", LONG)
    assert worker.wait_for(RunDone).state == "stopped"
    worker.close()


def test_what_the_worker_holds_is_told_at_the_end_of_each_run(worker: Loop) -> None:
    import psutil

    worker.start("run", SHORT)
    told = worker.wait_for(RunDone).n_memory_bytes
    assert told is not None
    assert told == pytest.approx(psutil.Process().memory_info().rss, rel=0.2)
