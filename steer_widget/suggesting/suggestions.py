"""What was suggested, with its texts beside the baseline's."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, overload

import msgspec

from ..cell import Cell
from ..protocol import Sureness
from ..spec import Edit, Feature, Prompt
from .candidates import Source

if TYPE_CHECKING:
    from ..run import Run

MAX_FLAGGED = 0.5
MAX_PERPLEXITY_RATIO = 8.0


class Fluency(msgspec.Struct, frozen=True):
    """How whole the texts are, by measures of the unsteered model; None where nothing was measured.

    Attributes:
        perplexity: geometric mean over the texts.
        baseline_perplexity: the same of the baseline's.
        repetition: mean share of repeated 4-token sequences.
        flagged: share of texts with a reason for distrust (empty, looping, over-steered, diverged).
    """

    perplexity: float | None
    baseline_perplexity: float | None
    repetition: float | None
    flagged: float

    @property
    def is_fluent(self) -> bool:
        """At most half of the texts are flagged, and their perplexity is at most 8 times the baseline's."""
        if self.flagged > MAX_FLAGGED:
            return False
        if self.perplexity is None or self.baseline_perplexity is None:
            return True
        return self.perplexity <= MAX_PERPLEXITY_RATIO * self.baseline_perplexity


class Suggestion(msgspec.Struct, frozen=True):
    """A feature that goes towards the wish.

    Attributes:
        feature: what to steer by.
        strength: raw, with the method ``add`` on all tokens: the one at which it was tried.
        effect: mean over prompts and samples, see `suggesting.effects`; in nats for a wish in words, as a share of
            the way for examples. None where it was stopped before.
        effects: of each prompt and sample, in the order of `cells`; those without a text of both are left out.
        above_zero: confidence that the effect is above zero (one-sided t test); None: too few texts.
        above_random: the same against the mean of two random directions at the same KL.
        above_next: the same against the suggestion below; None for the last one.
        sureness: clear, likely or a guess; see `suggesting.sureness`.
        fluency: of its texts.
        sources: who named it.
        cells: its texts, by prompt and sample.
        baseline: the unsteered ones, in the same order.
    """

    feature: Feature
    strength: float
    effect: float | None
    effects: tuple[float, ...]
    above_zero: float | None
    above_random: float | None
    above_next: float | None
    sureness: Sureness
    fluency: Fluency
    sources: tuple[Source, ...]
    cells: tuple[Cell, ...]
    baseline: tuple[Cell, ...]

    @property
    def edit(self) -> Edit:
        """The feature at its strength, as it was tried."""
        return self.feature.at(self.strength, unit="raw", method="add", positions="all")

    def __repr__(self) -> str:
        effect = "not measured" if self.effect is None else f"{self.effect:+.2f}"
        marks = "" if self.fluency.is_fluent else ", not fluent"
        return f"<Suggestion {self.feature} at {self.strength:.4g}: effect {effect}, {self.sureness}{marks}>"


class Suggestions(Sequence[Suggestion]):
    """Suggestions, best first: fluent ones before others, then by effect.

    Attributes:
        wish: as it was said; empty where there were examples.
        topic: what of it was looked for.
        examples: the texts that candidates were read off: those given, or those that the model wrote.
        against: the others.
        kl: at which p95 KL they were tried, in nats.
        run: the run that tried them: the baseline, every candidate, and last two random directions.
        n_tried: how many features were tried.
        is_stopped: whether it was stopped before its end; then it holds what there was.
        seconds: it took.
    """

    def __init__(
        self,
        found: Sequence[Suggestion],
        *,
        wish: str,
        topic: str,
        examples: tuple[Prompt, ...],
        against: tuple[Prompt, ...],
        kl: float,
        run: Run,
        n_tried: int,
        is_stopped: bool,
        seconds: float,
    ) -> None:
        self._found = tuple(found)
        self.wish = wish
        self.topic = topic
        self.examples = examples
        self.against = against
        self.kl = kl
        self.run = run
        self.n_tried = n_tried
        self.is_stopped = is_stopped
        self.seconds = seconds

    @property
    def edits(self) -> list[Edit]:
        """Each feature at its strength, ready for `steerer.compare`."""
        return [one.edit for one in self._found]

    @property
    def note(self) -> str:
        """How far they can be trusted, in a sentence."""
        if self.is_stopped:
            return "It was stopped: these are the texts so far, and what could be measured on them."
        if not self._found:
            return "No feature was found that could be tried at this KL."
        best = next((one for one in self._found if one.fluency.is_fluent), None)
        if best is None:
            return "None of these is fluent at this KL. Try a lower one: kl=0.5."
        if best.sureness == "clear":
            return "The first one clearly goes towards the wish."
        if best.sureness == "likely":
            return "The first one probably goes towards the wish. More prompts or samples make it surer."
        return (
            "Nothing here is convincing: no effect stands out from that of a random direction. "
            "Say the wish otherwise, give examples, or allow a higher KL: kl=2."
        )

    @overload
    def __getitem__(self, place: int) -> Suggestion: ...
    @overload
    def __getitem__(self, place: slice) -> tuple[Suggestion, ...]: ...
    def __getitem__(self, place: int | slice) -> Suggestion | tuple[Suggestion, ...]:
        return self._found[place]

    def __len__(self) -> int:
        return len(self._found)

    def __repr__(self) -> str:
        from .display import as_text

        return as_text(self)

    def _repr_html_(self) -> str:
        from .display import as_html

        return as_html(self)
