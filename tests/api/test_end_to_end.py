"""The public API over a real worker process with a tiny model."""

from __future__ import annotations

import _thread
import asyncio
import gc
import os
import signal
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

import steer_widget as sw
from steer_widget.protocol import CellDone, RunDone, RunStarted, Tokens
from tests.tiny import make

PATIENCE_S = 90.0
LONG = sw.Generation(max_new_tokens=200, temperature=1.0, repetition_penalty=1.3)


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    root = tmp_path_factory.mktemp("tiny")
    return make.make_model(root / "model"), make.make_sae(root / "sae")


@pytest.fixture(scope="module")
def shared(folders: tuple[Path, Path]) -> Iterator[sw.Steerer]:
    with sw.load(*folders, dtype="float32") as steerer:
        yield steerer


@pytest.fixture
def steerer(shared: sw.Steerer) -> sw.Steerer:
    """The shared steerer, ready again after whatever the last test did to its worker."""
    shared.ready(PATIENCE_S)
    return shared


def wait_until(true: Callable[[], bool]) -> None:
    deadline_s = time.monotonic() + PATIENCE_S
    while not true():
        assert time.monotonic() < deadline_s, "it never came true"
        time.sleep(0.02)


def pid_of(steerer: sw.Steerer) -> int:
    pid = steerer.status.pid
    assert pid is not None
    return pid


def is_gone(pid: int) -> bool:
    return not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE


def first_tokens(run: sw.Run) -> None:
    for event in run:
        if isinstance(event, Tokens):
            return
    raise AssertionError("it ended without a token")


def test_compare_gives_every_cell_with_its_identity(steerer: sw.Steerer, tmp_path: Path) -> None:
    f, g = steerer.feature(3), steerer.feature(7)
    run = steerer.compare(
        ["I went for a walk and", [{"role": "user", "content": "What do you do?"}]],
        [f.at(6), g.at(-6), [f.at(3), g.at(3)]],
        generation=sw.Generation(max_new_tokens=8),
        samples=2,
    )
    result = run.result(timeout=PATIENCE_S)
    assert result.state == "done"
    assert len(result.cells) == 2 * 4 * 2
    assert all(cell.state == "done" and cell.error is None and cell.finish for cell in result.cells)
    assert all(0 < cell.n_tokens <= 8 for cell in result.cells)
    assert [cell.measures.dose is None for cell in result.cells[:4]] == [True, True, False, False]
    assert result.cells[0].text == result.cells[1].text, "greedy samples are the same"
    assert result.cells[0].text != result.cells[2].text, "steering changes the text"
    assert result.n_tokens == sum(cell.n_tokens for cell in result.cells)
    assert result.model is not None
    assert result.saes
    assert (result.model.d_model, result.saes[0].d_sae) == (make.D_MODEL, make.D_SAE)
    assert {"torch", "transformers", "steer-widget"} <= set(result.versions)
    assert sw.load_result(result.save(tmp_path / "r.json")) == result


def test_streamed_texts_are_the_final_texts(steerer: sw.Steerer) -> None:
    run = steerer.sweep("I went for a walk and", 3, [2, 4, 6], generation=sw.Generation(max_new_tokens=20))
    texts = [""] * 4
    events = list(run)
    for event in events:
        if isinstance(event, Tokens):
            for delta in event.deltas:
                texts[delta.cell] += delta.text
    assert isinstance(events[0], RunStarted)
    assert isinstance(events[-1], RunDone)
    assert sum(isinstance(event, CellDone) for event in events) == 4
    assert texts == [cell.text for cell in run.cells]
    assert (run.progress, run.done) == (1.0, True)


def test_await_in_a_loop(steerer: sw.Steerer) -> None:
    async def cell() -> sw.RunResult:
        return await steerer.compare(
            "I went", [steerer.feature(1).at(2)], generation=sw.Generation(max_new_tokens=4)
        )

    assert asyncio.run(cell()).state == "done"


@pytest.mark.parametrize(
    ("options", "kind"),
    [
        ({"prompts": "walk " * 400}, sw.PromptTooLong),
        ({"generation": sw.Generation(max_new_tokens=10_000)}, sw.PromptTooLong),
        ({"edits": [sw.Feature(make.D_SAE).at(1)]}, sw.UnknownFeature),
        ({"edits": [sw.Feature(1).at(1, unit="max_act")]}, sw.InvalidInput),
        ({"method": "teleport"}, sw.InvalidInput),
    ],
    ids=str,
)
def test_refused_before_any_work(
    steerer: sw.Steerer, options: dict[str, object], kind: type[sw.InvalidInput]
) -> None:
    n_runs = len(steerer.runs)
    with pytest.raises(kind) as caught:
        steerer.compare(**{"prompts": "x", "edits": [sw.Feature(1).at(1)], **options})  # type: ignore[arg-type]
    assert caught.value.field
    assert caught.value.allowed
    assert len(steerer.runs) == n_runs


def test_a_refusal_before_the_worker_is_ready_fails_the_run(folders: tuple[Path, Path]) -> None:
    with sw.load(*folders) as fresh:
        run = fresh.compare("walk " * 400, [fresh.feature(1).at(1)])
        with pytest.raises(sw.PromptTooLong) as caught:
            run.result(timeout=PATIENCE_S)
        assert caught.value.field == "prompt"
        assert run.cells[0].state == "failed"


def test_stop_keeps_what_there_is_and_retry_finishes_it(steerer: sw.Steerer) -> None:
    prompt, f = "I went for a walk and", steerer.feature(3)
    undisturbed = steerer.compare(prompt, [f.at(4)], generation=LONG, samples=4).result(timeout=PATIENCE_S)
    run = steerer.compare(prompt, [f.at(4)], generation=LONG, samples=4)
    first_tokens(run)
    run.cancel()
    stopped = run.result(timeout=PATIENCE_S)
    assert stopped.state == "stopped"
    assert {cell.state for cell in stopped.cells} <= {"stopped", "done"}
    assert any(cell.text for cell in stopped.cells)
    assert all(
        full.text.startswith(part.text) for full, part in zip(undisturbed.cells, stopped.cells, strict=True)
    )
    assert [cell.text for cell in run.retry().result(timeout=PATIENCE_S).cells] == [
        c.text for c in undisturbed.cells
    ]


def test_ctrl_c_stops_the_run(steerer: sw.Steerer) -> None:
    run = steerer.compare("I went", [steerer.feature(3).at(4)], generation=LONG, samples=8)
    first_tokens(run)
    threading.Timer(0.05, _thread.interrupt_main).start()
    assert run.result().state == "stopped"
    assert run.done


def test_kill_9_of_the_worker_fails_the_run_at_once_and_the_next_one_works(steerer: sw.Steerer) -> None:
    run = steerer.compare("I went", [steerer.feature(3).at(4)], generation=LONG, samples=8)
    first_tokens(run)
    pid = pid_of(steerer)
    os.kill(pid, signal.SIGKILL)
    started_s = time.monotonic()
    with pytest.raises(sw.WorkerDied, match="SIGKILL"):
        run.result(timeout=PATIENCE_S)
    assert time.monotonic() - started_s < 5
    assert any(cell.text for cell in run.cells)
    assert all(cell.state in ("done", "failed") for cell in run.cells)
    assert isinstance(run.cells[-1].error, sw.WorkerDied)
    assert is_gone(pid)
    again = steerer.compare("I went", [steerer.feature(3).at(4)], generation=sw.Generation(max_new_tokens=4))
    assert again.result(timeout=PATIENCE_S).state == "done"
    assert pid_of(steerer) != pid


def test_kill_9_while_loading_is_told_by_ready(folders: tuple[Path, Path]) -> None:
    with sw.load(*folders) as fresh:
        run = fresh.compare("I went", [fresh.feature(1).at(1)])
        os.kill(pid_of(fresh), signal.SIGKILL)
        with pytest.raises(sw.WorkerDied, match="while it was loading"):
            fresh.ready(PATIENCE_S)
        assert run.state == "failed"
        assert run.retry().result(timeout=PATIENCE_S).state == "done"


def test_a_worker_that_hangs_is_ended_after_a_stop(folders: tuple[Path, Path]) -> None:
    with sw.load(*folders) as fresh:
        fresh.ready(PATIENCE_S)
        fresh.controller.cancel_grace_s = fresh.controller.terminate_grace_s = 0.3
        run = fresh.compare("I went", [fresh.feature(1).at(1)], generation=LONG, samples=8)
        first_tokens(run)
        pid = pid_of(fresh)
        os.kill(pid, signal.SIGSTOP)
        run.cancel()
        result = run.result(timeout=PATIENCE_S)
        assert result.state == "stopped"
        assert any(cell.text for cell in result.cells)
        assert is_gone(pid)
        assert run.retry().result(timeout=PATIENCE_S).state == "done"


def test_what_cannot_be_loaded_is_told_in_full_and_can_be_tried_again(tmp_path: Path) -> None:
    model, sae = make.make_model(tmp_path / "model"), make.make_sae(tmp_path / "sae")
    weights = sae / "sae_weights.safetensors"
    whole = weights.read_bytes()
    weights.write_bytes(whole[:100])
    with sw.load(model, sae) as broken:
        with pytest.raises(sw.LoadError) as caught:
            broken.ready(PATIENCE_S)
        assert str(sae) in str(caught.value)
        assert broken.status.worker == "failed"
        weights.write_bytes(whole)
        broken.reload()
        broken.ready(PATIENCE_S)


def test_close_leaves_no_process(folders: tuple[Path, Path]) -> None:
    fresh = sw.load(*folders)
    pid = pid_of(fresh)
    fresh.close()
    assert is_gone(pid)


def test_a_dropped_steerer_leaves_no_process(folders: tuple[Path, Path]) -> None:
    fresh = sw.load(*folders)
    pid = pid_of(fresh)
    del fresh
    gc.collect()
    wait_until(lambda: is_gone(pid))


def test_the_widget_streams_a_real_run(steerer: sw.Steerer) -> None:
    widget = steerer.widget
    widget.prompts, widget.selection = "I went for a walk and", [steerer.feature(3).at(4)]
    widget.generation = sw.Generation(max_new_tokens=12)
    run = widget.start()
    result = run.result(timeout=PATIENCE_S)
    wait_until(
        lambda: (
            widget.snapshot.run is not None
            and (widget.snapshot.run.id, widget.snapshot.run.state) == (run.id, "done")
        )
    )
    assert widget.snapshot.run is not None
    assert [view.text for view in widget.snapshot.run.cells] == [cell.text for cell in result.cells]
    assert widget.run is not None
    assert widget.run.id == run.id
    widget.close()


def test_the_user_s_own_objects_run_in_this_process(folders: tuple[Path, Path], steerer: sw.Steerer) -> None:
    from sae_lens import SAE
    from transformers import AutoModelForCausalLM, AutoTokenizer

    model = AutoModelForCausalLM.from_pretrained(folders[0]).eval()
    tokenizer = AutoTokenizer.from_pretrained(folders[0])
    edits, generation = [sw.Feature(3).at(4)], sw.Generation(max_new_tokens=8)
    with sw.from_model(model, tokenizer, SAE.load_from_disk(str(folders[1]))) as inline:
        inline.ready(PATIENCE_S)
        mine = inline.compare("I went for a walk and", edits, generation=generation).result(
            timeout=PATIENCE_S
        )
    other = steerer.compare("I went for a walk and", edits, generation=generation).result(timeout=PATIENCE_S)
    assert [cell.token_ids for cell in mine.cells] == [cell.token_ids for cell in other.cells]


LIGHT = """
    import os, sys
    import psutil
    def rss_mb(): return psutil.Process(os.getpid()).memory_info().rss / 1e6
    before = rss_mb()
    import steer_widget as sw
    steerer = sw.load(sys.argv[1], sys.argv[2])
    run = steerer.compare("I went", [steerer.feature(3).at(4)], generation=sw.Generation(max_new_tokens=4))
    assert run.result(timeout=90).state == "done"
    grown = rss_mb() - before
    assert grown < 60, grown
    heavy = {"torch", "transformers", "sae_lens", "numpy", "pandas"} & set(sys.modules)
    assert not heavy, heavy
    print(steerer.status.pid)
"""


def test_the_kernel_stays_light_and_takes_the_worker_along(folders: tuple[Path, Path]) -> None:
    command = [sys.executable, "-c", textwrap.dedent(LIGHT), *map(str, folders)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=2 * PATIENCE_S)
    assert done.returncode == 0, done.stderr
    assert is_gone(int(done.stdout)), "the worker ends with the interpreter, without a close"
