"""Frozen value types of a run: what is steered, how text is generated, and the grid of cells.

A run is a grid: prompts × steerings × samples. The unsteered baseline is the steering with no
edits. Every value checks itself when it is made, so a bad one never reaches the worker.
"""

from __future__ import annotations

import math
import numbers
from collections.abc import Iterator, Sequence
from typing import Literal

import msgspec

from .errors import InvalidInput, UnknownFeature

Unit = Literal["raw", "max_act", "norm"]
Positions = Literal["all", "prompt", "generated"]
CellState = Literal["queued", "running", "done", "stopped", "failed"]
RunState = Literal["queued", "loading", "running", "stopping", "done", "stopped", "failed"]
FinishReason = Literal["length", "eos", "stop_string", "stopped", "failed"]

UNITS: tuple[Unit, ...] = ("raw", "max_act", "norm")
POSITIONS: tuple[Positions, ...] = ("all", "prompt", "generated")
MAX_SEED = 2**53 - 1  # a page's numbers are doubles: larger seeds would change on the way


def _one_of(field: str, value: object, allowed: Sequence[str]) -> None:
    if value not in allowed:
        raise InvalidInput(field, value, ", ".join(allowed))


def _whole(field: str, value: object, lowest: int, highest: int | None = None) -> int:
    allowed = (
        f"a whole number from {lowest} to {highest}"
        if highest is not None
        else f"a whole number from {lowest} up"
    )
    if isinstance(value, bool) or not isinstance(value, numbers.Integral):
        raise InvalidInput(field, value, allowed)
    whole = int(value)
    if not lowest <= whole <= (MAX_SEED if highest is None else highest):
        raise InvalidInput(field, value, allowed)
    return whole


def _finite(field: str, value: object, allowed: str = "a finite number") -> float:
    if isinstance(value, bool) or not isinstance(value, numbers.Real):
        raise InvalidInput(field, value, allowed)
    try:
        number = float(value)
    except OverflowError as error:
        raise InvalidInput(field, value, allowed) from error
    if not math.isfinite(number):
        raise InvalidInput(field, value, allowed)
    return number


def _switch(field: str, value: object) -> None:
    if not isinstance(value, bool):
        raise InvalidInput(field, value, "True or False")


def _text(field: str, value: object, allowed: str = "text") -> str:
    if not isinstance(value, str):
        raise InvalidInput(field, value, allowed)
    try:
        value.encode()
    except UnicodeEncodeError as error:
        raise InvalidInput(
            field, value, "text of whole characters: half of a surrogate pair is none"
        ) from error
    return value


class Spec(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Base of the value types: immutable, comparable, hashable, encodable."""


class Feature(Spec, frozen=True):
    """One feature of an SAE.

    Attributes:
        index: 0-based row of the decoder.
        label: what it stands for; empty when nobody has named it.
        sae: name of the SAE it belongs to; empty means the steerer's only one.
    """

    index: int
    label: str = ""
    sae: str = ""

    def __post_init__(self) -> None:
        try:
            index = _whole("feature", self.index, 0)
        except InvalidInput as error:
            raise UnknownFeature("feature", self.index, error.allowed) from None
        msgspec.structs.force_setattr(self, "index", index)
        _text("label", self.label)
        _text("sae", self.sae)

    def at(
        self,
        strength: float,
        *,
        unit: Unit | None = None,
        method: str | None = None,
        positions: Positions | None = None,
    ) -> Edit:
        """This feature at a strength, ready to go into a steering.

        Args:
            strength: in `unit`; 0 changes nothing, negative pushes away.
            unit: ``raw`` (the coefficient itself), ``max_act`` (multiples of the feature's maximum
                activation) or ``norm`` (fractions of the median residual norm at the hook point).
                None takes the run's default.
            method: name of a file in `steer_widget.methods`; None takes the run's default.
            positions: ``all``, ``prompt`` or ``generated``; None takes the run's default.

        Raises:
            InvalidInput: strength is not finite, or unit or positions unknown.
        """
        return Edit(self, strength, unit=unit, method=method, positions=positions)

    def __str__(self) -> str:
        return f"{self.index} {self.label}" if self.label else f"feature {self.index}"


class Edit(Spec, frozen=True):
    """A feature applied at a strength. Fields left None take the run's defaults."""

    feature: Feature
    strength: float
    unit: Unit | None = None
    method: str | None = None
    positions: Positions | None = None

    def __post_init__(self) -> None:
        if not isinstance(self.feature, Feature):
            raise InvalidInput("feature", self.feature, "a sw.Feature, as steerer.feature(index) gives")
        msgspec.structs.force_setattr(self, "strength", _finite("strength", self.strength))
        if self.unit is not None:
            _one_of("unit", self.unit, UNITS)
        if self.positions is not None:
            _one_of("positions", self.positions, POSITIONS)
        method: object = self.method
        if method is not None and (not isinstance(method, str) or not method):
            raise InvalidInput("method", self.method, "the name of a steering method, such as 'add'")

    def resolved(self, *, unit: Unit, method: str, positions: Positions) -> Edit:
        """The same edit with every None filled in."""
        return Edit(
            self.feature,
            self.strength,
            unit=self.unit or unit,
            method=self.method or method,
            positions=self.positions or positions,
        )

    def __str__(self) -> str:
        unit = "" if self.unit in (None, "raw") else f" {self.unit}"
        method = "" if self.method in (None, "add") else f" {self.method}"
        return f"{self.feature} {self.strength:+g}{unit}{method}"


def _edits(field: str, given: object) -> tuple[Edit, ...]:
    edits = (given,) if isinstance(given, Edit) else given
    if not isinstance(edits, (list, tuple)) or not all(isinstance(edit, Edit) for edit in edits):
        raise InvalidInput(field, given, "a list of edits, as feature.at(strength) gives")
    return tuple(edits)


class Steering(Spec, frozen=True):
    """What one column of the grid does: all its edits at once. No edits: the unsteered baseline."""

    edits: tuple[Edit, ...] = ()

    def __post_init__(self) -> None:
        msgspec.structs.force_setattr(self, "edits", _edits("steering", self.edits))

    @property
    def is_baseline(self) -> bool:
        """True for the unsteered column."""
        return not self.edits

    def __str__(self) -> str:
        return " + ".join(str(e) for e in self.edits) if self.edits else "baseline"


class Message(Spec, frozen=True):
    """One turn of a chat."""

    role: str
    content: str

    def __post_init__(self) -> None:
        for name in ("role", "content"):
            _text(f"message {name}", getattr(self, name))
        if not self.role:
            raise InvalidInput("message role", self.role, "user, assistant or system")


Prompt = str | tuple[Message, ...]


def check_prompt(prompt: object) -> Prompt:
    """A prompt as the grid holds it: text, or chat turns as messages.

    Args:
        prompt: text, or a list of ``{"role": …, "content": …}`` (or `Message`).

    Raises:
        InvalidInput: empty, or neither text nor chat messages.
    """
    if isinstance(prompt, str):
        if not prompt.strip():
            raise InvalidInput("prompt", prompt, "text that is not empty")
        return _text("prompt", prompt)
    if not isinstance(prompt, (list, tuple)) or not prompt:
        raise InvalidInput("prompt", prompt, "text, or a list of chat messages that is not empty")
    turns: list[Message] = []
    for turn in prompt:
        if isinstance(turn, Message):
            turns.append(turn)
        elif isinstance(turn, dict) and set(turn) == {"role", "content"}:
            turns.append(Message(turn["role"], turn["content"]))
        else:
            raise InvalidInput("prompt", turn, "chat messages of the form {'role': …, 'content': …}")
    if not any(turn.content.strip() for turn in turns):
        raise InvalidInput("prompt", prompt, "chat messages of which at least one says something")
    return tuple(turns)


class Generation(Spec, frozen=True, kw_only=True):
    """How each cell's text is generated.

    Attributes:
        max_new_tokens: tokens, from 1.
        temperature: 0 is greedy; otherwise logits are divided by it.
        top_p: nucleus mass, over 0 to 1; 1 is off.
        top_k: number of most likely tokens kept; 0 is off.
        repetition_penalty: 1 is off; above 1 makes tokens already present less likely
            (Keskar et al. 2019, as transformers applies it: prompt and generated tokens).
        seed: the random numbers of a cell depend on (seed, prompt, sample) alone.
        stop: texts that end a completion; they are not part of it.
        chat: True renders a plain prompt as one user turn by the model's chat template.
            Chat messages are always rendered.
    """

    max_new_tokens: int = 60
    temperature: float = 0.0
    top_p: float = 1.0
    top_k: int = 0
    repetition_penalty: float = 1.0
    seed: int = 0
    stop: tuple[str, ...] = ()
    chat: bool = False

    def __post_init__(self) -> None:
        force = msgspec.structs.force_setattr
        force(self, "max_new_tokens", _whole("max_new_tokens", self.max_new_tokens, 1))
        force(self, "top_k", _whole("top_k", self.top_k, 0))
        force(self, "seed", _whole("seed", self.seed, 0, MAX_SEED))
        force(self, "temperature", _finite("temperature", self.temperature))
        if self.temperature < 0:
            raise InvalidInput("temperature", self.temperature, "0 (greedy) or above")
        force(self, "top_p", _finite("top_p", self.top_p))
        if not 0 < self.top_p <= 1:
            raise InvalidInput("top_p", self.top_p, "above 0, at most 1 (1 is off)")
        force(self, "repetition_penalty", _finite("repetition_penalty", self.repetition_penalty))
        if self.repetition_penalty <= 0:
            raise InvalidInput("repetition_penalty", self.repetition_penalty, "above 0 (1 is off)")
        given: object = self.stop
        stop = (given,) if isinstance(given, str) else given
        if not isinstance(stop, (list, tuple)) or not all(isinstance(s, str) and s for s in stop):
            raise InvalidInput("stop", self.stop, "a list of texts that are not empty")
        force(self, "stop", tuple(_text("stop", s) for s in stop))
        _switch("chat", self.chat)


class Coordinates(Spec, frozen=True):
    """Where a cell stands in its grid, each 0-based."""

    prompt: int
    steering: int
    sample: int


class Grid(Spec, frozen=True):
    """All cells of a run, in the order prompt, steering, sample.

    Attributes:
        prompts: at least one.
        steerings: the columns, baseline first where there is one.
        samples: completions per prompt and steering.
        generation: the same for all cells.
    """

    prompts: tuple[Prompt, ...]
    steerings: tuple[Steering, ...]
    samples: int = 1
    generation: Generation = Generation()

    def __post_init__(self) -> None:
        if not self.prompts:
            raise InvalidInput("prompts", self.prompts, "at least one prompt")
        if not self.steerings:
            raise InvalidInput("steerings", self.steerings, "at least one steering, or the baseline")
        msgspec.structs.force_setattr(self, "prompts", tuple(check_prompt(p) for p in self.prompts))
        msgspec.structs.force_setattr(self, "samples", _whole("samples", self.samples, 1))

    def __len__(self) -> int:
        return len(self.prompts) * len(self.steerings) * self.samples

    def coordinates(self, cell: int) -> Coordinates:
        """Where cell number `cell` stands.

        Raises:
            InvalidInput: there is no such cell.
        """
        if not 0 <= cell < len(self):
            raise InvalidInput("cell", cell, f"0 to {len(self) - 1}")
        rest, sample = divmod(cell, self.samples)
        prompt, steering = divmod(rest, len(self.steerings))
        return Coordinates(prompt, steering, sample)

    def edits(self) -> Iterator[Edit]:
        """Every edit of every column."""
        for steering in self.steerings:
            yield from steering.edits


class Selection(Spec, frozen=True):
    """What is selected in the widget: the columns of the next run.

    Attributes:
        edits: features with their strengths, in the order of the columns.
        combine: one column with all edits at once, instead of a column for each.
        baseline: whether the unsteered column comes first.
        samples: completions per prompt and column.
    """

    edits: tuple[Edit, ...] = ()
    combine: bool = False
    baseline: bool = True
    samples: int = 1

    def __post_init__(self) -> None:
        msgspec.structs.force_setattr(self, "edits", _edits("selection", self.edits))
        _switch("combine", self.combine)
        _switch("baseline", self.baseline)
        msgspec.structs.force_setattr(self, "samples", _whole("samples", self.samples, 1))

    def steerings(self) -> tuple[Steering, ...]:
        """The columns this selection stands for, baseline first."""
        return columns(self.edits, combine=self.combine, baseline=self.baseline)


def columns(edits: Sequence[Edit], *, combine: bool, baseline: bool) -> tuple[Steering, ...]:
    """Columns from edits: each its own, or one with all of them; the baseline in front if wanted."""
    if combine:
        steered: tuple[Steering, ...] = (Steering(tuple(edits)),) if edits else ()
    else:
        steered = tuple(Steering((edit,)) for edit in edits)
    return ((Steering(),) if baseline else ()) + steered
