"""Whether two give the same steered texts: nobody is compared with a contender that steers nothing.

In bfloat16 greedy texts part where two tokens are all but equally likely, so they are not asked to be
the same to the end, but to stay with each other for longer than with the unsteered text.
"""

from __future__ import annotations

from collections.abc import Sequence
from statistics import mean
from typing import Any

from .subject import TokenIds

_TIMES_LONGER = 2.0


def n_leading(one: TokenIds, other: TokenIds) -> int:
    """Tokens before the first that differs."""
    for n, (a, b) in enumerate(zip(one, other, strict=True)):
        if a != b:
            return n
    return len(one)


def agreement(
    ours: Sequence[TokenIds],
    theirs: Sequence[TokenIds],
    strengths: Sequence[float],
    tokenizer: Any,  # noqa: ANN401
) -> dict[str, object]:
    """How far their texts agree with ours, for the record.

    Args:
        ours: texts in the order of `strengths`.
        theirs: the same.
        strengths: the first is 0, the unsteered text.
        tokenizer: to show one text.

    Raises:
        RuntimeError: they steer otherwise than we do, so there is nothing to compare.
    """
    unsteered = ours[0]
    with_ours = [n_leading(a, b) for a, b in zip(ours, theirs, strict=True)]
    with_nothing = [n_leading(unsteered, text) for text in ours]
    steered = slice(1, None)
    if mean(with_ours[steered]) <= _TIMES_LONGER * mean(with_nothing[steered]):
        raise RuntimeError(
            f"the contender's steered texts agree with ours for {mean(with_ours[steered]):.1f} tokens, hardly more "
            f"than the unsteered text does ({mean(with_nothing[steered]):.1f}): it does not steer as we do"
        )
    shown = len(strengths) // 2
    return {
        "n_leading_tokens_equal": with_ours,
        "n_leading_tokens_of_unsteered": with_nothing,
        "n_texts_equal": sum(a == b for a, b in zip(ours, theirs, strict=True)),
        "n_texts": len(strengths),
        "shown_strength": strengths[shown],
        "our_text": tokenizer.decode(ours[shown]),
        "their_text": tokenizer.decode(theirs[shown]),
    }
