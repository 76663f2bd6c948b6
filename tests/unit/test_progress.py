from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from steer_widget.progress import MIN_OBSERVED_S, SpeedMeter, time_left_s


def fed(
    meter: SpeedMeter, *, tokens_per_s: float, seconds: float, step_s: float = 0.05, from_s: float = 0.0
) -> float:
    now_s = from_s
    while now_s < from_s + seconds:
        now_s += step_s
        meter.add(round(tokens_per_s * step_s), now_s)
    return now_s


def test_no_speed_is_named_before_it_is_known() -> None:
    meter = SpeedMeter()
    assert meter.tokens_per_s is None
    meter.add(1000, 0.0)
    meter.add(10, MIN_OBSERVED_S / 2)
    assert meter.tokens_per_s is None


def test_a_steady_stream_gives_its_speed_from_the_start() -> None:
    meter = SpeedMeter()
    meter.add(20, 0.0)
    fed(meter, tokens_per_s=400, seconds=0.5)
    assert meter.tokens_per_s == pytest.approx(400, rel=0.01)


def test_speed_follows_a_change_within_some_seconds_but_not_at_once() -> None:
    meter = SpeedMeter()
    meter.add(0, 0.0)
    now_s = fed(meter, tokens_per_s=400, seconds=20)
    now_s = fed(meter, tokens_per_s=100, seconds=0.3, from_s=now_s)
    assert meter.tokens_per_s is not None
    assert meter.tokens_per_s > 350
    fed(meter, tokens_per_s=100, seconds=20, from_s=now_s)
    assert meter.tokens_per_s == pytest.approx(100, rel=0.05)


def test_bursts_do_not_shake_it() -> None:
    meter = SpeedMeter()
    meter.add(0, 0.0)
    seen = []
    for step in range(1, 200):
        meter.add(40 if step % 4 == 0 else 0, step * 0.05)
        if step > 40:
            seen.append(meter.tokens_per_s or 0.0)
    assert max(seen) - min(seen) < 0.1 * 200


@given(st.lists(st.tuples(st.integers(0, 1000), st.floats(0, 1e6)), min_size=1))
def test_no_order_of_clocks_breaks_it(calls: list[tuple[int, float]]) -> None:
    meter = SpeedMeter()
    for n_tokens, now_s in calls:
        meter.add(n_tokens, now_s)
    assert meter.tokens_per_s is None or meter.tokens_per_s >= 0


@pytest.mark.parametrize(
    ("n_left", "speed", "expected"),
    [(100, 50.0, 2.0), (0, None, 0.0), (10, None, None), (10, 0.0, None), (-5, 3.0, 0.0)],
)
def test_time_left(n_left: int, speed: float | None, expected: float | None) -> None:
    assert time_left_s(n_left, speed) == expected
