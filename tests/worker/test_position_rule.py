"""Masks, for every position and schedule: against plain Python, whatever window of the text a pass holds."""

from __future__ import annotations

import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from steer_widget.spec import Positions, Schedule, Span, TokenPositions
from steer_widget.worker.position_rule import PositionRule

positions = st.one_of(
    st.sampled_from(["all", "prompt", "generated"]),
    st.builds(Span, st.integers(-12, 12), st.one_of(st.none(), st.integers(-12, 14)), st.integers(1, 4)),
    st.builds(TokenPositions, st.lists(st.integers(-12, 14), min_size=1, max_size=5).map(tuple)),
)
schedules = st.builds(Schedule, st.integers(0, 6), st.one_of(st.none(), st.floats(0.3, 20)))


def weight(kind: Positions, schedule: Schedule, at: int, n_prompt: int, *, is_special: bool) -> float:
    """The weight of one token, in plain Python."""
    if at < 0 or is_special:
        return 0.0
    if kind == "prompt":
        acts = at < n_prompt
    elif kind == "generated":
        acts = at >= n_prompt - 1
    elif isinstance(kind, Span):
        start = kind.start if kind.start >= 0 else max(n_prompt + kind.start, 0)
        stop = kind.stop if kind.stop is None or kind.stop >= 0 else max(n_prompt + kind.stop, 0)
        acts = at in range(start, 10_000 if stop is None else stop, kind.step)
    elif isinstance(kind, TokenPositions):
        acts = at in {i if i >= 0 else n_prompt + i for i in kind.at}
    else:
        acts = True
    number = (
        at - (n_prompt - 1) - schedule.start
    )  # of the token that is read off here, counted from the start
    if not acts or (schedule.start and number < 0):
        return 0.0
    return 1.0 if schedule.half_life is None else 0.5 ** (max(number, 0) / schedule.half_life)


@settings(max_examples=300, deadline=None)
@given(
    kind=positions,
    schedule=schedules,
    rows=st.lists(st.tuples(st.integers(1, 9), st.integers(0, 4)), min_size=1, max_size=4),
    window=st.tuples(st.integers(0, 10), st.integers(1, 8)),
    special=st.sets(st.integers(0, 20), max_size=4),
    skip_special=st.booleans(),
)
def test_weights_agree_with_plain_python(kind, schedule, rows, window, special, skip_special) -> None:
    first, n = window
    at = torch.tensor([[first + i - n_pad for i in range(n)] for _, n_pad in rows])
    is_special = torch.tensor([[int(i) in special for i in row] for row in at])
    rule = PositionRule(kind, skip_special, schedule)
    found = rule.weights(at, torch.tensor([n_prompt for n_prompt, _ in rows]), is_special)
    for row, (n_prompt, _) in enumerate(rows):
        wanted = [
            weight(kind, schedule, int(i), n_prompt, is_special=skip_special and int(i) in special)
            for i in at[row]
        ]
        torch.testing.assert_close(found[row], torch.tensor(wanted, dtype=torch.float32))


@settings(max_examples=100, deadline=None)
@given(kind=positions, schedule=schedules, n_prompt=st.integers(1, 9), cut=st.integers(1, 15))
def test_a_text_cut_anywhere_is_steered_as_in_one_piece(kind, schedule, n_prompt, cut) -> None:
    """A prefill and decode steps see the same absolute positions as one pass over everything."""
    rule = PositionRule(kind, False, schedule)
    whole, prompt = torch.arange(16)[None], torch.tensor([n_prompt])
    pieces = [
        rule.weights(piece, prompt, None) for piece in (whole[:, :cut], whole[:, cut:]) if piece.shape[1]
    ]
    torch.testing.assert_close(torch.cat(pieces, dim=1), rule.weights(whole, prompt, None))


def test_generated_begins_at_the_last_prompt_token() -> None:
    weights = PositionRule("generated").weights(torch.arange(6)[None], torch.tensor([4]), None)
    assert weights.tolist() == [[0, 0, 0, 1, 1, 1]]
