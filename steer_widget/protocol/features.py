"""What is known of a feature."""

from __future__ import annotations

from typing import Literal

import msgspec

from ..spec import Band

Pool = Literal["mean", "last"]
"""Over which tokens of a text."""


class Example(msgspec.Struct, frozen=True):
    """A text on which a feature fires; `act` is the activation on `token`."""

    act: float
    left: str
    token: str
    right: str


class FeatureCard(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is known of a feature; None or empty where nobody measured it."""

    index: int
    label: str = ""
    label_confidence: int | None = None
    density: float | None = None
    max_act: float | None = None
    output_score: float | None = None
    logit_lens_up: tuple[str, ...] = ()
    logit_lens_down: tuple[str, ...] = ()
    examples: tuple[Example, ...] = ()
    band: Band | None = None


class FiringFeature(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A feature that fires on a text.

    Attributes:
        index: of the feature.
        max_act, mean_act: its activation over the text's tokens; special tokens and sinks are left out.
        token: number of the token on which it fires most.
    """

    index: int
    max_act: float
    mean_act: float
    token: int


class TokenFeature(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A feature that fires on a token. `act`: its activation there, in the SAE's units."""

    index: int
    act: float


class PromptToken(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A token of a rendered prompt. Texts of all tokens together are the prompt as the model reads it.

    Attributes:
        text: of the token; empty where it begins a character that a later one completes.
        token_id: its number in the vocabulary.
        is_special: whether the tokenizer has it for a special one, such as BOS or a chat mark.
    """

    text: str
    token_id: int
    is_special: bool = False
