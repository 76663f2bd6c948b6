"""Which SAEs a steerer takes: one, a list of them, or a dict that names them."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from .catalog import KnownSae
from .errors import InvalidInput
from .options import as_table_path
from .protocol import SaeSource
from .sources import SaeFacts, read_sae_facts, sae_folder

if TYPE_CHECKING:
    from sae_lens import SAE

SaeName = str | os.PathLike[str]
SaeNames = SaeName | Sequence[SaeName] | Mapping[str, SaeName]
"""One SAE by folder or release, several of them, or several by names of the user's own."""

_EACH = "each SAE once, so that features can name it"


class SaeChoice(msgspec.Struct, frozen=True):
    """An SAE that was chosen.

    Attributes:
        source: where it comes from.
        facts: what its folder tells; nothing where it is no folder.
        held: the SAE itself, where it is in memory already.
    """

    source: SaeSource
    facts: SaeFacts = SaeFacts()
    held: SAE | None = None

    @property
    def name(self) -> str:
        """As its features give it."""
        return self.source.name or self.source.path

    @property
    def known(self) -> KnownSae:
        """What can be said of it before the worker has loaded it."""
        return KnownSae(self.name, self.facts.d_sae)


def choose_saes(given: object, *, in_memory: bool = False) -> tuple[SaeChoice, ...]:
    """The SAEs that a user names, in order; the first is the one that features without a name belong to.

    Args:
        given: one, a list, or a dict from name to SAE. Without a dict they are named as they were given.
        in_memory: whether `sae_lens.SAE` objects may be among them.

    Raises:
        MissingPath: a folder is not there.
        InvalidInput: something else than an SAE, none at all, or one twice.
    """
    if isinstance(given, Mapping):
        named = list(given.items())
        if not all(isinstance(name, str) and name for name, _ in named):
            raise InvalidInput("sae", list(given), "names that are text and not empty")
    elif isinstance(given, (list, tuple)):
        named = [("", item) for item in given]
    else:
        return (_choose("", given, in_memory=in_memory),)
    if not named:
        raise InvalidInput("sae", given, "at least one SAE")
    chosen = tuple(_choose(name or _own_name(item), item, in_memory=in_memory) for name, item in named)
    names = [choice.name for choice in chosen]
    for name in names:
        if names.count(name) > 1:
            raise InvalidInput("sae", name, _EACH, hint="Name them: sae={'one': …, 'two': …}.")
    return chosen


def choose_tables(given: object, chosen: tuple[SaeChoice, ...]) -> dict[int, Path]:
    """Paths of feature tables by the place of their SAE: a path for the first, or a dict from name to path.

    Raises:
        MissingPath: no such file.
        InvalidInput: a name that no SAE has, or something else than a path.
    """
    if given is None:
        return {}
    if not isinstance(given, Mapping):
        return {0: as_table_path(given)}
    names = [choice.name for choice in chosen]
    for name in given:
        if name not in names:
            raise InvalidInput("features", name, ", ".join(names), hint="A table is named by its SAE.")
    return {names.index(name): as_table_path(path) for name, path in given.items()}


def _choose(name: str, given: object, *, in_memory: bool) -> SaeChoice:
    if in_memory and not isinstance(given, (str, os.PathLike)):
        return _hold(name, given)
    folder = sae_folder(given)
    path = str(given) if folder is None else str(folder)
    return SaeChoice(
        SaeSource(path, name if name != path else ""),
        SaeFacts() if folder is None else read_sae_facts(folder),
    )


def _hold(name: str, sae: object) -> SaeChoice:
    config = getattr(sae, "cfg", None)
    if config is None or not hasattr(sae, "W_dec"):
        raise InvalidInput("sae", type(sae).__name__, "a sae_lens.SAE, a folder, or release/sae_id")
    d_sae = getattr(config, "d_sae", None)
    facts = SaeFacts(d_sae=d_sae if isinstance(d_sae, int) else None)
    return SaeChoice(SaeSource(name or _own_name(sae)), facts, sae)


def _own_name(given: object) -> str:
    """A path or release as it was written; an SAE in memory goes by its hook point."""
    if isinstance(given, (str, os.PathLike)):
        return str(given)
    metadata = getattr(getattr(given, "cfg", None), "metadata", None)
    return str(getattr(metadata, "hook_name", None) or type(given).__name__)
