"""What a steerer tells of what directions write: logit lens and output score, and the ranking by it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Literal, get_args

import msgspec

from .arguments import as_count
from .asking import unfitting
from .catalog import Catalog, Hit
from .controller import Controller
from .errors import InvalidInput
from .explorer import Explorer
from .hits import Hits
from .logit_lens import LogitLens
from .output_book import OutputBook
from .protocol import Lens, LensOf, OutputScores, OutputScoresOf
from .spec import Control, Feature, Steerable, Vector, feature_of

RankBy = Literal["score", "output_score"]
"""What hits are ranked by: what they were found by, or whether steering with them writes what they stand for."""

_N_AT_ONCE = 128  # a run that is on waits for no more than these
_N_CANDIDATES = 5  # for each hit that is wanted


class Scorer(Explorer):
    """Logit lens and output score; arguments as of `Explorer`."""

    def __init__(self, controller: Controller, catalog: Catalog) -> None:
        super().__init__(controller, catalog)
        self._output_book = OutputBook()

    def logit_lens(self, f: Steerable | int | str, k: int = 10, *, timeout: float = 60) -> LogitLens:
        """The tokens that a direction raises and lowers when it goes straight to the logits. Waits for the worker.

        logit = W_U · (γ ⊙ d), less its mean over the vocabulary (nostalgebraist 2020; γ folded into W_U and the
        mean taken off as TransformerLens' `fold_ln` and `center_unembed` do): d is what strength 1 adds to the
        residual stream, γ the scale of the final norm, W_U the unembedding. A LayerNorm takes the mean off first,
        d − mean(d); an RMSNorm does not. On a token whose stream is h, strength s moves the logits by about
        s · logit / rms(h). The blocks in between, biases, softcapping and scaling of logits are left out.

        Args:
            f: a feature, or its index or label; a vector; a control.
            k: how many tokens of either end.
            timeout: seconds, loading included.

        Raises:
            InvalidInput: a value is refused, or the hook point is not in the residual stream.
            UnknownFeature: there is no such feature.
            WorkerTimeout: it took longer.
            SteerError: the worker could not load, or died.
        """
        question = LensOf(0, self._direction(f), as_count("k", k))
        deadline_s = self._begin(timeout)
        found = self._ask(question, Lens, deadline_s, "logit_lens", "read the unembedding")
        return LogitLens(found.up, found.down)

    def output_score(self, f: Steerable | int | str, *, timeout: float = 60) -> float | None:
        """The output score of one direction, see `output_scores`.

        Raises:
            InvalidInput, UnknownFeature, WorkerTimeout, SteerError: as `output_scores`.
        """
        directions = [self._direction(f)]
        return self._output_scores(directions, self._begin(timeout), "output_score")[0]

    def output_scores(
        self, features: Iterable[Steerable | Hit | int | str], *, timeout: float = 120
    ) -> list[float | None]:
        """How surely each direction writes what it stands for, 0 to 1. Waits for the worker.

        score = (1 − r / |V|) · P: the model reads "From my experience," with the direction added at the last token;
        r is the best rank in the next-token distribution, from 0, that one of the direction's 20 top logit-lens
        tokens reaches, P the largest probability of one (Arad, Mueller and Belinkov 2025, arXiv 2505.20063, who
        find that features with a low score steer badly). What is added has the length of a usual activation at the
        hook point less the mean: the median of |h − mean(h)| over the tokens of a short text without sinks.

        One forward pass for many directions, and of the prefix only its last token from the hook point on. What was
        computed for features is kept.

        Args:
            features: features, or their indices or labels; hits of a search; vectors; controls.
            timeout: seconds, loading included. What was computed until then is kept.

        Returns:
            In their order. None for a feature without a direction (a dead one), or at a hook point that has no
            logit lens.

        Raises:
            InvalidInput: a value is refused, or a vector's hook point has no logit lens.
            UnknownFeature: there is no such feature.
            WorkerTimeout: it took longer.
            SteerError: the worker could not load, or died.
        """
        if isinstance(features, (str, bytes)) or not isinstance(features, Iterable):
            raise InvalidInput("features", features, "a list of features, indices, labels, hits or vectors")
        directions = [self._direction(f.feature if isinstance(f, Hit) else f) for f in features]
        return self._output_scores(directions, self._begin(timeout), "output_scores") if directions else []

    def _output_scores(
        self, directions: Sequence[Steerable], deadline_s: float, call: str
    ) -> list[float | None]:
        self._score_outputs([d for d in directions if isinstance(d, Feature)], deadline_s, call)
        others = [d for d in directions if not isinstance(d, Feature)]
        of_others = iter(self._asked_scores(others, deadline_s, call))
        return [self._output_book.get(d) if isinstance(d, Feature) else next(of_others) for d in directions]

    def _score_outputs(self, features: Iterable[Feature], deadline_s: float, call: str) -> None:
        """Sees to it that the book has these features."""
        missing = self._output_book.missing(features)
        for start in range(0, len(missing), _N_AT_ONCE):
            batch = missing[start : start + _N_AT_ONCE]
            self._output_book.learn(batch, self._asked_scores(batch, deadline_s, call))

    def _asked_scores(
        self, directions: Sequence[Steerable], deadline_s: float, call: str
    ) -> tuple[float | None, ...]:
        if not directions:
            return ()
        what = f"score {len(directions)} directions"
        question = OutputScoresOf(0, tuple(directions))
        scores = self._ask(question, OutputScores, deadline_s, call, what).scores
        if len(scores) != len(directions):
            raise unfitting(what)
        return scores

    def _ranked(self, hits: list[Hit], k: int, rank_by: RankBy, deadline_s: float, call: str) -> Hits:
        """The `k` best of the candidates."""
        if rank_by == "score":
            return Hits(hits[:k])
        self._score_outputs([hit.feature for hit in hits], deadline_s, call)
        scored = [
            msgspec.structs.replace(hit, output_score=self._output_book.get(hit.feature)) for hit in hits
        ]
        return Hits(sorted(scored, key=_by_output_score)[:k])

    def _direction(self, f: object) -> Steerable:
        """A direction as it is, its feature checked; or the feature of that index or label."""
        if not isinstance(f, (Feature, Vector, Control)):
            return self._catalog.feature(f)
        feature = feature_of(f)
        if feature is not None:
            self._catalog.feature(feature.index, feature.sae)
        return f

    @property
    def output_book(self) -> OutputBook:
        """The output scores that are known."""
        return self._output_book


def as_rank_by(given: object) -> RankBy:
    """What hits are ranked by.

    Raises:
        InvalidInput: unknown.
    """
    for known in get_args(RankBy):
        if given == known:
            return known  # type: ignore[no-any-return]
    raise InvalidInput("rank_by", given, ", ".join(get_args(RankBy)))


def n_candidates(k: int, rank_by: RankBy) -> int:
    """How many are looked for, so that the `k` best can be taken."""
    return k if rank_by == "score" else k * _N_CANDIDATES


def _by_output_score(hit: Hit) -> float:
    return float("inf") if hit.output_score is None else -hit.output_score
