"""What a steerer finds by directions: what they write, what lies near them, which of them tell texts apart."""

from __future__ import annotations

import time

from .arguments import as_count, as_seconds, as_switch
from .catalog import Hit
from .contrast import as_pool, as_texts
from .explorer import Explorer, Prompts
from .logit_lens import LogitLens
from .protocol import ContrastOf, Lens, LensOf, NeighboursOf, Pool, Scored
from .spec import Control, Feature, Steerable, Vector, feature_of


class Finder(Explorer):
    """Logit lens, neighbours and contrasts; arguments as of `Explorer`."""

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
        deadline_s = time.monotonic() + as_seconds("timeout", timeout)
        self.ready(timeout)
        found = self._ask(question, Lens, deadline_s, "logit_lens", "read the unembedding")
        return LogitLens(found.up, found.down)

    def neighbours(
        self, f: Steerable | int | str, k: int = 20, *, sae: str = "", timeout: float = 60
    ) -> list[Hit]:
        """The features that point most nearly the same way, nearest first. Waits for the worker.

        The score is the cosine of the decoder rows, computed in float32. A feature itself is left out.

        Args:
            f: a feature, or its index or label; a vector; a control.
            k: how many features at most.
            sae: name of the SAE whose features are meant; '' is the feature's own, for a vector the first one
                at its hook point.
            timeout: seconds, loading included.

        Raises:
            InvalidInput: a value is refused; names the field, the value, what is allowed.
            UnknownFeature: there is no such feature.
            WorkerTimeout: it took longer.
            SteerError: the worker could not load, or died.
        """
        question = NeighboursOf(0, self._direction(f), self._named(sae), as_count("k", k))
        deadline_s = time.monotonic() + as_seconds("timeout", timeout)
        self.ready(timeout)
        return self._hits(self._ask(question, Scored, deadline_s, "neighbours", "compare the features"))

    def contrast(
        self,
        a: Prompts,
        b: Prompts,
        k: int = 20,
        *,
        sae: str = "",
        pool: Pool = "mean",
        density_penalty: bool = True,
        timeout: float = 120,
    ) -> list[Hit]:
        """The features that tell two texts, or two sets of texts, apart; largest score first, of either sign.

        score = effect · −ln(density), positive where a feature fires more on `a`. Each text counts by the
        feature's mean activation over its tokens, special ones and attention sinks left out.

        - One text each: effect = activation on a − activation on b.
        - Several: Cohen's d = (mean of a − mean of b) / s, with s² = ((n_a − 1) s_a² + (n_b − 1) s_b²) /
          (n_a + n_b − 2). s is at least its median over the features that fire: those that hardly vary would
          win otherwise.

        The density is the share of all tokens on which the feature fires, 0.01 where the feature table does not
        know it.

        Args:
            a: a text, a list of texts, a chat or a list of chats.
            b: what they are to be told from.
            k: how many features at most.
            sae: name of the SAE; '' is the first.
            pool: ``mean`` over each text's tokens, or its ``last`` token.
            density_penalty: False leaves −ln(density) out.
            timeout: seconds, loading included.

        Raises:
            InvalidInput: a value is refused, or a text has no token that counts.
            SaeMismatch: the SAE has no encoder.
            WorkerTimeout: it took longer.
            SteerError: the worker could not load, or died.
        """
        densities = self._catalog.densities(self._named(sae))
        question = ContrastOf(
            0,
            as_texts("a", a),
            as_texts("b", b),
            sae,
            as_pool(pool),
            as_count("k", k),
            densities if as_switch("density_penalty", density_penalty) else None,
        )
        deadline_s = time.monotonic() + as_seconds("timeout", timeout)
        self.ready(timeout)
        what = f"read {len(question.a) + len(question.b)} texts"
        return self._hits(self._ask(question, Scored, deadline_s, "contrast", what))

    def _direction(self, f: object) -> Steerable:
        """A direction as it is, its feature checked; or the feature of that index or label."""
        if not isinstance(f, (Feature, Vector, Control)):
            return self._catalog.feature(f)
        feature = feature_of(f)
        if feature is not None:
            self._catalog.feature(feature.index, feature.sae)
        return f

    def _named(self, sae: str) -> str:
        """Refuses the name of an SAE that is not there."""
        self._catalog.card(0, sae)
        return sae

    def _hits(self, found: Scored) -> list[Hit]:
        return [Hit(self.feature(one.index, found.sae), one.score) for one in found.features]
