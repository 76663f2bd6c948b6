"""Profiles over real worker processes: used by units, kept for the next session, gone on with after a kill."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

import steer_widget as sw
from steer_widget.profiles import making
from tests.tiny import make

PATIENCE_S = 90.0
QUIET = sw.Generation(max_new_tokens=4)
TEXTS = [f"She saw {n} mountains and the sea; nobody spoke {n * n} words." for n in range(60)]


@pytest.fixture
def folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Path, Path]:
    monkeypatch.setenv("STEER_WIDGET_DATA", str(tmp_path / "data"))
    monkeypatch.setattr(making, "FIRST_CHARS", 300)
    monkeypatch.setattr(making, "MOST_CHARS", 300)
    return make.make_model(tmp_path / "model"), make.make_sae(tmp_path / "sae")


def same(a: sw.Profile, b: sw.Profile) -> None:
    assert (a.n_texts, a.n_tokens) == (b.n_texts, b.n_tokens)
    assert a.densities == pytest.approx(b.densities)
    assert a.max_acts == pytest.approx(b.max_acts, rel=1e-4)
    assert a.mean_acts == pytest.approx(b.mean_acts, rel=1e-4)
    for index in range(a.d_sae):
        assert [e.act for e in a.examples(index)] == pytest.approx(
            [e.act for e in b.examples(index)], rel=1e-4
        )


def test_it_gives_an_sae_without_statistics_the_unit_max_act_now_and_later(
    folders: tuple[Path, Path], tmp_path: Path
) -> None:
    with sw.load(*folders, dtype="float32", history=False) as steerer:
        steerer.ready(PATIENCE_S)
        with pytest.raises(sw.InvalidInput, match=r"steerer\.profile"):
            steerer.compare("She", steerer.feature(3).at(1, unit="max_act"))
        found = steerer.profile(iter(TEXTS), name="sea stories", timeout=PATIENCE_S)
        assert steerer.status.tasks == ()
        assert (found.n_texts, found.head.is_whole) == (len(TEXTS), True)
        f = int(found.max_acts.argmax())
        run = steerer.compare(
            "She",
            [
                steerer.feature(f).at(0.5, unit="max_act"),
                steerer.feature(f).at(0.5 * float(found.max_acts[f])),
            ],
            generation=QUIET,
        )
        cells = run.result(PATIENCE_S).cells
        assert cells[1].token_ids == cells[2].token_ids
        table = found.to_pandas()
        assert table.loc[f, "max_act"] == found.max_acts[f]
        assert table.loc[f, "token"] == steerer.card(f).examples[0].token
        assert "sea stories" in repr(found)
        read = sw.load_profile(found.save(tmp_path / "mine.safetensors"))
        same(read, found)
        assert (read.head, read.card(f)) == (found.head, found.card(f))
    with sw.load(*folders, dtype="float32", history=False) as steerer:
        steerer.ready(PATIENCE_S)
        assert steerer.card(f).max_act == found.max_acts[f]
        more = steerer.profile([*TEXTS, "One more sea"], resume=True, timeout=PATIENCE_S)
        same(more, steerer.profile([*TEXTS, "One more sea"], timeout=PATIENCE_S))
        with pytest.raises(sw.InvalidInput, match="in the same order"):
            steerer.profile(TEXTS[::-1], resume=True, timeout=PATIENCE_S)


def test_it_goes_on_behind_the_last_snapshot_when_the_worker_was_killed(
    folders: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(making, "SNAPSHOT_S", 0.0)
    with sw.load(*folders, dtype="float32", history=False) as steerer:
        steerer.ready(PATIENCE_S)

        def deadly() -> Iterator[str]:
            for n, text in enumerate(TEXTS):
                if n == 40:
                    pid = steerer.status.pid
                    assert pid is not None
                    os.kill(pid, signal.SIGKILL)
                yield text

        with pytest.raises(sw.WorkerDied):
            steerer.profile(deadly(), timeout=PATIENCE_S)
        profiles = steerer._profiles
        steerer.ready(PATIENCE_S)
        key = profiles.key(steerer.status.saes[0])
        assert key is not None
        part = profiles.store.read(key, part=True)
        assert part is not None
        assert 0 < part.n_texts < 40
        found = steerer.profile(TEXTS, resume=True, timeout=PATIENCE_S)
        assert profiles.store.read(key, part=True) is None
        same(found, steerer.profile(TEXTS, timeout=PATIENCE_S))


def test_ctrl_c_keeps_what_was_counted(folders: tuple[Path, Path]) -> None:
    with sw.load(*folders, dtype="float32", history=False) as steerer:
        steerer.ready(PATIENCE_S)

        def interrupted() -> Iterator[str]:
            for n, text in enumerate(TEXTS):
                if n == 40:
                    signal.raise_signal(signal.SIGINT)
                yield text

        found = steerer.profile(interrupted(), timeout=PATIENCE_S)
        assert 0 < found.n_texts <= 40
        assert not found.head.is_whole
        same(found, steerer.profile(TEXTS[: found.n_texts], timeout=PATIENCE_S))
        assert steerer.card(3).density == pytest.approx(found.densities[3])
