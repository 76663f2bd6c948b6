"""From edits as users write them to edits as the hooks apply them: directions looked up, strengths converted."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import torch

from .. import methods
from ..errors import InvalidInput, SaeMismatch
from ..spec import Control, Feature, Vector, feature_of
from .position_rule import ALWAYS, PositionRule
from .row_edit import RowEdit

if TYPE_CHECKING:
    from torch import Tensor

    from ..saes.sae import Sae
    from ..spec import Edit, Steerable
    from .checked_point import CheckedPoints


def changes_nothing(edit: Edit) -> bool:
    """Whether its strength leaves everything as it is, with this method.

    Raises:
        InvalidInput: there is no such method.
    """
    neutral = methods.get(edit.method or "add").neutral
    return neutral is not None and edit.strength == neutral


def rule_of(edit: Edit) -> PositionRule:
    """On which tokens it acts, and how strongly."""
    return PositionRule(edit.positions or "all", bool(edit.skip_special), edit.schedule or ALWAYS)


class Directions:
    """What edits mean in this model, with these SAEs.

    Args:
        points: of the model.
        saes: by the name that features give; the first one is meant where they give none.
    """

    def __init__(self, points: CheckedPoints, saes: Mapping[str, Sae]) -> None:
        self._points = points
        self._saes = dict(saes)
        self._first = next(iter(self._saes.values()))

    def sae_of(self, feature: Feature) -> Sae:
        """The SAE of a feature.

        Raises:
            InvalidInput: none of that name is loaded.
        """
        if not feature.sae:
            return self._first
        if feature.sae not in self._saes:
            raise InvalidInput("sae", feature.sae, ", ".join(self._saes))
        return self._saes[feature.sae]

    def name_at(self, hook_name: str) -> str:
        """Name of the first SAE at a hook point; empty where that is the first of all.

        Raises:
            InvalidInput: no SAE reads there.
        """
        name = next((name for name, sae in self._saes.items() if sae.hook_name == hook_name), None)
        if name is None:
            points = ", ".join(dict.fromkeys(sae.hook_name for sae in self._saes.values()))
            raise InvalidInput(
                "hook_name", hook_name, f"a hook point of a loaded SAE: {points}",
                hint="Or name the SAE whose features are meant: sae='…'.",
            )  # fmt: skip
        return "" if self._saes[name] is self._first else name

    def check(self, edit: Edit, max_act: Mapping[str, float]) -> None:
        """Refuses an edit that cannot be applied. Runs no forward pass.

        Args:
            edit: with its defaults filled in.
            max_act: maximum activation by `Feature.key`.

        Raises:
            InvalidInput: names the field, the value and what is allowed.
        """
        method = methods.get(edit.method or "add")
        direction, hook_name = self.of(edit.feature)
        width = self._points.width(hook_name)
        if len(direction) != width:
            raise SaeMismatch("vector", f"{len(direction)} dimensions", f"{width}, the width at {hook_name}")
        if method.strength in ("factor", "unused") and edit.unit not in (None, "raw"):
            raise InvalidInput(
                "unit",
                edit.unit,
                f"raw with the method {edit.method}",
                hint="Its strength is a factor without unit.",
            )
        if edit.unit == "auto":
            raise InvalidInput(
                "unit", "auto", "raw, max_act or norm",
                hint="Strengths in auto are made raw where they are asked for: steerer.compare does.",
            )  # fmt: skip
        feature = feature_of(edit.feature)
        if feature is None:
            if method.reads == "activation":
                raise InvalidInput(
                    "method", edit.method, "add, orthogonal or cap for a vector",
                    hint="A vector has no activation that could be read.",
                )  # fmt: skip
            if edit.unit == "max_act":
                raise InvalidInput(
                    "unit", "max_act", "raw or norm for a vector", hint="It has no activation."
                )
        else:
            sae = self.sae_of(feature)
            if method.reads == "activation" and not sae.has_encoder:
                raise InvalidInput(
                    "method", edit.method, "add, orthogonal or cap for this SAE",
                    hint=f"{sae.name} came without an encoder, so activations cannot be read.",
                )  # fmt: skip
            if edit.unit == "max_act" and feature.key not in max_act:
                raise InvalidInput(
                    "unit",
                    "max_act",
                    "raw or norm for this feature",
                    hint="Its maximum activation is not known.",
                )

    def resolve(self, edit: Edit, max_act: Mapping[str, float]) -> RowEdit | None:
        """The edit as the hook applies it; None where its strength changes nothing.

        Raises:
            InvalidInput: see `check`.
            HookInactive: an edit at its hook point changes nothing.
        """
        self.check(edit, max_act)
        if changes_nothing(edit):
            return None
        method = methods.get(edit.method or "add")
        direction, hook_name = self.of(edit.feature)
        residual_norm = self._points.get(hook_name, width=len(direction)).residual_norm
        feature = feature_of(edit.feature)
        norm = float(torch.linalg.vector_norm(direction))
        strength = edit.strength
        if edit.unit == "max_act" and feature is not None:
            strength *= max_act[feature.key] * (norm if method.strength == "projection" else 1.0)
        elif edit.unit == "norm":
            strength *= residual_norm / (1.0 if method.strength == "projection" else norm)
        return RowEdit(
            hook_name=hook_name,
            method=method,
            rule=rule_of(edit),
            direction=direction,
            strength=strength,
            sae=None if feature is None else self.sae_of(feature),
            feature=0 if feature is None else feature.index,
        )

    def of(self, direction: Steerable) -> tuple[Tensor, str]:
        """What strength 1 adds `[d_in]`, float32, and the name of its hook point.

        Raises:
            InvalidInput: there is no such SAE or feature.
            SaeMismatch: the feature's direction is zero or not finite.
        """
        if isinstance(direction, Control):
            original, hook_name = self.of(direction.of)
            generator = torch.Generator().manual_seed(direction.seed)
            random = torch.randn(len(original), generator=generator)
            scale = torch.linalg.vector_norm(original) / torch.linalg.vector_norm(random)
            return random * scale, hook_name
        if isinstance(direction, Vector):
            return torch.tensor(direction.numbers()), direction.hook_name or self._first.hook_name
        sae = self.sae_of(direction)
        return sae.direction(direction.index), sae.hook_name
