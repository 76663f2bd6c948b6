"""Why a cell deserves distrust."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence

from ...protocol.measures import Flag
from ...spec import FinishReason

# Half of the texts of 60 features of the embedded SAE have collapsed at 0.57 (benchmarks/collapse_dose.py).
COLLAPSE_DOSE = 0.57

_MAX_PERIOD = 64
_MIN_SAME = 8
_MIN_REPEATS = 3
_MIN_LOOP = 12
_MIN_REPEATED = 24


def flags(
    text: str,
    token_ids: Sequence[int],
    dose: float | None,
    finish: FinishReason | None,
    collapse_dose: float = COLLAPSE_DOSE,
) -> tuple[Flag, ...]:
    """The reasons for distrust that hold for a cell, in the order of `Flag`.

    Args:
        text: the completion's.
        token_ids: the completion's, the end-of-text token included where it was met.
        dose: mean of |edit|/|h| over the steered tokens; None where it was not measured.
        finish: how the cell ended.
        collapse_dose: a dose above it is flagged.
    """
    spoken = token_ids[:-1] if finish == "eos" else token_ids
    held: dict[Flag, bool] = {
        "empty": not any(_is_visible(char) for char in text),
        "looping": ends_in_loop(spoken),
        "over_steered": dose is not None and dose > collapse_dose,
        "diverged": finish == "diverged",
    }
    return tuple(flag for flag, holds in held.items() if holds)


def ends_in_loop(token_ids: Sequence[int]) -> bool:
    """Whether the text ends in the same block of tokens over and over.

    That is: one token at least 8 times in a row; or a block at least 3 times over, 12 tokens or more in
    all; or, of long blocks, at least 24 tokens that repeat those a block earlier. Blocks of up to 64
    tokens are looked for, and the end may cut the last one short. Takes O(n · 64) steps at worst.

    Args:
        token_ids: of the completion, without an end-of-text token.
    """
    n = len(token_ids)
    for period in range(1, min(_MAX_PERIOD, n - 1) + 1):
        repeated = 0
        while repeated < n - period and token_ids[n - 1 - repeated] == token_ids[n - 1 - repeated - period]:
            repeated += 1
        length = repeated + period
        if period == 1:
            loops = length >= _MIN_SAME
        else:
            loops = repeated >= _MIN_REPEATED or (length >= _MIN_REPEATS * period and length >= _MIN_LOOP)
        if loops:
            return True
    return False


def _is_visible(char: str) -> bool:
    return not char.isspace() and unicodedata.category(char) not in ("Cc", "Cf")
