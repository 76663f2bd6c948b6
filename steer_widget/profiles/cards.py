"""The profiles of one steerer's SAEs, as its cards take them."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

from ..protocol import FeatureCard, SaeInfo, Status
from .profile import Profile, ProfileGains
from .store import ProfileStore

_NOTHING: Final[Mapping[int, float]] = {}


class ProfileBook:
    """The profile of each SAE of the model that is loaded; nothing until it is. Safe to use from any thread.

    Args:
        status: gives what is loaded now.
        folder: the data folder.
    """

    def __init__(self, status: Callable[[], Status], folder: Path) -> None:
        self.store = ProfileStore(folder)
        self._status = status
        self._lock = threading.Lock()
        self._gains: dict[str, ProfileGains | None] = {}

    def key(self, sae: SaeInfo) -> str | None:
        """What a profile of this SAE is kept under; None while no model is loaded."""
        model = self._status().model
        if model is None:
            return None
        return f"{model.name} {model.n_parameters} {sae.name} {sae.hook_name} {sae.d_sae}"

    def use(self, key: str, profile: Profile, *, comes_first: bool) -> None:
        """From now on cards have this one's numbers."""
        with self._lock:
            self._gains[key] = ProfileGains(profile, comes_first=comes_first)

    def gains_of(self, place: int) -> ProfileGains | None:
        """What the profile of the SAE in this place adds; read from disk when first asked for."""
        saes = self._status().saes
        key = self.key(saes[place]) if place < len(saes) else None
        if key is None:
            return None
        with self._lock:
            if key not in self._gains:
                found = self.store.read(key)
                self._gains[key] = None if found is None else ProfileGains(found, comes_first=False)
            return self._gains[key]


class ProfileCards:
    """Puts a profile's numbers on the cards of one SAE's features: a `CardSource`.

    Args:
        book: of the profiles.
        place: of the SAE among those that are loaded.
    """

    def __init__(self, book: ProfileBook, place: int) -> None:
        self._book = book
        self._place = place

    def complete(self, card: FeatureCard) -> FeatureCard:
        """The card with what the profile knows."""
        gains = self._book.gains_of(self._place)
        return card if gains is None else gains.complete(card)

    @property
    def densities(self) -> Mapping[int, float]:
        """Share of tokens on which each feature fired."""
        gains = self._book.gains_of(self._place)
        return _NOTHING if gains is None else gains.densities

    @property
    def comes_first(self) -> bool:
        """Whether its numbers stand in place of the table's."""
        gains = self._book.gains_of(self._place)
        return gains is not None and gains.comes_first
