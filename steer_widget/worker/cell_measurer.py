"""Takes the measures of cells whose texts are finished."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

import msgspec
import torch

from ..protocol import Alternative, FeatureActivation, FeatureShift, Measures, TokenMeasures
from ..spec import feature_of
from .measures.activation import largest_shifts, mean_activations
from .measures.divergence import compare_logits
from .measures.summary import perplexity, summarise_kl
from .reread import reread

if TYPE_CHECKING:
    from torch import Tensor

    from ..saes.sae import Sae
    from ..spec import Coordinates, Grid, Measure
    from .adapter import Adapter
    from .measures.divergence import Divergence
    from .measures.similarity import Embedder
    from .reread import Reread
    from .row import Row

_N_ALTERNATIVES = 5
_N_OFF_TARGET = 5
_N_LOGITS = 1 << 24  # at once, for one of two models


class CellMeasurer:
    """Measures the cells of one grid.

    Args:
        adapter: the model.
        saes: by the name that features give; the first one where they give none.
        residual_norms: median |h| at each hook point, for telling sinks.
        grid: whose cells are measured.
        wanted: names of the measures to take.
        embedder: for the similarity of texts; None where none is loaded.
    """

    def __init__(
        self,
        adapter: Adapter,
        saes: Mapping[str, Sae],
        residual_norms: Mapping[str, float],
        grid: Grid,
        wanted: Sequence[Measure],
        embedder: Embedder | None,
    ) -> None:
        self._adapter = adapter
        self._saes = {name: sae for name, sae in saes.items() if sae.has_encoder}
        self._first = next(iter(saes))
        self._residual_norms = residual_norms
        self._grid = grid
        self._wanted = frozenset(wanted)
        self._embedder = embedder if "similarity" in self._wanted else None
        self._baseline_texts: dict[tuple[int, int], str] = {}
        self._baseline_means: dict[tuple[int, int], dict[str, Tensor]] = {}

    @property
    def device(self) -> torch.device:
        """Where the model reads."""
        return self._adapter.input_device

    @property
    def device_type(self) -> str:
        """cpu, cuda, mps."""
        return self.device.type

    def order(self, row: Row) -> tuple[int, int, int, int]:
        """The order to measure in: prompts alike in length together, the baseline before its columns."""
        at = self._grid.coordinates(row.cell)
        is_steered = not self._grid.steerings[at.steering].is_baseline
        return len(row.prompt_ids), at.prompt, at.sample, (1 + at.steering) * is_steered

    def measure(self, rows: Sequence[Row]) -> Iterator[tuple[Row, Measures, TokenMeasures]]:
        """Reads the rows once more and gives what was measured on each, in `order`."""
        needs_logits = bool(self._wanted & {"kl", "perplexity", "alternatives"}) and self._adapter.can_unembed
        needs_h = bool(self._wanted & {"activation", "off_target"}) and bool(self._saes)
        names = list(dict.fromkeys(sae.hook_name for sae in self._saes.values())) if needs_h else []
        read: Sequence[Reread | None] = [None] * len(rows)
        if needs_logits or needs_h:
            read = reread(self._adapter, rows, [self._adapter.point(name) for name in names])
        compared = [self._compare(row, r) if r is not None and needs_logits else None for row, r in zip(rows, read, strict=True)]
        similarities = self._similarities(rows)
        for row, r, divergence, similarity in zip(rows, read, compared, similarities, strict=True):
            measures = msgspec.structs.replace(row.measures, similarity=similarity)
            tokens = TokenMeasures()
            if divergence is not None:
                measures, tokens = self._with_logits(measures, tokens, divergence)
            if r is not None and needs_h:
                measures, tokens = self._with_activations(measures, tokens, row, r)
            yield row, measures, tokens

    def _compare(self, row: Row, r: Reread) -> Divergence:
        """Both models' logits where the row's tokens were drawn, a block of tokens at a time."""
        token_ids = torch.tensor(row.completion.token_ids, device=r.unsteered.device)
        n_block = max(1, _N_LOGITS // self._adapter.d_vocab)
        blocks = [
            compare_logits(
                None if r.steered is None else self._adapter.unembed(r.steered[at : at + n_block]),
                self._adapter.unembed(r.unsteered[at : at + n_block]),
                token_ids[at : at + n_block].to(self._adapter.logits_device),
                kl="kl" in self._wanted,
                surprise="perplexity" in self._wanted,
                n_alternatives=_N_ALTERNATIVES if "alternatives" in self._wanted else 0,
            )
            for at in range(0, len(token_ids), n_block)
        ]
        return blocks[0] if len(blocks) == 1 else blocks[0].joined(blocks[1:])
