from __future__ import annotations

import gc
import threading
from collections.abc import Iterator

import pytest

import steer_widget as sw
from steer_widget.protocol import CheckGrid, Command, ErrorInfo, GridChecked, StartRun
from tests.unit.scripted import READY, ScriptedBackend


@pytest.fixture
def steerer(backend: ScriptedBackend) -> Iterator[sw.Steerer]:
    made = sw.demo(backend=backend)
    backend.say(READY)
    answer_checks(backend)
    yield made
    made.close()


def answer_checks(backend: ScriptedBackend, error: ErrorInfo | None = None) -> None:
    def answer(command: Command) -> None:
        if isinstance(command, CheckGrid):
            threading.Thread(target=backend.say, args=(GridChecked(command.request, error, (3,)),)).start()

    backend.on_send = answer


@pytest.fixture
def f(steerer: sw.Steerer) -> sw.Feature:
    return steerer.feature(5)


def strengths(run: sw.Run) -> list[list[float]]:
    return [[edit.strength for edit in steering.edits] for steering in run.grid.steerings]


def test_compare_puts_each_edit_beside_the_baseline(steerer: sw.Steerer, f: sw.Feature) -> None:
    run = steerer.compare("I went", [f.at(4), f.at(8), [f.at(1), steerer.feature(7).at(-6)]])
    assert strengths(run) == [[], [4.0], [8.0], [1.0, -6.0]]
    assert run.cells[0].steering.edits == ()
    edit = run.cells[3].steering.edits[1]
    assert (edit.feature.index, edit.strength, edit.unit, edit.method, edit.positions) == (
        7,
        -6.0,
        "raw",
        "add",
        "all",
    )


def test_compare_combines_and_leaves_out_the_baseline(steerer: sw.Steerer, f: sw.Feature) -> None:
    assert strengths(steerer.compare("x", [f.at(4), f.at(8)], combine=True)) == [[], [4.0, 8.0]]
    assert strengths(steerer.compare("x", [f.at(4)], baseline=False)) == [[4.0]]


def test_defaults_go_to_edits_that_do_not_choose(steerer: sw.Steerer, f: sw.Feature) -> None:
    run = steerer.compare("x", [f.at(4), f.at(4, unit="max_act")], unit="norm", positions="generated")
    assert [(e.unit, e.positions) for e in run.grid.edits()] == [
        ("norm", "generated"),
        ("max_act", "generated"),
    ]


def test_sweep_is_a_column_for_each_strength(steerer: sw.Steerer, f: sw.Feature) -> None:
    assert strengths(steerer.sweep(["a", "b"], f, [-8, 0, 8], samples=2)) == [[], [-8.0], [0.0], [8.0]]
    assert strengths(steerer.sweep("a", 5, strengths=(s for s in (1, 2)), baseline=False)) == [[1.0], [2.0]]


def test_run_takes_the_columns_as_they_are(steerer: sw.Steerer, f: sw.Feature) -> None:
    run = steerer.run(
        ["a", [{"role": "user", "content": "b"}]], [sw.Steering([f.at(4), f.at(2)]), f.at(1), [f.at(3)]]
    )
    assert strengths(run) == [[4.0, 2.0], [1.0], [3.0]]
    assert run.grid.prompts == ("a", (sw.Message("user", "b"),))
    assert strengths(steerer.run("a", [f.at(1)], baseline=True)) == [[], [1.0]]


def test_unit_max_act_takes_the_table_s_value_along(
    steerer: sw.Steerer, f: sw.Feature, backend: ScriptedBackend
) -> None:
    steerer.compare("x", [f.at(1, unit="max_act")])
    assert backend.last_run().max_act == {"5": steerer.catalog.check([f.at(1, unit="max_act")], None)["5"]}


@pytest.mark.parametrize(
    "refused",
    [
        lambda s: s.compare("", [s.feature(1).at(1)]),
        lambda s: s.compare("x", [sw.Feature(64).at(1)]),
        lambda s: s.compare("x", [s.feature(1).at(1)], method="teleport"),
        lambda s: s.compare("x", [s.feature(1).at(1)], unit="volts"),
        lambda s: s.compare("x", [s.feature(1)]),
        lambda s: s.compare("x", [s.feature(1).at(1)], samples=0),
        lambda s: s.compare("x", [], baseline=False),
        lambda s: s.sweep("x", 1, []),
        lambda s: s.sweep("x", 1, "12"),
        lambda s: s.sweep("x", 1, 12),
        lambda s: s.sweep("x", 64, [1]),
        lambda s: s.sweep("x", 1, [float("nan")]),
        lambda s: s.run([], [sw.Steering()]),
        lambda s: s.run("x", []),
    ],
)
def test_bad_input_is_refused_before_any_work(steerer: sw.Steerer, backend: ScriptedBackend, refused) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(sw.InvalidInput):
        refused(steerer)
    assert not backend.sent(StartRun)
    assert steerer.runs == ()


def test_a_worker_that_is_ready_refuses_at_once(
    steerer: sw.Steerer, f: sw.Feature, backend: ScriptedBackend
) -> None:
    answer_checks(backend, ErrorInfo("PromptTooLong", "prompt: too long.", field="prompt"))
    with pytest.raises(sw.PromptTooLong):
        steerer.compare("x", [f.at(1)])
    assert steerer.runs == ()


def test_a_worker_that_does_not_answer_holds_nobody_up(
    steerer: sw.Steerer, f: sw.Feature, backend: ScriptedBackend, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("steer_widget.steerer._CHECK_S", 0.05)
    backend.on_send = lambda _command: None
    run = steerer.compare("x", [f.at(1)])
    assert backend.last_run().run == run.id


def test_each_call_is_a_run_of_its_own(steerer: sw.Steerer, f: sw.Feature, backend: ScriptedBackend) -> None:
    first, second = steerer.compare("x", [f.at(1)]), steerer.compare("x", [f.at(1)])
    assert [run.id for run in steerer.runs] == [first.id, second.id]
    backend.finish()
    backend.finish()
    assert first.result().cells == second.result().cells


def test_closed_is_closed(steerer: sw.Steerer, f: sw.Feature, backend: ScriptedBackend) -> None:
    run = steerer.compare("x", [f.at(1)])
    with steerer:
        pass
    assert run.result().state == "stopped"
    assert backend.calls == ["start", "close"]
    assert "worker closed" in repr(steerer)
    for use in (lambda: steerer.compare("x", [f.at(1)]), steerer.ready, steerer.reload, run.retry):
        with pytest.raises(sw.SteererClosed, match=r"sw\.load"):
            use()
    steerer.close()


def test_a_run_keeps_the_worker_of_a_dropped_steerer(backend: ScriptedBackend) -> None:
    run = sw.demo(backend=backend).compare("x", [sw.Feature(1).at(1)])
    gc.collect()
    backend.say(READY)
    backend.finish()
    assert run.result().state == "done"
    assert backend.calls == ["start"]
    del run
    gc.collect()
    assert backend.calls == ["start", "close"], "and nobody keeps it any longer"
