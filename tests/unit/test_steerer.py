from __future__ import annotations

import gc
import threading
from collections.abc import Iterator

import pytest

import steer_widget as sw
from steer_widget.protocol import (
    Activations,
    Answer,
    CheckGrid,
    Command,
    ErrorInfo,
    ReadMeans,
    StartRun,
    TokenCounts,
)
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
            said = Answer(command.request, error, None if error else TokenCounts((3,)))
            threading.Thread(target=backend.say, args=(said,)).start()

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


def test_options_reach_the_grid_from_every_way_in(steerer: sw.Steerer, f: sw.Feature) -> None:
    options: dict[str, object] = {
        "positions": slice(1, None), "skip_special": True, "preserve_norm": True, "measures": ["perplexity", "kl"],
    }  # fmt: skip
    for run in (
        steerer.compare("x", [f.at(1)], **options),  # type: ignore[arg-type]
        steerer.sweep("x", f, [1], **options),  # type: ignore[arg-type]
        steerer.run("x", [f.at(1)], **options),  # type: ignore[arg-type]
    ):
        grid = run.grid
        (edit,) = grid.edits()
        assert (edit.positions, edit.skip_special) == (sw.Span(1), True)
        assert grid.steerings[-1].preserve_norm is True
        assert grid.measures == ("kl", "perplexity")


def test_nothing_is_left_open_by_default(steerer: sw.Steerer, f: sw.Feature) -> None:
    for run in (steerer.compare("x", [f.at(1)]), steerer.sweep("x", f, [1]), steerer.run("x", [f.at(1)])):
        (edit,) = run.grid.edits()
        assert (edit.unit, edit.method, edit.positions, edit.skip_special) == ("raw", "add", "all", False)
        assert run.grid.steerings[-1].preserve_norm is False
        assert run.grid.measures is None


def test_vectors_and_controls_are_steered_with_like_features(
    steerer: sw.Steerer, f: sw.Feature, backend: ScriptedBackend
) -> None:
    vector = sw.Vector([1.0] * 32, "joy")  # type: ignore[arg-type]
    run = steerer.compare("x", [vector.at(2), f.control().at(70), [vector.at(1), f.at(3, method="clamp")]])
    assert [str(steering) for steering in run.grid.steerings] == [
        "baseline", "joy +2", f"random like {f} +70", f"joy +1 + {f} +3 clamp",
    ]  # fmt: skip
    swept = steerer.sweep("x", vector.control(3), [0.5, 1], unit="norm")
    assert [str(edit) for edit in swept.grid.edits()] == [
        "random like joy (3) +0.5 norm", "random like joy (3) +1 norm",
    ]  # fmt: skip
    ablated = steerer.compare("x", [f.ablate()], unit="norm")
    assert [(e.method, e.unit) for e in ablated.grid.edits()] == [("ablate", "raw")]


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
    known = steerer.card(5).max_act
    assert known is not None
    assert backend.last_run().max_act == {"/5": known}


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
        lambda s: s.compare("x", [s.feature(1, sae="nobody").at(1)]),
        lambda s: s.compare("x", [sw.Feature(1, sae="nobody").at(1)]),
        lambda s: s.compare("x", [sw.Feature(64).control().at(1)]),
        lambda s: s.compare("x", [s.feature(1).at(1)], positions="last"),
        lambda s: s.compare("x", [s.feature(1).at(1)], positions=slice(3, 0, -1)),
        lambda s: s.compare("x", [s.feature(1).at(1)], skip_special="no"),
        lambda s: s.compare("x", [s.feature(1).at(1)], preserve_norm=None),
        lambda s: s.compare("x", [s.feature(1).at(1)], measures=["humour"]),
        lambda s: s.compare("x", [s.feature(1).at(1, method="scale", unit="norm")]),
        lambda s: s.compare("x", [s.feature(1).at(1, method="ablate", unit="max_act")]),
        lambda s: s.compare("x", [sw.Vector([1.0]).at(1, unit="max_act")]),
        lambda s: s.compare("x", [sw.Vector([1.0]).at(1)], unit="max_act"),
        lambda s: s.compare("x", [sw.Vector([1.0]).at(1)], method="clamp"),
        lambda s: s.compare("x", [sw.Vector([1.0]).control().at(1, method="scale")]),
        lambda s: s.sweep("x", sw.Vector([1.0]), [1], method="ablate"),
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


def test_a_worker_that_dies_over_the_question_refuses_nothing(
    steerer: sw.Steerer, f: sw.Feature, backend: ScriptedBackend
) -> None:
    backend.on_send = lambda command: (
        threading.Thread(target=backend.die).start() if isinstance(command, CheckGrid) else None
    )
    run = steerer.compare("x", [f.at(1)])
    assert run.state == "loading", "the run has started a new worker"
    backend.say(READY)
    backend.finish()
    assert run.result().state == "done"


def test_a_worker_that_does_not_answer_holds_nobody_up(
    steerer: sw.Steerer, f: sw.Feature, backend: ScriptedBackend, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("steer_widget.suggester._CHECK_S", 0.05)
    backend.on_send = lambda _command: None
    run = steerer.compare("x", [f.at(1)])
    assert backend.last_run().run == run.id


# ---- vectors out of texts


def read_means(backend: ScriptedBackend, *, hook_name: str = "blocks.2.hook_resid_post") -> None:
    """A worker that reads of each text how many letters and words it has."""

    answer_checks(backend)
    answer_check = backend.on_send

    def answer(command: Command) -> None:
        answer_check(command)
        if isinstance(command, ReadMeans):
            texts = [
                text.prompt if isinstance(text.prompt, str) else text.prompt[0].content
                for text in command.texts
            ]
            rows = tuple((float(len(text)), float(len(text.split()))) for text in texts)
            said = Answer(command.request, result=Activations(command.hook_name or hook_name, rows))
            threading.Thread(target=backend.say, args=(said,)).start()

    backend.on_send = answer


def test_a_contrast_asks_once_for_both_lists(steerer: sw.Steerer, backend: ScriptedBackend) -> None:
    read_means(backend)
    vector = steerer.contrast_vector(["aaaa bb", "a a a a"], ["a b"], name="long")
    (asked,) = backend.sent(ReadMeans)
    assert [text.prompt for text in asked.texts] == ["aaaa bb", "a a a a", "a b"]
    assert (asked.hook_name, asked.pool) == ("", "mean")
    assert vector == sw.Vector([7.0 - 3.0, 3.0 - 2.0], "long", "blocks.2.hook_resid_post")  # type: ignore[arg-type]
    assert strengths(steerer.compare("x", [vector.at(2)])) == [[], [2.0]]


def test_a_contrast_reads_single_texts_and_chats_where_it_is_told(
    steerer: sw.Steerer, backend: ScriptedBackend
) -> None:
    read_means(backend)
    vector = steerer.contrast_vector(
        "abcd", [{"role": "user", "content": "a b"}], hook_name="blocks.1.hook_resid_pre", pool="last"
    )
    (asked,) = backend.sent(ReadMeans)
    assert [text.prompt for text in asked.texts] == ["abcd", (sw.Message("user", "a b"),)]
    assert (asked.hook_name, asked.pool) == ("blocks.1.hook_resid_pre", "last")
    assert (vector.numbers(), vector.hook_name) == ([1.0, -1.0], "blocks.1.hook_resid_pre")


@pytest.mark.parametrize(
    ("field", "options"),
    [
        ("positive", {"positive": []}),
        ("positive", {"positive": ["", "x"]}),
        ("negative", {"negative": [3]}),
        ("negative", {"negative": None}),
        ("hook_name", {"hook_name": None}),
        ("pool", {"pool": "max"}),
        ("pool", {"pool": ["mean"]}),
        ("name", {"name": 3}),
        ("timeout", {"timeout": -1}),
        ("timeout", {"timeout": "long"}),
    ],
    ids=str,
)
def test_contrasts_that_are_refused_before_the_worker_is_asked(
    steerer: sw.Steerer, backend: ScriptedBackend, field: str, options: dict[str, object]
) -> None:
    with pytest.raises(sw.InvalidInput) as caught:
        steerer.contrast_vector(**{"positive": "x", "negative": "y", **options})  # type: ignore[arg-type]
    assert caught.value.field == field
    assert backend.sent(ReadMeans) == []


def test_a_contrast_of_the_same_texts_has_no_direction(steerer: sw.Steerer, backend: ScriptedBackend) -> None:
    read_means(backend)
    with pytest.raises(sw.InvalidInput, match="another mean"):
        steerer.contrast_vector("x", "x")


def answer_means(backend: ScriptedBackend, **answer: object) -> None:
    def say(command: Command) -> None:
        if isinstance(command, ReadMeans):
            said = Answer(command.request, **answer)  # type: ignore[arg-type]
            threading.Thread(target=backend.say, args=(said,)).start()

    backend.on_send = say


def test_a_refusal_of_the_worker_is_raised(steerer: sw.Steerer, backend: ScriptedBackend) -> None:
    answer_means(backend, error=ErrorInfo("InvalidInput", "hook_name: got 'x'.", field="hook_name"))
    with pytest.raises(sw.InvalidInput) as caught:
        steerer.contrast_vector("x", "y", hook_name="x")
    assert caught.value.field == "hook_name"


@pytest.mark.parametrize("result", [None, TokenCounts((1, 2)), Activations("h", ((1.0,),))])
def test_an_answer_to_something_else_is_told_as_such(
    steerer: sw.Steerer, backend: ScriptedBackend, result: object
) -> None:
    answer_means(backend, result=result)
    with pytest.raises(sw.ProtocolError, match="2 texts"):
        steerer.contrast_vector("x", "y")


def test_a_contrast_waits_for_loading_and_for_its_turn(backend: ScriptedBackend) -> None:
    read_means(backend)
    with sw.load("a/b", "c/d", backend=backend) as steerer:
        run = steerer.compare("x", [sw.Feature(1).at(1)])
        later = threading.Timer(0.1, backend.say, args=(READY,))
        later.start()
        vector = steerer.contrast_vector("aa", "a")
        later.join()
        assert vector.numbers() == [1.0, 0.0]
        assert not run.done
        backend.finish()


def test_a_contrast_that_takes_too_long_says_how_to_wait(
    steerer: sw.Steerer, f: sw.Feature, backend: ScriptedBackend
) -> None:
    with pytest.raises(sw.WorkerTimeout, match=r"timeout=") as caught:
        steerer.contrast_vector("x", "y", timeout=0.05)
    assert "busy" not in str(caught.value)
    steerer.compare("x", [f.at(1)])
    with pytest.raises(sw.WorkerTimeout, match="busy with a run"):
        steerer.contrast_vector("x", "y", timeout=0.05)


def test_death_and_close_end_the_wait(steerer: sw.Steerer, backend: ScriptedBackend) -> None:
    backend.on_send = lambda command: (
        threading.Thread(target=backend.die).start() if isinstance(command, ReadMeans) else None
    )
    with pytest.raises(sw.WorkerDied, match="SIGKILL"):
        steerer.contrast_vector("x", "y")
    steerer.reload()
    backend.say(READY)
    backend.on_send = lambda command: (
        threading.Thread(target=steerer.close).start() if isinstance(command, ReadMeans) else None
    )
    with pytest.raises(sw.SteererClosed):
        steerer.contrast_vector("x", "y")
    with pytest.raises(sw.SteererClosed):
        steerer.contrast_vector("x", "y")


# ---- the life of a steerer


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
