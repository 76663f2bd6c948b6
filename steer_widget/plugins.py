"""Methods, SAE sources and backends that other installed packages offer, found by their entry points.

    [project.entry-points."steer_widget.methods"]     # in the other package's pyproject.toml
    where_active = "where_active:METHOD"

Kernel and worker run in one environment, so both find the same. What is never named is never imported.
"""

from __future__ import annotations

import traceback
from collections import defaultdict
from collections.abc import Mapping
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from typing import Literal

from .errors import InvalidInput

Group = Literal["steer_widget.methods", "steer_widget.sae_sources", "steer_widget.backends"]


def names(group: Group) -> tuple[str, ...]:
    """All names of a group, without importing what they stand for."""
    return tuple(sorted(_offers(group)))


def take(group: Group, field: str, name: str) -> object:
    """What a package offers under one of `names(group)`.

    Args:
        group: where it stands.
        field: the argument that named it, for the error.
        name: its name.

    Raises:
        InvalidInput: several packages offer it, or it cannot be imported.
    """
    offer, *others = _offers(group)[name]
    if others:
        packages = ", ".join(_package(one) for one in (offer, *others))
        raise InvalidInput(
            field, name, "a name that one installed package offers",
            hint=f"{packages} all offer it: uninstall all but one.",
        )  # fmt: skip
    try:
        taken: object = offer.load()
    except Exception as error:
        raise InvalidInput(
            field, name, "a plug-in that can be imported",
            hint=f"The package {_package(offer)} offers it as {offer.value}; taking that failed: "
            f"{type(error).__name__}: {error}. Mend or uninstall the package.",
            details=traceback.format_exc(),
        ) from error  # fmt: skip
    return taken


# Asked for each edit, and 15 ms to read anew: what is installed stays the same while a process lives.
@cache
def _offers(group: Group) -> Mapping[str, tuple[EntryPoint, ...]]:
    found: defaultdict[str, tuple[EntryPoint, ...]] = defaultdict(tuple)
    for offer in entry_points(group=group):
        found[offer.name] += (offer,)
    return dict(found)


def _package(offer: EntryPoint) -> str:
    return offer.dist.name if offer.dist is not None else offer.module
