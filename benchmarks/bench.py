"""What the benchmarks share: the loaded model, the contenders and the sizes, each made when first asked for."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from . import subject
from .contenders import Plain
from .scale import Scale
from .subject import Subject


@dataclass(frozen=True)
class Bench:
    """One run of benchmarks."""

    scale: Scale

    @cached_property
    def subject(self) -> Subject:
        """The embedded model under our engine."""
        return subject.load()

    @cached_property
    def plain(self) -> Plain:
        """Transformers' `generate` on the same model."""
        return Plain(self.subject)
