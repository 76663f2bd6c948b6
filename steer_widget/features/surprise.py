"""How surprising it is that a feature fires: strongly and seldom counts, always does not.

    surprise = max activation · −ln(density)

The density is the share of all tokens on which the feature fires, so −ln(density) is the surprise, in
nats, of its firing on a token: the weight that inverse document frequency gives to rare words
(Spärck Jones 1972).
"""

from __future__ import annotations

import math

UNKNOWN_DENSITY = 0.01
"""Taken where nobody measured it: with none known, features rank by their activation alone."""

_LEAST_DENSITY = 1e-6  # one that never fired where it was counted is rare, not infinitely so


def surprise(max_act: float, density: float | None) -> float:
    """The activation weighed by the feature's rarity; 0 for one that fires everywhere.

    Args:
        max_act: its largest activation on the text, in the SAE's activation units.
        density: share of tokens on which it fires, 0 to 1; None where it is not known.
    """
    return max_act * -math.log(share_of_tokens(density))


def share_of_tokens(density: float | None) -> float:
    """The density as it is reckoned with: above 0, at most 1, also where nobody measured it."""
    return UNKNOWN_DENSITY if density is None else min(max(density, _LEAST_DENSITY), 1.0)
