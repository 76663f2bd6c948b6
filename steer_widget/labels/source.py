"""What a person gives as labels, as cards."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, TypeAlias, cast

from ..errors import InvalidInput
from ..protocol import FeatureCard
from .columns import card_of, columns_of, joined
from .neuronpedia import Neuronpedia
from .rows import PlacedRow, rows_of

if TYPE_CHECKING:
    from pandas import DataFrame

LabelSource: TypeAlias = "str | Path | Mapping[int, str] | DataFrame | Neuronpedia"

_ALLOWED = "a path, a pandas frame, a dict from index to label, or sw.Neuronpedia(…)"


class ReadLabels(NamedTuple):
    """Cards by index; the source's columns by the field that each fills; the columns that fill none."""

    cards: dict[int, FeatureCard]
    columns: dict[str, str]
    left_out: tuple[str, ...]


def read_labels(source: object, neuronpedia_id: str = "") -> ReadLabels:
    """Reads all of a source before anything of it is taken.

    Args:
        source: see `steerer.add_labels`.
        neuronpedia_id: of the SAE, for a `Neuronpedia` that names none.

    Raises:
        InvalidInput: a row is refused, by its place and column; or there is nothing in it.
        MissingPath: a file cannot be read.
        DownloadError: Neuronpedia cannot be reached.
    """
    name, rows = _placed(source, neuronpedia_id)
    columns: dict[str, str] = {}
    heads: dict[str, None] = {}
    by_shape: dict[tuple[str, ...], dict[str, str]] = {}
    layers: set[object] = set()
    cards: list[FeatureCard] = []
    for place, row in rows:
        shape = tuple(row)
        if shape not in by_shape:
            by_shape[shape] = columns_of(f"{name}, {place}", shape)
            columns.update(by_shape[shape])
            heads.update(dict.fromkeys(shape))
        layers |= {row["layer"]} if row.get("layer") else set()
        if len(layers) > 1:
            raise InvalidInput("labels", name, "labels of one SAE", hint=f"It has several: {_named(layers)}.")
        cards.append(card_of(place, row, by_shape[shape]))
    if not cards:
        raise InvalidInput("labels", name, "at least one row")
    return ReadLabels(joined(cards), columns, tuple(head for head in heads if head not in columns.values()))


def _named(layers: set[object]) -> str:
    return ", ".join(sorted(map(str, layers)))


def _placed(source: object, neuronpedia_id: str) -> tuple[str, Iterable[PlacedRow]]:
    if isinstance(source, Neuronpedia):
        return str(source), source.rows(neuronpedia_id)
    if isinstance(source, str | Path):
        path = Path(source).expanduser()
        return path.name, rows_of(path)
    if isinstance(source, Mapping):
        return "the dict", (
            (f"entry {number}", {"index": index, "label": label})
            for number, (index, label) in enumerate(source.items())
        )
    if hasattr(source, "itertuples") and hasattr(source, "columns"):
        return "the frame", _frame(cast("DataFrame", source))
    raise InvalidInput("labels", source, _ALLOWED)


def _frame(frame: DataFrame) -> Iterator[PlacedRow]:
    """Rows of a pandas frame; an index that has a name is a column too."""
    named: DataFrame = frame.reset_index() if frame.index.name else frame
    heads = [str(head) for head in named.columns]
    for number, cells in enumerate(named.itertuples(index=False, name=None)):
        yield f"row {number} of the frame", dict(zip(heads, cells, strict=True))
