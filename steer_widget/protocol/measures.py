"""What was measured on a cell: in sum, and token by token."""

from __future__ import annotations

from typing import Literal

import msgspec

Flag = Literal["empty", "looping", "over_steered", "diverged"]
"""Why a cell deserves distrust: no text, a text that repeats itself, a dose at which texts usually
collapse, logits that were no longer finite."""


class FeatureActivation(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A feature's activation on the completion, read by the unsteered model.

    Attributes:
        index, sae: of the feature.
        mean, max: over the completion's tokens, in the SAE's activation units.
    """

    index: int
    sae: str
    mean: float
    max: float


class FeatureShift(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How much a feature's mean activation differs from that on the baseline's completion.

    Attributes:
        index, sae: of the feature.
        shift: this cell's mean minus the baseline's, in the SAE's activation units.
    """

    index: int
    sae: str
    shift: float


class Alternative(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A token that could have come instead.

    Attributes:
        token_id, text: the token.
        steered, unsteered: its probability in each model, at temperature 1.
    """

    token_id: int
    text: str
    steered: float
    unsteered: float


class TokenMeasures(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Measures of each generated token, in order; empty where they were not taken.

    Attributes:
        kl: KL(steered‖unsteered) of the distributions the token was drawn from, in nats.
        surprise: -log p(token) under the unsteered model, in nats.
        activations: for each of the cell's features, in the order of `Measures.activations`.
        alternatives: most likely tokens of the steered model, best first.
        texts: of the tokens; together they are the cell's text.
    """

    kl: tuple[float, ...] = ()
    surprise: tuple[float, ...] = ()
    activations: tuple[tuple[float, ...], ...] = ()
    alternatives: tuple[tuple[Alternative, ...], ...] = ()
    texts: tuple[str, ...] = ()


class Measures(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What was measured on a cell; None or empty where it was not, never a placeholder.

    Attributes:
        dose: mean of |edit|/|h| over the steered tokens, summed over hook points.
        flags: reasons for distrust.
        kl_mean, kl_p95, kl_max: over the tokens, KL(steered‖unsteered) on the same prefix, in nats.
        perplexity: exp of the mean surprise of the completion under the UNSTEERED model.
        repetition: share of the completion's 4-grams of tokens that occurred in it before, 0 to 1.
        distinct_1, distinct_2: different tokens (pairs) among all, 0 to 1 (Li et al. 2016).
        activations: of the features that steer this cell, on its completion.
        off_target: other features that moved most against the baseline's completion, largest first.
        similarity: cosine of the sentence embeddings of this completion and the baseline's.
    """

    dose: float | None = None
    flags: tuple[Flag, ...] = ()
    kl_mean: float | None = None
    kl_p95: float | None = None
    kl_max: float | None = None
    perplexity: float | None = None
    repetition: float | None = None
    distinct_1: float | None = None
    distinct_2: float | None = None
    activations: tuple[FeatureActivation, ...] = ()
    off_target: tuple[FeatureShift, ...] = ()
    similarity: float | None = None
