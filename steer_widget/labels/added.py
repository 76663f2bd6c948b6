"""What came of adding labels."""

from __future__ import annotations

import msgspec


class AddedLabels(msgspec.Struct, frozen=True):
    """What was taken from a source of labels.

    Attributes:
        n_features: features that the source has.
        n_labels: of these, how many it names.
        n_renamed: of these, how many had another label before.
        columns: the source's columns that were taken, by the field of the card that they filled.
        left_out: its columns that were not taken.
    """

    n_features: int
    n_labels: int
    n_renamed: int
    columns: dict[str, str]
    left_out: tuple[str, ...] = ()

    def __str__(self) -> str:
        taken = ", ".join(
            field if field == column else f"{field} from {column}" for field, column in self.columns.items()
        )
        renamed = f", {self.n_renamed:,} of them in place of another" if self.n_renamed else ""
        left_out = f" Not taken: {', '.join(self.left_out)}." if self.left_out else ""
        return f"{self.n_features:,} features, {self.n_labels:,} labels{renamed}. Taken: {taken}.{left_out}"
