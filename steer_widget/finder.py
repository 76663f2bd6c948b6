"""What a steerer finds: features by words, by what fires, by what tells texts apart, and those that are near others."""

from __future__ import annotations

import time

from .arguments import as_count, as_switch
from .catalog import Hit
from .cell import Cell
from .contrast import as_pool
from .errors import InvalidInput
from .explorer import Prompts, Texts
from .features.surprise import surprise
from .hits import Hits, note_on
from .meaning import By, as_by, can_find_by_meaning, find_by_meaning
from .passages import as_passage, as_passages
from .progress_line import ProgressLine
from .protocol import (
    CoFiringOf,
    ContrastOf,
    FeaturesByToken,
    FeaturesOn,
    FindByMeaning,
    Firing,
    FiringByToken,
    FoundByMeaning,
    NeighboursOf,
    Passage,
    Pool,
    Scored,
)
from .scorer import RankBy, Scorer, as_rank_by, n_candidates
from .spec import Feature, Steerable
from .task import Task
from .token_features import TokenFeatures


class Finder(Scorer):
    """Features by words, texts and other features; arguments as of `Explorer`.

    All of it takes `rank_by`: ``score`` puts those first that were found best, ``output_score`` takes five times as
    many candidates and puts those first that steer most surely, see `output_scores`.
    """

    def search(
        self,
        text: str,
        k: int = 20,
        *,
        sae: str = "",
        by: By = "words",
        rank_by: RankBy = "score",
        timeout: float = 120,
    ) -> Hits:
        """Up to `k` features of an SAE whose label, tokens or examples have these words, best first.

        Args:
            text: words, or an index.
            k: how many features at most.
            sae: name of the SAE; '' is the first.
            by: ``words``; or ``meaning``, for labels that mean what the text means, by the cosine of sentence
                embeddings. That waits for the worker, and needs ``embedder`` at load; the first time it embeds all
                labels, some 500 a second on two cores, and keeps them in the cache folder.
            rank_by: ``score``; or ``output_score``, which waits for the worker.
            timeout: seconds, loading included.

        Raises:
            InvalidInput: there is no feature table, or no such SAE, or no such ranking.
            WorkerTimeout: it took longer.
            SteerError: the worker could not load, or died.
        """
        ranking, n = as_rank_by(rank_by), n_candidates(as_count("k", k), as_rank_by(rank_by))
        deadline_s = self._begin(timeout) if as_by(by) == "meaning" or ranking != "score" else 0.0
        if by == "meaning":
            hits = self._by_meaning(text, n, sae, deadline_s)
        else:
            found = self._catalog.search(text, n, sae)
            hits = [Hit(Feature(card.index, card.label, sae), score) for card, score in found]
        if ranking != "score":
            return self._ranked(hits, k, ranking, deadline_s, "search")
        return Hits(hits, note_on(self._catalog.meant(text, sae)) if by == "words" else "")

    def _by_meaning(self, text: object, n: int, sae: str, deadline_s: float) -> list[Hit]:
        if not isinstance(text, str) or not text.strip():
            raise InvalidInput("text", text, "a text that is not empty")
        if not can_find_by_meaning(self._controller.status):
            raise InvalidInput(
                "by", "meaning", "words",
                hint="meaning needs a model of sentence embeddings in a folder: sw.load(…, embedder='folder').",
            )  # fmt: skip

        def ask(command: FindByMeaning) -> FoundByMeaning:
            task = Task(self._controller, command, FoundByMeaning, lambda found: found, f"search: {text}")
            with ProgressLine() as line:
                return task.result(max(0.0, deadline_s - time.monotonic()), line.show)

        found = find_by_meaning(self._catalog, ask, text, n, sae)
        return [Hit(self._catalog.feature(one.index, sae), one.score) for one in found]

    def top_features(
        self,
        text: Prompts | Cell,
        k: int = 20,
        *,
        sae: str = "",
        chat: bool = False,
        rank_by: RankBy = "score",
        timeout: float = 60,
    ) -> Hits:
        """The features of an SAE that fire on a text, most surprising first. Waits for the worker.

        The score is the feature's largest activation on the text, in the SAE's units, times −ln of its density
        (share of all tokens on which it fires; 0.01 where the feature table does not know it): one that
        always fires has the score 0. Special tokens and attention sinks are left out. `token_features` tells it
        token by token.

        Args:
            text: one text, or the messages of one chat; or a cell of a run, whose completion counts, read behind its
                prompt by the unsteered model.
            k: how many features at most.
            sae: name of the SAE; '' is the first.
            chat: whether a text is rendered as one user turn by the model's chat template; a cell is read as its
                run was.
            rank_by: ``score`` or ``output_score``.
            timeout: seconds, loading included.

        Raises:
            InvalidInput: a value is refused, or the SAE has no encoder.
            WorkerTimeout: it took longer.
            SteerError: the worker could not load, or died.
        """
        by, wanted = as_rank_by(rank_by), as_count("k", k)
        densities = self._catalog.densities(sae)
        passage = as_passage(text, chat=as_switch("chat", chat), part="completion")
        question = FeaturesOn(0, passage, sae, n_candidates(wanted, by), densities)
        deadline_s = self._begin(timeout)
        found = self._ask(question, Firing, deadline_s, "top_features", "read the text")
        hits = [
            Hit(self.feature(one.index, sae), surprise(one.max_act, densities.get(one.index)), one.max_act)
            for one in found.features
        ]
        return self._ranked(hits, wanted, by, deadline_s, "top_features")

    def token_features(
        self,
        text: Prompts | Cell,
        k: int = 5,
        *,
        sae: str = "",
        chat: bool = False,
        timeout: float = 60,
    ) -> TokenFeatures:
        """For each token of a text the features of an SAE that fire on it, most surprising first. Waits for the worker.

        The score is the activation on the token times −ln(density), as in `top_features`; features that always
        fire are left out. Special tokens (BOS among them) and attention sinks have none: they fire many features,
        whatever the text, and are marked as left out.

        Args:
            text: one text, or the messages of one chat; or a cell of a run: its prompt and its completion, read by
                the unsteered model.
            k: how many features of each token at most.
            sae: name of the SAE; '' is the first.
            chat: as in `top_features`.
            timeout: seconds, loading included.

        Raises:
            InvalidInput: a value is refused, or the SAE has no encoder.
            WorkerTimeout: it took longer.
            SteerError: the worker could not load, or died.
        """
        densities = self._catalog.densities(sae)
        passage = as_passage(text, chat=as_switch("chat", chat), part="all")
        question = FeaturesByToken(0, passage, sae, as_count("k", k), densities)
        found = self._ask(question, FiringByToken, self._begin(timeout), "token_features", "read the text")
        hits = [
            tuple(
                Hit(self.feature(one.index, sae), surprise(one.act, densities.get(one.index)), one.act)
                for one in features
            )
            for features in found.features
        ]
        return TokenFeatures.of(found, hits)

    def contrast(
        self,
        a: Texts,
        b: Texts,
        k: int = 20,
        *,
        sae: str = "",
        pool: Pool = "mean",
        density_penalty: bool = True,
        rank_by: RankBy = "score",
        timeout: float = 120,
    ) -> Hits:
        """The features that tell two texts, or two sets of texts, apart; largest score first, of either sign.

        score = effect · −ln(density), positive where a feature fires more on `a`. Each text counts by the
        feature's mean activation over its tokens, special ones and attention sinks left out. Of a cell of a run the
        completion counts, of a chat that ends with the assistant's turn this answer: what stands before is read by
        the unsteered model, and left out.

        - One text each: effect = activation on a − activation on b.
        - Several: Cohen's d = (mean of a − mean of b) / s, with s² = ((n_a − 1) s_a² + (n_b − 1) s_b²) /
          (n_a + n_b − 2). s is at least its median over the features that fire: those that hardly vary would
          win otherwise.

        The density is the share of all tokens on which the feature fires, 0.01 where the feature table does not
        know it.

        Args:
            a: a text, a list of texts, a chat or a list of chats; cells of runs, such as `result.column(1)`.
            b: what they are to be told from.
            k: how many features at most.
            sae: name of the SAE; '' is the first.
            pool: ``mean`` over each text's tokens, or its ``last`` token.
            density_penalty: False leaves −ln(density) out.
            rank_by: ``score`` or ``output_score``.
            timeout: seconds, loading included.

        Raises:
            InvalidInput: a value is refused, or a text has no token that counts.
            SaeMismatch: the SAE has no encoder.
            WorkerTimeout: it took longer.
            SteerError: the worker could not load, or died.
        """
        by, wanted = as_rank_by(rank_by), as_count("k", k)
        densities = self._catalog.densities(self._named(sae))
        question = ContrastOf(
            0,
            as_passages("a", a, answers=True),
            as_passages("b", b, answers=True),
            sae,
            as_pool(pool),
            n_candidates(wanted, by),
            densities if as_switch("density_penalty", density_penalty) else None,
        )
        deadline_s = self._begin(timeout)
        what = f"read {len(question.a) + len(question.b)} texts"
        hits = self._hits(self._ask(question, Scored, deadline_s, "contrast", what))
        return self._ranked(hits, wanted, by, deadline_s, "contrast")

    def neighbours(
        self,
        f: Steerable | int | str,
        k: int = 20,
        *,
        sae: str = "",
        rank_by: RankBy = "score",
        timeout: float = 60,
    ) -> Hits:
        """The features that point most nearly the same way, nearest first. Waits for the worker.

        The score is the cosine of the decoder rows, computed in float32. A feature itself is left out.

        Args:
            f: a feature, or its index or label; a vector; a control.
            k: how many features at most.
            sae: name of the SAE whose features are meant; '' is the feature's own, for a vector the first one
                at its hook point.
            rank_by: ``score`` or ``output_score``.
            timeout: seconds, loading included.

        Raises:
            InvalidInput: a value is refused; names the field, the value, what is allowed.
            UnknownFeature: there is no such feature.
            WorkerTimeout: it took longer.
            SteerError: the worker could not load, or died.
        """
        by, wanted = as_rank_by(rank_by), as_count("k", k)
        question = NeighboursOf(0, self._direction(f), self._named(sae), n_candidates(wanted, by))
        deadline_s = self._begin(timeout)
        hits = self._hits(self._ask(question, Scored, deadline_s, "neighbours", "compare the features"))
        return self._ranked(hits, wanted, by, deadline_s, "neighbours")

    def co_firing(
        self,
        f: Feature | int | str,
        texts: Texts | None = None,
        k: int = 20,
        *,
        rank_by: RankBy = "score",
        timeout: float = 120,
    ) -> Hits:
        """The features that fire on the tokens on which this one fires, best first. Waits for the worker.

        score = q · ln(q / p), in nats: q is the share of f's tokens on which the other one fires too, drawn towards
        chance by 4 tokens; p its density by the feature table (0.01 where that does not know it), or its share of the
        texts' other tokens if that is larger. So neither those win that fire everywhere, nor those of what the texts
        are about anyway; and fewer than 3 tokens in common, or all of them in one text of several, count for nothing.
        Special tokens and attention sinks are left out.

        Args:
            f: a feature, or its index or label.
            texts: where to look: texts, chats, cells of runs (their completions); None: the feature's own examples.
            k: how many features at most.
            rank_by: ``score`` or ``output_score``.
            timeout: seconds, loading included.

        Raises:
            InvalidInput: a value is refused, or the feature fires on fewer than 3 tokens of the texts.
            UnknownFeature: there is no such feature.
            WorkerTimeout: it took longer.
            SteerError: the worker could not load, or died.
        """
        by, wanted = as_rank_by(rank_by), as_count("k", k)
        feature = self._feature(f)
        passages = self.examples_of(feature) if texts is None else as_passages("texts", texts, answers=False)
        question = self.co_firing_question(feature, passages, n_candidates(wanted, by))
        deadline_s = self._begin(timeout)
        what = f"read {len(passages)} texts"
        hits = self._hits(self._ask(question, Scored, deadline_s, "co_firing", what))
        return self._ranked(hits, wanted, by, deadline_s, "co_firing")

    # ---- for the widget

    def examples_of(self, feature: Feature) -> tuple[Passage, ...]:
        """The texts of the feature table on which a feature fires.

        Raises:
            InvalidInput: none are known.
        """
        examples = self._catalog.card(feature.index, feature.sae).examples
        texts = dict.fromkeys(one.left + one.token + one.right for one in examples)
        passages = tuple(Passage(text) for text in texts if text.strip())
        if not passages:
            raise InvalidInput(
                "texts", None, "texts on which the feature fires",
                hint=f"No examples of feature {feature.index} are known: steerer.co_firing(f, texts=[…]).",
            )  # fmt: skip
        return passages

    def co_firing_question(self, feature: Feature, passages: tuple[Passage, ...], k: int) -> CoFiringOf:
        """What the worker is asked."""
        densities = self._catalog.densities(feature.sae)
        return CoFiringOf(0, feature.index, passages, feature.sae, k, densities)

    # ---- inside

    def _feature(self, f: object) -> Feature:
        """A feature as it is, checked; or that of an index or label."""
        if isinstance(f, Feature):
            self._catalog.feature(f.index, f.sae)
            return f
        return self._catalog.feature(f)

    def _named(self, sae: str) -> str:
        """Refuses the name of an SAE that is not there."""
        self._catalog.card(0, sae)
        return sae

    def _hits(self, found: Scored) -> list[Hit]:
        return [Hit(self.feature(one.index, found.sae), one.score) for one in found.features]
