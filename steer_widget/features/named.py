"""The features of a table that have a label, all at once."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from .table import FeatureTable


class NamedFeatures(NamedTuple):
    """Indices and labels of the features that have one, in one order; `key` is a hash of both."""

    indices: tuple[int, ...]
    labels: tuple[str, ...]
    key: str

    @classmethod
    def of(cls, table: FeatureTable) -> NamedFeatures:
        """Decodes the whole table: some seconds for hundreds of thousands of features."""
        named = [(index, label) for index in table if (label := table.label(index).strip())]
        digest = hashlib.sha256()
        for index, label in named:
            digest.update(f"{index}\t{label}\n".encode("utf-8", "surrogatepass"))
        indices, labels = zip(*named, strict=True) if named else ((), ())
        return cls(indices, labels, digest.hexdigest()[:32])
