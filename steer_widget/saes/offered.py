"""An SAE from a source that another installed package offers: ``source:name``, as in ``npz:…``.

A source is a function from a name to an `Sae`, which `assembly.make_sae` puts together from tensors.
"""

from __future__ import annotations

from .. import plugins
from ..errors import InvalidInput, LoadError, SteerError
from .sae import Sae

_OFFERED: plugins.Group = "steer_widget.sae_sources"


def is_offered(name: str) -> bool:
    """Whether the part before the first colon is a source's name."""
    source, colon, _ = name.partition(":")
    return bool(colon) and source in plugins.names(_OFFERED)


def load_offered(name: str) -> Sae:
    """Loads an SAE whose name `is_offered`.

    Raises:
        InvalidInput: the source cannot be imported, or is no function.
        LoadError: it failed, or gave something else than an `Sae`.
        SteerError: whatever of it the source itself raises.
    """
    source, _, rest = name.partition(":")
    load = plugins.take(_OFFERED, "sae", source)
    if not callable(load):
        raise InvalidInput(
            "sae", name, "a source that is a function", hint=f"{source} is a {type(load).__name__}."
        )
    try:
        loaded = load(rest)
    except SteerError:
        raise
    except Exception as error:
        raise LoadError(
            f"The SAE source {source!r} could not load {rest!r}: {type(error).__name__}: {error}. "
            "It belongs to a plug-in: check the name, then the package that offers it."
        ) from error
    if not isinstance(loaded, Sae):
        raise LoadError(
            f"The SAE source {source!r} gave a {type(loaded).__name__} for {rest!r}, not an Sae. "
            "The package that offers it has to return what steer_widget.saes.assembly.make_sae makes."
        )
    return loaded
