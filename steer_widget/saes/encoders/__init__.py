"""How activations are computed from an input: one file per architecture, its name is sae-lens' name for it.

A module offers `ENCODER`, a subclass of `Encoder`. BatchTopK and Matryoshka SAEs need none of their own:
sae-lens saves them as jumprelu.
"""

from __future__ import annotations

import importlib
import pkgutil
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ._base import Encoder


def names() -> tuple[str, ...]:
    """All architectures that can be read, without importing them."""
    return tuple(sorted(m.name for m in pkgutil.iter_modules(__path__) if not m.name.startswith("_")))


def get(architecture: str) -> type[Encoder]:
    """The encoder of an architecture that is one of `names()`."""
    encoder: type[Encoder] = importlib.import_module(f"{__name__}.{architecture}").ENCODER
    return encoder
