"""Bands of strengths against plain PyTorch, and where texts fall apart."""

from __future__ import annotations

import math
from typing import Any

import pytest

from steer_widget.errors import InvalidInput, TaskStopped, UnknownFeature
from steer_widget.protocol import Calibrate
from steer_widget.spec import Band, Control, Feature, Vector
from steer_widget.worker import calibrating
from steer_widget.worker.calibrating import _Calibration, rising
from steer_widget.worker.engine import Engine
from steer_widget.worker.kl_curves import _curve
from steer_widget.worker.tasks import do_task
from tests.tiny import make
from tests.worker.test_wishing import p95_at, told

PROMPTS = ("I went for a walk and", "She")
ONSET, ISO = 0.005, 0.02  # a tiny model with random weights does not get as far as 1 nat


@pytest.fixture(autouse=True)
def _within_reach(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(calibrating, "ONSET_KL", ONSET)
    monkeypatch.setattr(calibrating, "ISO_KL", ISO)
    monkeypatch.setattr(calibrating, "_N_READ_TOKENS", 6)


def bands(engine: Engine, *directions: Any, negative: bool = False) -> tuple[Band, ...]:
    task = Calibrate(1, directions, PROMPTS, negative=negative)
    found: Any = do_task(engine, task, told, lambda: False)
    return found.bands


def test_onset_and_iso_kl_lie_where_plain_forward_passes_have_that_kl(engine: Engine) -> None:
    vector = Vector([math.sin(n) for n in range(make.D_MODEL)])  # type: ignore[arg-type]
    directions = (Feature(3), vector, Control(Feature(9)))
    for direction, band in zip(directions, bands(engine, *directions), strict=True):
        d, _ = engine.directions.of(direction)
        assert band.onset is not None
        assert band.iso_kl is not None
        assert 0 < band.onset < band.iso_kl
        assert p95_at(engine, d, band.onset, PROMPTS, 6) == pytest.approx(ONSET, rel=0.25)
        assert p95_at(engine, d, band.iso_kl, PROMPTS, 6) == pytest.approx(ISO, rel=0.25)
        read = [point for point in band.points if point.kl_p95 is not None]
        for point in read[:2]:
            assert point.kl_p95 == pytest.approx(p95_at(engine, d, point.strength, PROMPTS, 6), rel=0.02)


def test_negative_strengths_have_a_band_of_their_own(engine: Engine) -> None:
    (band,) = bands(engine, Feature(3), negative=True)
    d, _ = engine.directions.of(Feature(3))
    assert band.iso_kl is not None
    assert band.iso_kl < 0
    assert all(point.strength < 0 < point.dose for point in band.points)
    assert p95_at(engine, d, band.iso_kl, PROMPTS, 6) == pytest.approx(ISO, rel=0.25)


def test_what_shares_a_batch_does_not_matter(engine: Engine) -> None:
    alone = [bands(engine, Feature(n))[0] for n in (3, 9)]
    for one, other in zip(alone, bands(engine, Feature(3), Feature(9)), strict=True):
        assert (one.onset, one.iso_kl) == pytest.approx((other.onset, other.iso_kl), rel=1e-3)


def test_the_effect_begins_above_what_rounding_makes(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(calibrating.KlCurves, "noise", lambda _self: ISO / 20)
    (band,) = bands(engine, Feature(3))
    d, _ = engine.directions.of(Feature(3))
    assert band.onset is not None
    assert p95_at(engine, d, band.onset, PROMPTS, 6) == pytest.approx(ISO / 2, rel=0.25)


def test_a_kl_that_is_not_reached_is_none(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(calibrating, "ISO_KL", 1e6)
    (band,) = bands(engine, Feature(3))
    assert band.iso_kl is None
    assert "iso_kl not reached" in str(band)


@pytest.mark.parametrize(
    ("texts", "wanted"),
    [
        ({0.3: 0.0, 0.4: 0.25, 0.8: 0.75}, 0.4 * 2**0.5),  # half way, in the logarithm
        ({0.3: 0.0, 0.4: 0.5, 0.8: 0.25}, None),  # texts that hold at a larger strength count as well
        ({0.3: 0.5, 0.4: 0.25, 0.8: 0.625}, 0.4 * 2**0.5),  # as 0.375 at the first two
        ({0.3: 0.0, 0.4: 0.25}, None),
        ({0.3: 1.0}, 0.3 / calibrating._STEP),  # already at the first: between it and two steps below
        ({}, None),
    ],
)
def test_where_half_of_the_texts_fall_apart(
    engine: Engine, texts: dict[float, float], wanted: float | None
) -> None:
    curve = _curve(engine, Feature(3), negative=False)
    one = _Calibration(curve, {share: (1.0, gone) for share, gone in texts.items()})
    assert one.collapse() == (None if wanted is None else pytest.approx(wanted))


@pytest.mark.parametrize(
    ("values", "wanted"),
    [
        ([], []),
        ([0.1, 0.2, 0.2], [0.1, 0.2, 0.2]),
        ([3.0, 2.0, 1.0], [2.0, 2.0, 2.0]),
        ([1.0, 3.0, 2.0, 4.0], [1.0, 2.5, 2.5, 4.0]),
        ([2.0, 3.0, 1.0], [2.0, 2.0, 2.0]),
    ],
)
def test_values_are_made_to_rise(values: list[float], wanted: list[float]) -> None:
    assert rising(values) == pytest.approx(wanted)


def test_too_strong_texts_have_collapsed(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(calibrating, "PERPLEXING", 0.0)  # then every text has
    (band,) = bands(engine, Feature(3))
    assert band.collapse is not None
    assert band.iso_kl is not None
    assert 0 < band.collapse < band.iso_kl
    written = [point for point in band.points if point.collapsed is not None]
    assert all(point.collapsed == 1.0 for point in written)


@pytest.mark.parametrize("stop_at", [1, 3, 30])
def test_a_stop_ends_it(engine: Engine, stop_at: int) -> None:
    n_asked = 0

    def stop() -> bool:
        nonlocal n_asked
        n_asked += 1
        return n_asked >= stop_at

    with pytest.raises(TaskStopped):
        do_task(engine, Calibrate(1, (Feature(3),), PROMPTS), told, stop)


def test_it_tells_how_far_it_is(engine: Engine) -> None:
    said: list[tuple[int, int | None]] = []
    do_task(
        engine, Calibrate(1, (Feature(3),), PROMPTS), lambda n, of, _: said.append((n, of)), lambda: False
    )
    assert said == [(0, 4), (1, 4), (2, 4), (3, 4)]


def test_what_does_not_exist_is_refused(engine: Engine) -> None:
    with pytest.raises(UnknownFeature):
        bands(engine, Feature(10_000))
    with pytest.raises(InvalidInput):
        bands(engine, Vector([1.0] * (make.D_MODEL + 1)))  # type: ignore[arg-type]
