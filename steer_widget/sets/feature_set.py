"""A named set of features: its edits, and what they were made on."""

from __future__ import annotations

from collections.abc import Sequence
from typing import overload

import msgspec

from ..spec import Control, Edit, Feature, SelectedEdit


class MadeOn(msgspec.Struct, frozen=True):
    """Names of the model and the SAEs that features belong to; empty where they are not known."""

    model: str = ""
    saes: tuple[str, ...] = ()

    def warning(self, here: MadeOn, risk: str = "the same index may be another feature") -> str:
        """What to say to somebody who uses it here; '' where it fits, or where too little is known.

        Args:
            here: what it is used with.
            risk: what may go wrong.
        """
        told = []
        if self.saes and here.saes and not set(self.saes[:1]) <= set(here.saes):
            told.append(f"the SAE {self.saes[0]}, here is {', '.join(here.saes)}")
        if self.model and here.model and self.model != here.model:
            told.append(f"the model {self.model}, here is {here.model}")
        if not told:
            return ""
        return f"It was made on {'; and on '.join(told)}: {risk}."


class FeatureSet(Sequence[Edit]):
    """The edits of a set, ready for `steerer.compare`: each strength of each feature, hidden ones left out.

    Attributes:
        name: its name.
        rows: as the widget keeps them: several strengths in one row, hidden ones too.
        made_on: names of model and SAEs.
    """

    def __init__(self, name: str, rows: tuple[SelectedEdit, ...], made_on: MadeOn) -> None:
        self.name = name
        self.rows = rows
        self.made_on = made_on
        self.edits: tuple[Edit, ...] = tuple(edit for row in rows for edit in row.chosen)

    @overload
    def __getitem__(self, place: int) -> Edit: ...
    @overload
    def __getitem__(self, place: slice) -> tuple[Edit, ...]: ...
    def __getitem__(self, place: int | slice) -> Edit | tuple[Edit, ...]:
        return self.edits[place]

    def __len__(self) -> int:
        return len(self.edits)

    def __repr__(self) -> str:
        return f"<FeatureSet {self.name!r}: {', '.join(map(str, self.edits))}>"


def fitted(rows: tuple[SelectedEdit, ...], made_on: MadeOn, here: MadeOn) -> tuple[SelectedEdit, ...]:
    """The rows where SAEs may stand in another order: a feature of the first one is named, if that is not the first here."""
    first = made_on.saes[0] if made_on.saes else ""
    if first not in here.saes or here.saes[0] == first:
        return rows
    return tuple(msgspec.structs.replace(row, feature=_of(row.feature, first)) for row in rows)


def _of(direction: object, sae: str) -> object:
    if isinstance(direction, Control):
        return msgspec.structs.replace(direction, of=_of(direction.of, sae))
    if isinstance(direction, Feature) and not direction.sae:
        return msgspec.structs.replace(direction, sae=sae)
    return direction
