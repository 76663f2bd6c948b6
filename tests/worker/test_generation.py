"""Sampling, stopping, cancelling, early ends, memory: what a run does besides steering."""

from __future__ import annotations

import pytest
import torch

from steer_widget.protocol import CheckGrid, Event, RunStarted, Tokens
from steer_widget.spec import Feature, Generation, Grid, Message, Steering, columns
from tests.tiny import make
from tests.worker.conftest import make_engine, point_of, run

PROMPTS = ("I went for a walk and", "The mountains were white with snow, and nobody", "She")
EDITS = [Feature(i).at(s, unit="raw", method="add", positions="all") for i, s in ((3, 6.0), (9, -4.0))]
STEERINGS = columns(EDITS, combine=False, baseline=True)


@pytest.mark.parametrize(
    "generation",
    [
        Generation(temperature=0.8, max_new_tokens=16, seed=3),
        Generation(temperature=1.2, top_p=0.8, max_new_tokens=16),
        Generation(temperature=1.0, top_k=20, top_p=0.9, repetition_penalty=1.3, max_new_tokens=16),
    ],
    ids=["full", "nucleus", "top-k"],
)
def test_random_numbers_do_not_depend_on_the_batch(engine, generation) -> None:
    grid = Grid(PROMPTS, STEERINGS, 3, generation)
    together = run(engine, grid)
    for cell in (0, 4, 10, len(grid) - 1):
        assert run(engine, grid, (cell,)).ends[cell].token_ids == together.ends[cell].token_ids
    reordered = Grid(PROMPTS[::-1], STEERINGS, 3, generation)
    assert run(engine, reordered).ends[0].token_ids == together.ends[2 * 9].token_ids


def test_samples_differ_and_seeds_differ(engine) -> None:
    def first_texts(seed: int) -> set[str]:
        grid = Grid(PROMPTS[:1], STEERINGS[:1], 4, Generation(temperature=1.0, seed=seed, max_new_tokens=12))
        return set(run(engine, grid).texts)

    assert len(first_texts(0)) == 4
    assert first_texts(0) == first_texts(0)
    assert not first_texts(0) & first_texts(1)


def test_columns_share_random_numbers(engine) -> None:
    tiny_edit = Feature(3).at(1e-6, unit="raw", method="add", positions="all")
    grid = Grid(
        PROMPTS, (Steering(), Steering((tiny_edit,))), 2, Generation(temperature=1.0, max_new_tokens=20)
    )
    tokens = run(engine, grid).tokens
    for prompt in range(3):
        assert tokens[prompt * 4 : prompt * 4 + 2] == tokens[prompt * 4 + 2 : prompt * 4 + 4]


def test_sampled_tokens_follow_the_distribution(engine) -> None:
    adapter = engine.adapter
    ids = adapter.tokenizer(PROMPTS[0])["input_ids"]
    with torch.no_grad():
        wanted = adapter.model(torch.tensor([ids])).logits[0, -1].softmax(-1)
    n = 2000
    grid = Grid(PROMPTS[:1], (Steering(),), n, Generation(temperature=1.0, max_new_tokens=1))
    counts = torch.zeros(adapter.d_vocab)
    for (token_id,) in run(engine, grid).tokens:
        counts[token_id] += 1
    top = wanted.topk(5).indices
    error = (counts[top] / n - wanted[top]).abs()
    assert bool((error < 4 * (wanted[top] * (1 - wanted[top]) / n).sqrt() + 1e-3).all())


def test_nucleus_and_top_k_leave_only_likely_tokens(engine) -> None:
    adapter = engine.adapter
    ids = adapter.tokenizer(PROMPTS[0])["input_ids"]
    with torch.no_grad():
        probabilities, order = (
            adapter.model(torch.tensor([ids])).logits[0, -1].softmax(-1).sort(descending=True)
        )
    n_nucleus = int((probabilities.cumsum(0) < 0.3).sum()) + 1
    for generation, allowed in (
        (Generation(temperature=1.0, top_k=3, max_new_tokens=1), order[:3]),
        (Generation(temperature=1.0, top_p=0.3, max_new_tokens=1), order[:n_nucleus]),
    ):
        got = {ids[0] for ids in run(engine, Grid(PROMPTS[:1], (Steering(),), 200, generation)).tokens}
        assert got <= set(allowed.tolist())
        assert len(got) > 1 or len(allowed) == 1


def test_repetition_penalty_agrees_with_transformers(engine) -> None:
    adapter = engine.adapter
    ids = adapter.tokenizer(PROMPTS[0], return_tensors="pt")
    wanted = adapter.model.generate(**ids, max_new_tokens=16, do_sample=False, repetition_penalty=1.7)
    grid = Grid(PROMPTS[:1], (Steering(),), 1, Generation(max_new_tokens=16, repetition_penalty=1.7))
    assert list(run(engine, grid).tokens[0]) == wanted[0, ids["input_ids"].shape[1] :].tolist()


def test_greedy_agrees_with_transformers_generate(engine) -> None:
    adapter = engine.adapter
    for prompt in PROMPTS:
        ids = adapter.tokenizer(prompt, return_tensors="pt")
        wanted = adapter.model.generate(**ids, max_new_tokens=30, do_sample=False)[
            0, ids["input_ids"].shape[1] :
        ]
        ran = run(engine, Grid((prompt,), (Steering(),), 1, Generation(max_new_tokens=30)))
        assert list(ran.tokens[0]) == wanted.tolist()


def test_streamed_pieces_are_the_final_text(engine) -> None:
    grid = Grid(PROMPTS, STEERINGS, 2, Generation(temperature=1.5, max_new_tokens=40))
    ran = run(engine, grid)
    assert isinstance(ran.events[0], RunStarted)
    for cell, end in ran.ends.items():
        assert ran.streamed_text(cell) == end.text
        assert ran.streamed_tokens(cell) == end.token_ids


def test_stop_string_is_cut_and_never_shown(engine) -> None:
    grid = Grid(PROMPTS[:1], STEERINGS, 3, Generation(temperature=1.0, max_new_tokens=40))
    plain = run(engine, grid)
    text = plain.texts[0]
    stop = text[10:13]
    stopped = run(
        engine, Grid(PROMPTS[:1], STEERINGS, 3, Generation(temperature=1.0, max_new_tokens=40, stop=(stop,)))
    )
    assert stopped.ends[0].text == text[: text.index(stop)]
    assert stopped.ends[0].finish == "stop_string"
    for cell, end in stopped.ends.items():
        assert stop not in end.text
        assert stopped.streamed_text(cell) == end.text
        whole = plain.ends[cell].text
        assert end.text == (whole[: whole.index(stop)] if stop in whole else whole)


@pytest.mark.parametrize("model_type", ["llama", "gemma2"])
def test_rows_that_end_early_leave_the_others_unchanged(tmp_path, model_type) -> None:
    engine = make_engine(make.make_model(tmp_path / "model", model_type), make.make_sae(tmp_path / "sae"))
    grid = Grid(PROMPTS, STEERINGS, 2, Generation(temperature=1.0, max_new_tokens=30))
    whole = run(engine, grid)
    engine.adapter.eos_ids = frozenset(ids[4] for ids in whole.tokens[::6])
    cut = run(engine, grid)
    assert {end.finish for end in cut.ends.values()} == {"eos", "length"}
    for cell, end in cut.ends.items():
        ids = whole.ends[cell].token_ids
        n = next((i + 1 for i, token_id in enumerate(ids) if token_id in engine.adapter.eos_ids), len(ids))
        assert end.token_ids == ids[:n]


def test_cancel_keeps_partial_texts(engine) -> None:
    grid = Grid(PROMPTS, STEERINGS, 1, Generation(max_new_tokens=200))

    def after_some(events: list[Event]) -> bool:
        return sum(isinstance(e, Tokens) for e in events) >= 3

    engine.adapter.eos_ids = frozenset()
    try:
        ran = run(engine, grid, is_cancelled=after_some)
    finally:
        engine.adapter.eos_ids = frozenset({1})
    assert ran.done.state == "stopped"
    assert set(ran.ends) == set(range(len(grid)))
    for cell, end in ran.ends.items():
        assert end.state == "stopped"
        assert 0 < len(end.token_ids) < 200
        assert ran.streamed_text(cell) == end.text


def test_a_grid_larger_than_a_batch_gives_the_same_texts(tiny_folders, engine) -> None:
    small = make_engine(*tiny_folders, max_batch_rows=4)
    grid = Grid(PROMPTS, STEERINGS, 3, Generation(temperature=1.0, max_new_tokens=10))
    assert run(small, grid).tokens == run(engine, grid).tokens


def test_out_of_memory_halves_the_batch_and_goes_on(engine, monkeypatch) -> None:
    grid = Grid(PROMPTS, STEERINGS, 1, Generation(max_new_tokens=10))
    undisturbed = run(engine, grid)
    forward = type(engine.adapter).next_logits
    calls = {"n": 0}

    def short_of_memory(self, token_ids, positions, mask, cache):
        calls["n"] += 1
        if len(token_ids) > 4 and calls["n"] > 3:  # in mid-decode: the rows have tokens already
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 20.00 GiB")
        return forward(self, token_ids, positions, mask, cache)

    monkeypatch.setattr(type(engine.adapter), "next_logits", short_of_memory)
    ran = run(engine, grid)
    assert ran.done.state == "done"
    assert ran.tokens == undisturbed.tokens
    for cell, end in ran.ends.items():
        assert ran.streamed_text(cell) == end.text
        wanted = undisturbed.ends[cell].measures.dose
        assert end.measures.dose == (None if wanted is None else pytest.approx(wanted, rel=1e-5))


def test_a_row_that_does_not_fit_fails_alone(engine, monkeypatch) -> None:
    grid = Grid(PROMPTS, STEERINGS[:1], 1, Generation(max_new_tokens=5))
    longest = max(len(engine.adapter.tokenizer(p)["input_ids"]) for p in PROMPTS)
    forward = type(engine.adapter).next_logits

    def no_room_for_the_longest(self, token_ids, positions, mask, cache):
        if token_ids.shape[1] >= longest:
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 20.00 GiB")
        return forward(self, token_ids, positions, mask, cache)

    monkeypatch.setattr(type(engine.adapter), "next_logits", no_room_for_the_longest)
    ran = run(engine, grid)
    states = [ran.ends[cell].state for cell in range(3)]
    assert states == ["done", "failed", "done"]
    error = ran.ends[1].error
    assert error is not None
    assert error.kind == "OutOfMemory"
    assert str(longest) in error.message
    assert "20.00 GiB" in error.message


def test_hooks_come_off_when_a_run_fails(engine, monkeypatch) -> None:
    module = point_of(engine).module
    # transformers leaves a hook of its own where a test before this one asked it for hidden states
    before = dict(module._forward_hooks)

    def fail(*_args):
        raise RuntimeError("the forward pass broke")

    with monkeypatch.context() as patch:
        patch.setattr(type(engine.adapter), "next_logits", fail)
        ran = run(engine, Grid(PROMPTS, STEERINGS, 1, Generation(max_new_tokens=5)))
    assert ran.done.state == "failed"
    assert ran.done.error is not None
    assert "the forward pass broke" in ran.done.error.message
    assert "Traceback" in ran.done.error.details
    assert dict(module._forward_hooks) == before
    assert run(engine, Grid(PROMPTS, STEERINGS, 1, Generation(max_new_tokens=5))).done.state == "done"


def test_a_hook_that_does_not_act_is_an_error(engine, monkeypatch) -> None:
    monkeypatch.setattr(
        type(point_of(engine).module), "__call__", lambda self, *a, **k: self.forward(*a, **k)
    )
    ran = run(engine, Grid(PROMPTS[:1], STEERINGS[1:], 1, Generation(max_new_tokens=5)))
    assert {end.state for end in ran.ends.values()} == {"failed"}
    assert ran.done.error is not None
    assert ran.done.error.kind == "HookInactive"


def test_chat_is_rendered_by_the_template(engine) -> None:
    tokenizer = engine.adapter.tokenizer
    wanted = tokenizer("<|user|>Hello<|end|><|assistant|>", add_special_tokens=False)["input_ids"]
    as_turn = CheckGrid(1, Grid(("Hello",), (Steering(),), 1, Generation(chat=True, max_new_tokens=2)))
    as_messages = CheckGrid(
        2, Grid(((Message("user", "Hello"),),), (Steering(),), 1, Generation(max_new_tokens=2))
    )
    assert engine.check(as_turn) == engine.check(as_messages) == (len(wanted),)


@pytest.mark.parametrize(
    ("grid", "field", "kind"),
    [
        (Grid(("sea " * 300,), (Steering(),)), "prompt", "PromptTooLong"),
        (Grid(("sea",), (Steering(),), 1, Generation(max_new_tokens=300)), "prompt", "PromptTooLong"),
        (Grid(("sea",), (Steering((Feature(64).at(1.0, method="add"),)),)), "feature", "UnknownFeature"),
        (Grid(("sea",), (Steering((Feature(3).at(1.0, method="nope"),)),)), "method", "InvalidInput"),
    ],
)
def test_bad_grids_are_refused_before_any_work(engine, grid, field, kind) -> None:
    ran = run(engine, grid)
    assert [type(e).__name__ for e in ran.events] == ["RunDone"]
    error = ran.done.error
    assert error is not None
    assert (error.kind, error.field) == (kind, field)
    assert "allowed" in error.message
