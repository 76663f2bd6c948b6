"""When a cell is flagged, and when not."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from steer_widget.worker.measures.flags import COLLAPSE_DOSE, ends_in_loop, flags

PROSE = (
    "The old harbour lay quiet in the morning light. A few fishermen mended their nets while the gulls argued "
    "over scraps, and somewhere behind the warehouses a church bell counted nine. She had meant to leave early, "
    "before the market opened, but the letter in her pocket kept her on the bench. She had read it twice, and "
    "she had read it again on the way. What do you do with good news that comes too late? You pack, you go, you "
    "write from the road. Ha ha ha, he had said, very funny. No, no, no. And the sea went on and on and on."
)
LISTS = (
    "Shopping:\n- apples\n- pears\n- two loaves of bread\n- milk\n- eggs\n\nSteps:\n1. Open the box.\n2. Take "
    "out the parts.\n3. Read the manual.\n4. Screw the legs on.\n5. Turn it over.\n6. Done.\n\n| a | b |\n|---|"
    "---|\n| 1 | 2 |\n| 3 | 4 |\n\nx = [0, 1, 2, 3, 4]\nfor i in x:\n    print(i)\nfor j in x:\n    print(j)\n"
)


def pieces(text: str) -> list[int]:
    """Words, marks and spaces as tokens would be: the same piece, the same number."""
    words = text.replace("\n", " \n ").replace(",", " ,").replace(".", " .").split(" ")
    numbers = {word: at for at, word in enumerate(dict.fromkeys(words))}
    return [numbers[word] for word in words]


@pytest.mark.parametrize("text", [PROSE, LISTS])
def test_prose_and_lists_do_not_loop_wherever_they_end(text: str) -> None:
    for token_ids in (pieces(text), list(text.encode())):  # bytes: the shortest tokens there are
        for end in range(1, len(token_ids) + 1):
            assert not ends_in_loop(token_ids[:end])


@pytest.mark.parametrize("period", [2, 3, 5, 8, 12, 40])
@pytest.mark.parametrize("cut", [0, 1])
def test_a_block_of_tokens_over_and_over_is_a_loop(period: int, cut: int) -> None:
    before = list(range(1000, 1020))
    block = list(range(period))
    repeats = max(4, -(-14 // period))
    token_ids = before + block * repeats
    assert ends_in_loop(token_ids[: len(token_ids) - cut])


@pytest.mark.parametrize(("n", "loops"), [(3, False), (7, False), (8, True), (30, True)])
def test_one_token_again_and_again(n: int, *, loops: bool) -> None:
    assert ends_in_loop([1, 2, 3] + [9] * n) is loops


def test_a_sentence_said_twice_is_no_loop_but_a_long_passage_is() -> None:
    assert not ends_in_loop([*range(500, 510), *range(20), *range(20)])
    assert ends_in_loop([*range(500, 510), *range(30), *range(30)])


def test_a_text_that_found_out_of_its_loop_is_not_flagged() -> None:
    assert not ends_in_loop([1, 2, 3] * 10 + [*range(50, 60)])


@given(st.lists(st.integers(0, 3), max_size=80))
def test_loops_are_what_a_search_over_all_blocks_finds(token_ids: list[int]) -> None:
    def is_loop(period: int, length: int) -> bool:
        end = token_ids[len(token_ids) - length :]
        if any(end[at] != end[at - period] for at in range(period, length)):
            return False
        if period == 1:
            return length >= 8
        return length - period >= 24 or (length >= 3 * period and length >= 12)

    expected = any(
        is_loop(period, length)
        for length in range(2, len(token_ids) + 1)
        for period in range(1, min(64, length - 1) + 1)
    )
    assert ends_in_loop(token_ids) is expected


def test_it_is_fast_on_long_texts_that_nearly_loop() -> None:
    compared = 0

    class Counting(list[int]):
        def __getitem__(self, at):
            nonlocal compared
            compared += 1
            return super().__getitem__(at)

    generator = random.Random(0)
    token_ids = Counting(generator.choices(range(2), k=4000))
    ends_in_loop(token_ids)
    assert compared <= 2 * 64 * 24


def test_flags_of_a_sound_text_are_none() -> None:
    assert flags(PROSE, pieces(PROSE), 0.3, "length") == ()
    assert flags(PROSE, pieces(PROSE), None, None) == ()


@pytest.mark.parametrize("text", ["", " \n\t\n", "\u200b\u00a0", "\x00\x07"])
def test_a_text_with_nothing_to_see_is_empty(text: str) -> None:
    assert flags(text, [5], 0.1, "eos") == ("empty",)


@pytest.mark.parametrize("text", ["a", " .", "🌍", "\N{REPLACEMENT CHARACTER}", "語"])
def test_a_text_with_anything_to_see_is_not(text: str) -> None:
    assert flags(text, [5], 0.1, "length") == ()


def test_a_dose_is_flagged_above_the_one_at_which_texts_collapse() -> None:
    assert flags("text", [5], COLLAPSE_DOSE, "length") == ()
    assert flags("text", [5], COLLAPSE_DOSE + 0.01, "length") == ("over_steered",)
    assert flags("text", [5], 0.5, "length", collapse_dose=0.4) == ("over_steered",)


def test_the_end_of_text_token_does_not_hide_a_loop() -> None:
    assert flags("no " * 9, [7] * 9 + [0], 0.1, "eos") == ("looping",)
    assert flags("no " * 9, [7] * 9 + [0], 0.1, "length") == ()


def test_all_reasons_that_hold_are_told() -> None:
    assert flags("\n" * 9, [7] * 9, 5.0, "diverged") == ("empty", "looping", "over_steered", "diverged")
