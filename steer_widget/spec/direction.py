"""What can be added to the residual stream: a feature, a vector of your own, a random control of either."""

from __future__ import annotations

import math
from array import array
from collections.abc import Iterable
from typing import TYPE_CHECKING

import msgspec

from ..errors import InvalidInput, UnknownFeature
from .checks import MAX_SEED, Spec, text, whole

if TYPE_CHECKING:
    from pathlib import Path

    from .positions import PositionsLike, Schedule
    from .steering import Edit, Unit

_N_BYTES = 4
_VALUES = "a list of finite numbers, one for each dimension of the residual stream, not all zero"
_ROWS = "activations [n, d_model]: at least one row, all of one width"
_MAX_FLOAT32 = 3.4028234663852886e38


class Direction(Spec, frozen=True):
    """Base of what an edit can apply."""

    def at(
        self,
        strength: float,
        *,
        unit: Unit | None = None,
        method: str | None = None,
        positions: PositionsLike | None = None,
        skip_special: bool | None = None,
        schedule: Schedule | None = None,
    ) -> Edit:
        """This direction at a strength, ready to go into a steering. None takes the run's default.

        Args:
            strength: in `unit`; with the method ``add`` 0 changes nothing, negative pushes away.
            unit: ``raw`` (the coefficient itself), ``max_act`` (multiples of the feature's maximum
                activation), ``norm`` (fractions of the median residual norm at the hook point) or ``auto``
                (multiples of the iso-KL strength, which `steerer.calibrate` finds; a run notes it down as raw).
            method: how the direction is applied: a name of `steer_widget.methods`, or of an installed plug-in.
            positions: ``all``, ``prompt``, ``generated`` (from the prompt's last token on), a slice, or
                a list of token positions. Positions are absolute, 0-based; negative ones count from the
                end of the prompt.
            skip_special: True leaves special tokens (BOS, chat marks) as they are.
            schedule: from which generated token on, and how it fades.

        Raises:
            InvalidInput: strength is not finite, or unit or positions unknown.
        """
        from .steering import Edit

        # Edit.__post_init__ turns slices and lists of positions into values that travel.
        return Edit(
            self,  # type: ignore[arg-type]  # every direction is one of the three below
            strength,
            unit=unit,
            method=method,
            positions=positions,  # type: ignore[arg-type]
            skip_special=skip_special,
            schedule=schedule,
        )

    def ablate(self, *, positions: PositionsLike | None = None, skip_special: bool | None = None) -> Edit:
        """This feature taken out wherever it fires: the method ``ablate``, which has no strength."""
        return self.at(0, method="ablate", positions=positions, skip_special=skip_special)


class Feature(Direction, frozen=True, tag="feature", tag_field="kind"):
    """One feature of an SAE.

    Attributes:
        index: 0-based row of the decoder.
        label: what it stands for; empty when nobody has named it.
        sae: name of the SAE it belongs to; empty means the steerer's first one.
    """

    index: int
    label: str = ""
    sae: str = ""

    def __post_init__(self) -> None:
        try:
            index = whole("feature", self.index, 0)
        except InvalidInput as error:
            raise UnknownFeature("feature", self.index, error.allowed) from None
        msgspec.structs.force_setattr(self, "index", index)
        text("label", self.label)
        text("sae", self.sae)

    @property
    def key(self) -> str:
        """Its name among the features of all SAEs."""
        return f"{self.sae}/{self.index}"

    def control(self, seed: int = 0) -> Control:
        """A random direction of the same norm, to compare with."""
        return Control(self, seed)

    def __str__(self) -> str:
        name = f"{self.index} {self.label}" if self.label else f"feature {self.index}"
        return f"{name} ({self.sae})" if self.sae else name


class Vector(Direction, frozen=True, tag="vector", tag_field="kind"):
    """A direction of your own, in the units of the model's activations.

    Attributes:
        values: little-endian float32, 4 bytes for each dimension; given as a list, an array or a tensor `[d_model]`.
        name: as shown in tables.
        hook_name: where it acts, such as ``blocks.15.hook_resid_post``; empty: where the first SAE does.
    """

    values: bytes
    name: str = ""
    hook_name: str = ""

    def __post_init__(self) -> None:
        given: object = self.values
        values = _packed(given if isinstance(given, bytes) else _numbers(given))
        msgspec.structs.force_setattr(self, "values", values)
        text("name", self.name)
        text("hook_name", self.hook_name)

    @classmethod
    def from_contrast(
        cls, positive: object, negative: object, *, name: str = "", hook_name: str = ""
    ) -> Vector:
        """The difference of means of two sets of activations (Marks & Tegmark 2023; Rimsky et al. 2024).

        Texts are read by `steerer.contrast_vector(positive, negative)`, which calls this.

        Args:
            positive: activations at one hook point `[n, d_model]`.
            negative: the same of what it is to be told apart from `[m, d_model]`.
            name: as shown in tables.
            hook_name: where the activations were read, and where the vector acts.

        Raises:
            InvalidInput: empty, not of one width, or the means are equal.
        """
        means = [_mean("positive", positive), _mean("negative", negative)]
        if len(means[0]) != len(means[1]):
            raise InvalidInput("negative", f"width {len(means[1])}", f"width {len(means[0])}, as in positive")
        difference = [p - n for p, n in zip(*means, strict=True)]
        if not any(difference):
            raise InvalidInput("negative", "the mean of positive", "activations of another mean")
        return cls(difference, name, hook_name)  # type: ignore[arg-type]  # __post_init__ packs it

    def control(self, seed: int = 0) -> Control:
        """A random direction of the same norm, to compare with."""
        return Control(self, seed)

    def save(self, path: str | Path, *, model: str = "") -> Path:
        """Writes it to a ``.safetensors`` file that `sw.load_vector` reads; whole or not at all.

        Vectors of several layers go into a GGUF control vector: `sw.save_vectors`.

        Args:
            path: a file that ends in ``.safetensors``.
            model: name of the model it was made on, noted in the file's metadata.

        Raises:
            InvalidInput: another suffix, or a model that is no text.
            MissingPath: the folder does not exist or cannot be written.
        """
        from ..vectors import save_vector

        return save_vector(self, path, model=model)

    def numbers(self) -> list[float]:
        """Its components, `[d_model]`."""
        return array("f", self.values).tolist()

    @property
    def norm(self) -> float:
        """Its length."""
        return math.hypot(*self.numbers())

    def __len__(self) -> int:
        return len(self.values) // _N_BYTES

    def __str__(self) -> str:
        return self.name or f"vector of {len(self)}"

    def __repr__(self) -> str:
        where = f" at {self.hook_name}" if self.hook_name else ""
        return f"<Vector {self.name!r}{where}: {len(self)} dimensions, norm {self.norm:.4g}>"


class Control(Direction, frozen=True, tag="control", tag_field="kind"):
    """A random direction with the norm of another: what steering of that size does by itself.

    Methods that read the feature's activation read it as for the feature, and write the random direction.

    Attributes:
        of: what it is the control of.
        seed: of the random numbers.
    """

    of: Feature | Vector
    seed: int = 0

    def __post_init__(self) -> None:
        if not isinstance(self.of, (Feature, Vector)):
            raise InvalidInput("of", self.of, "a sw.Feature or a sw.Vector")
        msgspec.structs.force_setattr(self, "seed", whole("seed", self.seed, 0, MAX_SEED))

    def __str__(self) -> str:
        return f"random like {self.of}" + (f" ({self.seed})" if self.seed else "")


Steerable = Feature | Vector | Control
"""What an edit can apply."""


def feature_of(direction: Steerable) -> Feature | None:
    """The feature whose activation and maximum stand for this direction; None for a vector."""
    inner = direction.of if isinstance(direction, Control) else direction
    return inner if isinstance(inner, Feature) else None


def _listed(given: object) -> object:
    """Arrays and tensors as plain lists, without importing numpy or torch."""
    for name in ("detach", "tolist"):
        convert = getattr(given, name, None)
        if callable(convert):
            given = convert()
    return given


def _numbers(given: object, field: str = "values") -> list[float]:
    listed = _listed(given)
    if isinstance(listed, (str, bytes)) or not isinstance(listed, Iterable):
        raise InvalidInput(field, given, _VALUES)
    values = list(listed)
    try:
        if any(isinstance(value, (str, bytes)) for value in values):
            raise TypeError("text is no number")  # noqa: TRY301 - float() would read it
        return [float(value) for value in values]
    except (TypeError, ValueError, OverflowError) as error:
        raise InvalidInput(field, given, _VALUES) from error


def _packed(given: bytes | list[float]) -> bytes:
    if isinstance(given, bytes):
        numbers = array("f")
        if len(given) % _N_BYTES:
            raise InvalidInput("values", given, _VALUES)
        numbers.frombytes(given)
    else:
        numbers = array("f", given)
    # What is too large for float32 has become infinite here, what is too small zero.
    if not any(numbers) or not all(map(math.isfinite, numbers)):
        raise InvalidInput("values", given if isinstance(given, list) else numbers.tolist(), _VALUES)
    return numbers.tobytes()


def _mean(field: str, given: object) -> list[float]:
    listed = _listed(given)
    rows = list(listed) if isinstance(listed, Iterable) and not isinstance(listed, (str, bytes)) else [listed]
    if any(isinstance(row, (str, bytes)) for row in rows):
        raise InvalidInput(field, given, _ROWS, hint="Texts go to steerer.contrast_vector(…).")
    numbers = [_numbers(row, field) for row in rows]
    if not numbers or len({len(row) for row in numbers}) != 1 or not numbers[0]:
        raise InvalidInput(field, given, _ROWS)
    if not all(abs(value) <= _MAX_FLOAT32 for row in numbers for value in row):
        raise InvalidInput(field, given, _ROWS, hint="A value is not finite, or too large for float32.")
    return [math.fsum(column) / len(numbers) for column in zip(*numbers, strict=True)]
