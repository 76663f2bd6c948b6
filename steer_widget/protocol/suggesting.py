"""Kernel ↔ worker: tasks behind suggestions: which features a wish brings up, equal strengths, likelihoods of texts."""

from __future__ import annotations

import msgspec

from ..spec import Prompt, Steerable
from .common import Wire
from .exploring import ScoredFeature


class FindByWish(Wire, frozen=True):
    """The features that tell texts which the model writes of a topic, or examples, from others; see `worker.wishing`.

    Attributes:
        topic: what the texts are to be about; empty where there are examples.
        examples, against: texts or chats; `against` empty: those that the model writes of nothing in particular.
        sae: empty is the first.
        k: how many features.
        density: share of tokens on which a feature fires, by index.
        seed: of the texts that are written.
    """

    request: int
    topic: str = ""
    examples: tuple[Prompt, ...] = ()
    against: tuple[Prompt, ...] = ()
    sae: str = ""
    k: int = 20
    density: dict[int, float] = msgspec.field(default_factory=dict)
    seed: int = 0


class FoundByWish(Wire, frozen=True):
    """Answer to `FindByWish`.

    Attributes:
        features: best first, all with a positive score.
        examples, against: the texts that were told apart.
    """

    features: tuple[ScoredFeature, ...]
    examples: tuple[Prompt, ...]
    against: tuple[Prompt, ...]


class FindEqualStrengths(Wire, frozen=True):
    """Raw strengths at which each direction moves the model equally far, see `worker.equal_kl`.

    Attributes:
        directions: added on all tokens.
        prompts: behind which the model writes the texts that are read again.
        chat: as in `Generation`.
        kl: 95th percentile over tokens of KL(steered‖unsteered) to meet, in nats.
        n_tokens: of each text.
    """

    request: int
    directions: tuple[Steerable, ...]
    prompts: tuple[Prompt, ...]
    chat: bool = False
    kl: float = 1.0
    n_tokens: int = 20


class EqualStrengths(Wire, frozen=True):
    """Answer to `FindEqualStrengths`; None where a direction does not get so far."""

    strengths: tuple[float | None, ...]


class ReadLikelihoods(Wire, frozen=True):
    """ln p(text | context) of pairs of context and text, unsteered, see `worker.likelihood`."""

    request: int
    pairs: tuple[tuple[str, str], ...]


class Likelihoods(Wire, frozen=True):
    """Answer to `ReadLikelihoods`, in the order of the pairs, in nats."""

    values: tuple[float, ...]
