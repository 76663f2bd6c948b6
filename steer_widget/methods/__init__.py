"""How a direction is applied to the residual stream: one file per method, its name is the file's name.

A method module offers `METHOD`, a `Method`. Adding a file adds a method, to the API and to the page.
"""

from __future__ import annotations

import importlib
import pkgutil

from ..errors import InvalidInput
from ._base import Method

__all__ = ["Method", "get", "names"]


def names() -> tuple[str, ...]:
    """All methods there are, without importing them (or torch)."""
    return tuple(sorted(m.name for m in pkgutil.iter_modules(__path__) if not m.name.startswith("_")))


def get(name: str) -> Method:
    """The method of that name.

    Raises:
        InvalidInput: there is none.
    """
    if name not in names():
        raise InvalidInput("method", name, ", ".join(names()))
    method: Method = importlib.import_module(f"{__name__}.{name}").METHOD
    return method
