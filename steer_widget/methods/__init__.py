"""How a direction is applied to the residual stream: one file per method, its name is the file's name.

A method module offers `METHOD`, a `Method`. Adding a file adds a method, to the API and to the page; so does an
installed package with an entry point in the group ``steer_widget.methods``.
"""

from __future__ import annotations

import importlib
import pkgutil

from .. import plugins
from ..errors import InvalidInput
from ._base import Method

__all__ = ["Method", "built_in", "get", "names"]

_OFFERED: plugins.Group = "steer_widget.methods"


def built_in() -> tuple[str, ...]:
    """The methods of this package, without importing them (or torch)."""
    return tuple(sorted(m.name for m in pkgutil.iter_modules(__path__) if not m.name.startswith("_")))


def names() -> tuple[str, ...]:
    """All methods there are, those of other packages too, without importing them."""
    return tuple(sorted({*built_in(), *plugins.names(_OFFERED)}))


def get(name: str) -> Method:
    """The method of that name; a built-in one where another package offers the same name.

    Raises:
        InvalidInput: there is none, or what a package offers is none.
    """
    if name in built_in():
        method: Method = importlib.import_module(f"{__name__}.{name}").METHOD
        return method
    if name not in plugins.names(_OFFERED):
        raise InvalidInput("method", name, ", ".join(names()))
    offered = plugins.take(_OFFERED, "method", name)
    if not isinstance(offered, Method):
        raise InvalidInput(
            "method", name, "a plug-in that is a steer_widget.methods.Method",
            hint=f"The package that offers it names a {type(offered).__name__}.",
        )  # fmt: skip
    return offered
