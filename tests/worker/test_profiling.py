"""Profiles against sae-lens reading the model's own hidden states, text by text."""

from __future__ import annotations

import statistics
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import torch
from sae_lens import SAE

from steer_widget.errors import GenerationError, OutOfMemory, TaskStopped
from steer_widget.profiles import Profile, ProfileHead
from steer_widget.protocol import ProfiledTexts, ProfileTexts
from steer_widget.worker import profiling
from steer_widget.worker.engine import Engine
from steer_widget.worker.tasks import do_task
from tests.tiny import make
from tests.worker.conftest import make_engine, sae_of
from tests.worker.test_wishing import told

TEXTS = (
    "The mountains were white with snow",
    "",
    "She said that the letter had come too late; he did not answer.",
    "sea",
    "What do you do with good news? You pack, you go, you write home. Numbers: 1, 2, 3, 10, 1987.",
    "<|user|>Hello sea<|end|>",
    "The mountains were white with snow",
)
K = 3


def do(engine: Engine, texts: tuple[str, ...], **options: Any) -> ProfiledTexts:
    task = ProfileTexts(
        1, **{"profile": uuid.uuid4().hex, "texts": texts, "n_examples": K, "gives": "all", **options}
    )
    found = do_task(engine, task, told, lambda: False)
    assert isinstance(found, ProfiledTexts)
    return found


def as_profile(found: ProfiledTexts) -> Profile:
    return Profile.of(ProfileHead("texts", "tiny", "sae", make.HOOK_NAME, 0, "", is_whole=True), found)


@dataclass
class Plain:
    """Activations of the tokens that count `[n, d_sae]`, of which text each is, its text, and |h|."""

    acts: torch.Tensor
    text: list[str]
    token: list[str]
    norms: list[float]


def plain(engine: Engine, texts: tuple[str, ...], n_window: int = 256) -> Plain:
    theirs = SAE.load_from_disk(Path(sae_of(engine).name))
    usual = engine.sae_infos[0].residual_norm
    tokenizer, special = engine.adapter.tokenizer, engine.adapter.special_ids
    found = Plain(torch.empty(0, make.D_SAE), [], [], [])
    for text in texts:
        ids = tokenizer(text)["input_ids"]
        n_head = next((n for n, one in enumerate(ids) if one not in special), len(ids))
        step = n_window - n_head
        for start in range(n_head, len(ids), step):
            window = ids[:n_head] + ids[start : start + step]
            with torch.no_grad():
                output = engine.adapter.model(torch.tensor([window]), output_hidden_states=True)
                h = output.hidden_states[3][0]
                acts = theirs.encode(h)
            for at, token_id in enumerate(window):
                norm = float(h[at].norm())
                if token_id not in special and norm <= 5 * usual:
                    found.acts = torch.cat([found.acts, acts[at : at + 1]])
                    found.text.append(text)
                    found.token.append(tokenizer.decode([token_id], clean_up_tokenization_spaces=False))
                    found.norms.append(norm)
    return found


def agrees(profile: Profile, wanted: Plain) -> None:
    acts = wanted.acts
    fires = acts > 0
    assert profile.n_tokens == len(acts)
    assert profile.densities == pytest.approx(fires.double().mean(0).numpy(), abs=1e-9)
    assert profile.max_acts == pytest.approx(acts.amax(0).numpy(), rel=1e-4, abs=1e-6)
    means = acts.double().sum(0) / fires.sum(0).clamp_min(1)
    assert profile.mean_acts == pytest.approx(means.numpy(), rel=1e-4, abs=1e-6)
    assert profile.n_dead == int((~fires.any(0)).sum())
    assert profile.residual_norm == pytest.approx(statistics.median(wanted.norms), rel=0.05)
    assert profile.mean_residual_norm == pytest.approx(statistics.fmean(wanted.norms), rel=1e-4)
    for index in range(make.D_SAE):
        peaks = {
            text: max(float(a) for a, own in zip(acts[:, index], wanted.text, strict=True) if own == text)
            for text in set(wanted.text)
        }
        best = sorted((peak for peak in peaks.values() if peak > 0), reverse=True)[:K]
        examples = profile.examples(index)
        assert [example.act for example in examples] == pytest.approx(best, rel=1e-4)
        for example in examples:
            at = int((acts[:, index] - example.act).abs().argmin())
            assert example.token == wanted.token[at]
            assert example.left + example.token + example.right in wanted.text[at]


@pytest.mark.parametrize("n_window", [256, 16])
def test_it_agrees_with_sae_lens(engine: Engine, n_window: int) -> None:
    agrees(as_profile(do(engine, TEXTS, n_window=n_window)), plain(engine, TEXTS, n_window))


def test_it_agrees_in_another_family(tmp_path: Path) -> None:
    own = make_engine(make.make_model(tmp_path / "model", "gpt2"), make.make_sae(tmp_path / "sae"))
    agrees(as_profile(do(own, TEXTS)), plain(own, TEXTS))


def test_chunks_and_small_batches_give_the_same(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(profiling, "_MAX_TOKENS", {"cpu": 20})
    monkeypatch.setattr(profiling, "_N_NUMBERS", 5 * make.D_SAE)
    do(engine, TEXTS[:3], profile="chunks", gives="count")
    agrees(as_profile(do(engine, TEXTS[3:], profile="chunks", n_before=3)), plain(engine, TEXTS))


def test_another_worker_goes_on_from_the_state(engine: Engine) -> None:
    state = do(engine, TEXTS[:3], profile="a", gives="state").state
    agrees(as_profile(do(engine, TEXTS[3:], profile="b", n_before=3, state=state)), plain(engine, TEXTS))


def test_what_the_worker_does_not_hold_is_refused(engine: Engine) -> None:
    with pytest.raises(GenerationError, match="resume=True"):
        do(engine, TEXTS, profile="unknown", n_before=2)
    do(engine, TEXTS[:2], profile="known", gives="count")
    with pytest.raises(GenerationError, match="resume=True"):
        do(engine, TEXTS, profile="known", n_before=1)


def test_a_chunk_that_is_stopped_does_not_count(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(profiling, "_MAX_TOKENS", {"cpu": 20})
    do(engine, TEXTS[:3], profile="stopped", gives="count")
    n_asked = 0

    def stop() -> bool:
        nonlocal n_asked
        n_asked += 1
        return n_asked == 3

    with pytest.raises(TaskStopped):
        do_task(engine, ProfileTexts(1, "stopped", TEXTS[3:], n_before=3, n_examples=K), told, stop)
    agrees(as_profile(do(engine, (), profile="stopped", n_before=3)), plain(engine, TEXTS[:3]))


def test_batches_are_halved_where_memory_runs_out(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    count: Callable[..., None] = profiling._count

    def small(adapter: Any, sae: Any, norm: float, rows: Any, found: Any) -> None:
        count(adapter, sae, norm, rows, found)
        if len(rows) > 1:
            raise torch.OutOfMemoryError("CUDA out of memory")

    monkeypatch.setattr(profiling, "_count", small)
    agrees(as_profile(do(engine, TEXTS, profile="halved")), plain(engine, TEXTS))

    def never(*_: Any) -> None:
        raise torch.OutOfMemoryError("CUDA out of memory")

    monkeypatch.setattr(profiling, "_count", never)
    with pytest.raises(OutOfMemory):
        do(engine, TEXTS, profile="too large")


@pytest.mark.parametrize("texts", [(), ("",), ("", "<|user|><|end|>")])
def test_texts_without_tokens_have_no_statistics(engine: Engine, texts: tuple[str, ...]) -> None:
    profile = as_profile(do(engine, texts, profile=repr(texts)))
    assert (profile.n_tokens, profile.n_dead, profile.residual_norm) == (0, make.D_SAE, None)
    assert profile.card(3).density is None
    assert profile.examples(3) == ()


def test_it_tells_how_far_it_is_of_all(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(profiling, "_MAX_TOKENS", {"cpu": 20})
    monkeypatch.setattr(profiling, "_REPORT_S", 0.0)
    said: list[tuple[int, int | None]] = []
    do(engine, TEXTS[:3], profile="told", gives="count")
    task = ProfileTexts(1, "told", TEXTS[3:], n_before=3, n_total=70, n_examples=K)
    do_task(engine, task, lambda n, of, _: said.append((n, of)), lambda: False)
    assert said == sorted(said)
    assert said[-1] == (7, 70)
    assert 3 <= said[0][0] < 7
