"""Named sets of features with their strengths."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable
from pathlib import Path

from ..arguments import as_steerings
from ..errors import InvalidInput
from ..printable import shortened
from ..protocol import SetInfo
from ..spec import Edit, SelectedEdit, Selection, as_selected
from ._base import Sets, now
from .feature_set import FeatureSet, MadeOn, fitted
from .files import SavedFeatures
from .names import check_name

_N_PREVIEWED = 4


class FeatureSets(Sets[FeatureSet, SavedFeatures]):
    """Sets of features with strengths, units, methods and positions, by name.

    ``sets["snow"]`` goes straight into `steerer.compare` and into `widget.selection`. A set that was made on
    another SAE is given with a warning: the same index may be another feature. One that names a feature or an
    SAE that is not there is refused where it is used.

    Args:
        folder: the data folder; None: the environment's ``STEER_WIDGET_DATA``, or the user's data folder.
        here: gives the names of the model and SAEs it is used with; None: with none.
    """

    _kind = "features"
    _saved_kind = SavedFeatures

    def __init__(self, folder: str | Path | None = None, *, here: Callable[[], MadeOn] | None = None) -> None:
        super().__init__(folder)
        self._here = here or MadeOn

    def save(self, name: str, edits: Edit | Iterable[Edit] | Selection | FeatureSet) -> None:
        """Keeps edits under a name, instead of what was there.

        Args:
            name: up to 200 characters of any kind.
            edits: as `feature.at(strength)` gives, or what is selected: `widget.selection`.

        Raises:
            InvalidInput: no name, or no edits.
            MissingPath: the folder cannot be written.
        """
        here = self._here()
        saved = SavedFeatures(
            name=check_name(name), saved_at=now(), model=here.model, saes=here.saes, rows=_rows(edits)
        )
        self._files.write(saved)

    def rows(self, name: str) -> tuple[tuple[SelectedEdit, ...], str]:
        """The rows of a set as they are selected here, and what to tell the user of where it was made.

        Raises:
            UnknownSet: there is none of that name.
        """
        found = self._value(self.read(name))
        return found.rows, found.made_on.warning(self._here())

    def __getitem__(self, name: str) -> FeatureSet:
        found = super().__getitem__(name)
        warning = found.made_on.warning(self._here())
        if warning:
            warnings.warn(f"The set {name!r}: {warning}", stacklevel=2)
        return found

    def _value(self, saved: SavedFeatures) -> FeatureSet:
        made_on = MadeOn(saved.model, saved.saes)
        return FeatureSet(saved.name, fitted(saved.rows, made_on, self._here()), made_on)

    def _info(self, saved: SavedFeatures) -> SetInfo:
        preview = ", ".join(str(row.plain()) for row in saved.rows[:_N_PREVIEWED])
        return SetInfo(saved.name, len(saved.rows), saved.saved_at, shortened(preview))


def _rows(edits: object) -> tuple[SelectedEdit, ...]:
    if isinstance(edits, Selection):
        rows = edits.edits
    elif isinstance(edits, FeatureSet):
        rows = edits.rows
    else:
        rows = tuple(as_selected(edit) for steering in as_steerings(edits) for edit in steering.edits)
    if not rows:
        raise InvalidInput("edits", edits, "at least one edit, as feature.at(strength) gives")
    return rows
