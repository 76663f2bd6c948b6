"""The bands of one steerer's features and vectors."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable, Mapping
from pathlib import Path

import msgspec

from ..errors import UnknownFeature
from ..protocol import FeatureCard, SaeInfo, Status
from ..spec import Band, Control, Feature, Steerable
from .store import BandStore


class BandBook:
    """What is known of the strengths of directions, of the model that is loaded; nothing until it is.

    Bands lie in the data folder, by model (name and number of weights), SAE (name, hook point and number of
    features) and feature; those of vectors by their content and hook point. Safe to use from any thread.

    Args:
        status: gives what is loaded now.
        folder: the data folder.
    """

    def __init__(self, status: Callable[[], Status], folder: Path) -> None:
        self._status = status
        self._store = BandStore(folder)
        self._lock = threading.Lock()
        self._read: dict[str, dict[str, Band]] = {}

    def band_of(self, direction: Steerable, *, negative: bool = False) -> Band | None:
        """The band of a direction; of a control that of what it is the control of. None where it was not measured."""
        status = self._status()
        model, key = _model(status), _key(direction, status.saes, negative=negative)
        if model is None or key is None:
            return None
        with self._lock:
            if model not in self._read:
                self._read[model] = self._store.read(model)
            return self._read[model].get(key)

    def name_of(self, place: int) -> str | None:
        """Name of the SAE that was loaded in this place; None while none is."""
        saes = self._status().saes
        return saes[place].name if place < len(saes) else None

    def keep(self, direction: Steerable, band: Band, *, negative: bool = False) -> None:
        """Keeps a band that was measured on the model that is loaded.

        Raises:
            HistoryError: it could not be written; in this session it holds.
        """
        status = self._status()
        model, key = _model(status), _key(direction, status.saes, negative=negative)
        if model is None or key is None:
            raise UnknownFeature("feature", direction, "a feature of an SAE that is loaded")
        with self._lock:
            known = self._read.setdefault(model, self._store.read(model))
            known[key] = band
        self._store.keep(model, key, band)

    def refresh(self) -> None:
        """Reads anew what other kernels have written, when it is next asked for."""
        with self._lock:
            self._read.clear()


class BandCards:
    """Puts bands on the cards of one SAE's features: a `CardSource`.

    Args:
        book: of the bands.
        place: of the SAE among those that are loaded.
    """

    def __init__(self, book: BandBook, place: int) -> None:
        self._book = book
        self._place = place

    def complete(self, card: FeatureCard) -> FeatureCard:
        """The card with its band."""
        name = self._book.name_of(self._place)
        band = None if name is None else self._book.band_of(Feature(card.index, sae=name))
        return card if band is None else msgspec.structs.replace(card, band=band)

    @property
    def densities(self) -> Mapping[int, float]:
        """A band tells none."""
        return {}

    @property
    def comes_first(self) -> bool:
        """No table has bands."""
        return False


def _model(status: Status) -> str | None:
    model = status.model
    return None if model is None else f"{model.name} {model.n_parameters}"


def _key(direction: Steerable, saes: tuple[SaeInfo, ...], *, negative: bool) -> str | None:
    source = direction.of if isinstance(direction, Control) else direction
    sign = " negative" if negative else ""
    if isinstance(source, Feature):
        sae = next((one for one in saes if source.sae in ("", one.name)), None)
        return None if sae is None else f"{sae.name} {sae.hook_name} {sae.d_sae} {source.index}{sign}"
    hook_name = source.hook_name or next((one.hook_name for one in saes), "")
    return f"{hashlib.sha256(source.values).hexdigest()} {hook_name}{sign}"
