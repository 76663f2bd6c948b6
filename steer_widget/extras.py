"""Packages that need not be installed, imported where something asks for them."""

from __future__ import annotations

from importlib import import_module
from types import ModuleType

from .errors import SteerError


def optional(name: str, consequence: str) -> ModuleType:
    """The module of that name.

    Args:
        name: of the package; a submodule's begins with it.
        consequence: what cannot be done without it, such as ``there is no table``.

    Raises:
        SteerError: it is not installed.
    """
    try:
        return import_module(name)
    except ImportError as error:
        package = name.split(".", 1)[0]
        raise SteerError(
            f"{package} is not installed, so {consequence}. Install it: pip install {package}"
        ) from error
