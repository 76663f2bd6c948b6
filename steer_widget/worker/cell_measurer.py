"""Takes the measures of cells whose texts are finished."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import msgspec
import torch

from ..protocol import Alternative, FeatureActivation, FeatureShift, Measures, TokenMeasures
from ..spec import feature_of
from .measures.activation import feature_activations, largest_shifts, mean_activations
from .measures.divergence import Divergence, compare_logits
from .measures.sinks import without_sinks
from .measures.summary import perplexity, summarise_kl
from .reread import reread
from .token_texts import completion_texts

if TYPE_CHECKING:
    from torch import Tensor

    from ..saes.sae import Sae
    from ..spec import Coordinates, Grid, Measure
    from .adapter import Adapter
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
        *,
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
        self._token_texts: dict[int, str] = {}
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

    @property
    def has_work(self) -> bool:
        """Whether the grid asks for a measure that needs more than the text itself."""
        return bool(self._wanted - {"repetition"})

    def order(self, row: Row) -> tuple[int, int, int, int]:
        """The order to measure in: prompts alike in length together, the baseline before its columns."""
        at = self._grid.coordinates(row.cell)
        is_steered = not self._grid.steerings[at.steering].is_baseline
        return len(row.prompt_ids), at.prompt, at.sample, (1 + at.steering) * is_steered

    @torch.inference_mode()
    def measure(self, rows: Sequence[Row]) -> list[tuple[Row, Measures, TokenMeasures]]:
        """Reads the rows once more and gives what was measured on each, in `order`."""
        needs_logits = bool(self._wanted & {"kl", "perplexity", "alternatives"}) and self._adapter.can_unembed
        needs_h = bool(self._wanted & {"activation", "off_target"}) and bool(self._saes)
        names = list(dict.fromkeys(sae.hook_name for sae in self._saes.values())) if needs_h else []
        read: Sequence[Reread | None] = [None] * len(rows)
        if needs_logits or needs_h:
            read = reread(self._adapter, rows, [self._adapter.point(name) for name in names])
        compared = [
            self._compare(row, r) if r is not None and needs_logits else None
            for row, r in zip(rows, read, strict=True)
        ]
        similarities = self._similarities(rows)
        self._token_texts.clear()  # of the batch before: over a large run they would become the whole vocabulary
        found: list[tuple[Row, Measures, TokenMeasures]] = []
        for row, r, divergence, similarity in zip(rows, read, compared, similarities, strict=True):
            measures = msgspec.structs.replace(row.measures, similarity=similarity)
            tokens = TokenMeasures(texts=self._texts(row))
            if divergence is not None:
                measures, tokens = self._with_logits(measures, tokens, divergence)
            if r is not None and needs_h:
                measures, tokens = self._with_activations(measures, tokens, row, r)
            found.append((row, measures, tokens))
        return found

    def _compare(self, row: Row, r: Reread) -> Divergence:
        """Both models' logits where the row's tokens were drawn, a block of tokens at a time."""
        token_ids = torch.tensor(row.completion.token_ids, device=r.unsteered.device)
        n_block = max(1, _N_LOGITS // self._adapter.d_vocab)
        blocks: list[Divergence] = []
        for at in range(0, len(token_ids), n_block):
            drawn = token_ids[at : at + n_block].to(self._adapter.logits_device)
            hidden = [h[at : at + n_block] for h in (r.unsteered, r.steered) if h is not None]
            # One product for the two: it reads the unembedding, which takes as long as to multiply it, once.
            unsteered, *steered = self._adapter.unembed(torch.cat(hidden)).split(len(drawn))
            blocks.append(
                compare_logits(
                    steered[0] if steered else None,
                    unsteered,
                    drawn,
                    kl="kl" in self._wanted,
                    surprise="perplexity" in self._wanted,
                    n_alternatives=_N_ALTERNATIVES if "alternatives" in self._wanted else 0,
                )
            )
        return Divergence.joined(blocks)

    def _with_logits(
        self, measures: Measures, tokens: TokenMeasures, divergence: Divergence
    ) -> tuple[Measures, TokenMeasures]:
        kl, surprise = _finite(divergence.kl), _finite(divergence.surprise)
        in_sum = summarise_kl(kl)
        measures = msgspec.structs.replace(
            measures,
            kl_mean=in_sum.mean,
            kl_p95=in_sum.p95,
            kl_max=in_sum.max,
            perplexity=perplexity(surprise),
        )
        alternatives = self._alternatives(divergence)
        return measures, msgspec.structs.replace(tokens, kl=kl, surprise=surprise, alternatives=alternatives)

    def _texts(self, row: Row) -> tuple[str, ...]:
        completion = row.completion
        return completion_texts(
            self._adapter.tokenizer, row.prompt_ids, completion.token_ids, completion.text
        )

    def _alternatives(self, divergence: Divergence) -> tuple[tuple[Alternative, ...], ...]:
        found = divergence.alternatives
        if found is None or not _finite(found.steered) or not _finite(found.unsteered):
            return ()
        rows = zip(found.token_ids.tolist(), found.steered.tolist(), found.unsteered.tolist(), strict=True)
        return tuple(
            tuple(
                Alternative(token_id, self._token_text(token_id), steered, unsteered)
                for token_id, steered, unsteered in zip(*row, strict=True)
            )
            for row in rows
        )

    def _token_text(self, token_id: int) -> str:
        if token_id not in self._token_texts:
            self._token_texts[token_id] = str(self._adapter.tokenizer.decode([token_id]))
        return self._token_texts[token_id]

    def _with_activations(
        self, measures: Measures, tokens: TokenMeasures, row: Row, read: Reread
    ) -> tuple[Measures, TokenMeasures]:
        at = self._grid.coordinates(row.cell)
        steering = self._grid.steerings[at.steering]
        features = list(
            dict.fromkeys(
                (feature.sae or self._first, feature.index)
                for edit in steering.edits
                if (feature := feature_of(edit.feature)) is not None
            )
        )
        if "activation" in self._wanted:
            own = self._own_activations(features, read)
            measures = msgspec.structs.replace(measures, activations=tuple(one for one, _ in own))
            tokens = msgspec.structs.replace(tokens, activations=tuple(series for _, series in own))
        if "off_target" in self._wanted:
            shifts = self._off_target(at, features, read, is_baseline=steering.is_baseline)
            measures = msgspec.structs.replace(measures, off_target=shifts)
        return measures, tokens

    def _own_activations(
        self, features: Sequence[tuple[str, int]], read: Reread
    ) -> list[tuple[FeatureActivation, tuple[float, ...]]]:
        """Mean and maximum over the tokens that are no sinks, and each token's; a mean of no token is left out."""
        found: list[tuple[FeatureActivation, tuple[float, ...]]] = []
        for name in dict.fromkeys(name for name, _ in features if name in self._saes):
            indices = [index for sae, index in features if sae == name]
            h, counts = self._counting(name, read)
            read_off = feature_activations(self._saes[name], h, indices, counts)
            means, largest = read_off.mean.tolist(), read_off.max.tolist()
            series = read_off.per_token.T.tolist()
            found += [
                (FeatureActivation(index, name, means[n], largest[n]), tuple(series[n]))
                for n, index in enumerate(indices)
                if all(map(math.isfinite, (means[n], largest[n], *series[n])))
            ]
        return found

    def _off_target(
        self, at: Coordinates, features: Sequence[tuple[str, int]], read: Reread, *, is_baseline: bool
    ) -> tuple[FeatureShift, ...]:
        """The features, other than those that steer, whose means differ most from the baseline's of the same prompt."""
        cell = (at.prompt, at.sample)
        if is_baseline:
            if all(prompt != at.prompt for prompt, _ in self._baseline_means):
                self._baseline_means.clear()  # a prompt's columns follow its baseline: the others are done
            self._baseline_means[cell] = {name: self._mean(name, read) for name in self._saes}
            return ()
        if cell not in self._baseline_means:
            return ()
        shifts = [
            FeatureShift(index, name, shift)
            for name in self._saes
            for index, shift in largest_shifts(
                self._mean(name, read),
                self._baseline_means[cell][name],
                exclude=[index for sae, index in features if sae == name],
                k=_N_OFF_TARGET,
            )
        ]
        return tuple(sorted(shifts, key=lambda shift: -abs(shift.shift))[:_N_OFF_TARGET])

    def _mean(self, name: str, read: Reread) -> Tensor:
        return mean_activations(self._saes[name], *self._counting(name, read))

    def _counting(self, name: str, read: Reread) -> tuple[Tensor, Tensor]:
        """Activations at an SAE's hook point `[n, width]`, and which tokens are no sinks `[n]`."""
        hook_name = self._saes[name].hook_name
        return read.h[hook_name], without_sinks(read.h[hook_name], self._residual_norms[hook_name])

    def _similarities(self, rows: Sequence[Row]) -> list[float | None]:
        """To the baseline's text of the same prompt and sample; None without a baseline, and for it itself."""
        if self._embedder is None:
            return [None] * len(rows)
        pairs: list[tuple[str, str]] = []
        places: list[int] = []
        for place, row in enumerate(rows):
            at = self._grid.coordinates(row.cell)
            if self._grid.steerings[at.steering].is_baseline:
                self._baseline_texts[at.prompt, at.sample] = row.completion.text
            elif (at.prompt, at.sample) in self._baseline_texts:
                pairs.append((row.completion.text, self._baseline_texts[at.prompt, at.sample]))
                places.append(place)
        found: list[float | None] = [None] * len(rows)
        for place, similarity in zip(places, self._embedder.similarities(pairs), strict=True):
            found[place] = similarity
        return found


def _finite(series: Tensor | None) -> tuple[float, ...]:
    """The numbers of a series, flat; empty, as not taken, where one of them is not finite and could not travel."""
    if series is None or not bool(torch.isfinite(series).all()):
        return ()
    return tuple(series.flatten().tolist())
