from __future__ import annotations

import gc
import threading
import weakref

import pytest

from steer_widget.controller import Controller
from steer_widget.errors import SteererClosed
from steer_widget.job import Job
from steer_widget.protocol import CellDone, CellMeasured, Load, RunDone, RunStarted, SaeSource, Tokens
from tests.unit.grids import grid
from tests.unit.scripted import KILLED, MEASURED, READY, TOKENS_MEASURED, ScriptedBackend

# ---- listeners


def test_listeners_hear_of_runs_and_status_outside_the_lock(
    ready: Controller, backend: ScriptedBackend
) -> None:
    heard: list[str] = []

    def listener(job: Job | None) -> None:
        heard.append(job.state if job else ready.status.worker)  # would hang if the lock were held

    unsubscribe = ready.subscribe(listener)
    ready.submit(grid(), {})
    backend.finish()
    assert heard[-1] in ("done", "ready")
    assert {"busy", "done"} <= set(heard)
    unsubscribe()
    n_heard = len(heard)
    ready.submit(grid(), {})
    assert len(heard) == n_heard


def test_a_listener_that_fails_stops_nobody(
    ready: Controller, backend: ScriptedBackend, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(_job: Job | None) -> None:
        raise RuntimeError("broken listener")

    ready.subscribe(broken)
    job = ready.submit(grid(), {})
    backend.finish()
    assert job.state == "done"
    assert "broken listener" in caplog.text


def test_events_from_many_threads_lose_nothing(ready: Controller, backend: ScriptedBackend) -> None:
    job = ready.submit(grid(8, max_new_tokens=50), {})
    backend.started()
    threads = [
        threading.Thread(target=lambda cell=cell: backend.grow(*"x" * 50, cells=(cell,))) for cell in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [cell.text for cell in job.cells] == ["x" * 50] * 8


# ---- the end


def test_close_ends_the_runs_and_the_worker_once(controller: Controller, backend: ScriptedBackend) -> None:
    jobs = [controller.submit(grid(), {}) for _ in range(2)]
    backend.say(READY)
    backend.started()
    backend.grow("one")
    controller.close()
    controller.close()
    assert [job.state for job in jobs] == ["stopped", "stopped"]
    assert jobs[0].cells[0].text == "one"
    assert backend.calls == ["start", "close"]
    for use in (lambda: controller.submit(grid(), {}), controller.start, lambda: controller.retry(jobs[0])):
        with pytest.raises(SteererClosed):
            use()


def test_a_dropped_controller_ends_its_worker() -> None:
    backend = ScriptedBackend()
    controller = Controller(backend, Load("m", (SaeSource("s"),)))
    controller.start()
    backend.say(READY)
    on_event, on_exit = backend.callbacks()
    gone = weakref.ref(controller)
    del controller
    gc.collect()
    assert gone() is None
    assert backend.calls == ["start", "close"]
    on_event(READY)
    on_exit(KILLED)


def test_what_follows_is_what_happened(ready: Controller, backend: ScriptedBackend) -> None:
    job = ready.submit(grid(2), {})
    early = ready.follow(job)
    backend.started()
    backend.grow("a", "b")
    middle = ready.follow(job)
    backend.grow("c")
    backend.end_cell(0, "abc")
    measuring = ready.follow(job)
    backend.measure_cell(0)
    backend.end_cell(1, "abc")
    backend.end()
    late = ready.follow(job)
    for queue in (early, middle, measuring, late):
        events = [queue.get_nowait() for _ in range(queue.qsize())]
        texts = ["", ""]
        for event in events:
            if isinstance(event, Tokens):
                for delta in event.deltas:
                    texts[delta.cell] += delta.text
        assert texts == ["abc", "abc"]
        assert isinstance(events[0], RunStarted)
        assert isinstance(events[-1], RunDone)
        assert sorted(event.cell for event in events if isinstance(event, CellDone)) == [0, 1]
        ends = [type(event) for event in events if getattr(event, "cell", None) == 0]
        assert ends == [CellDone, CellMeasured]
        (measured,) = (event for event in events if isinstance(event, CellMeasured))
        assert (measured.measures, measured.tokens) == (MEASURED, TOKENS_MEASURED)
