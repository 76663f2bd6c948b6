"""What a steerer tells of features and directions, apart from running them."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from typing import TypeVar

from .arguments import as_column, as_count, as_prompt, as_seconds, as_switch
from .asking import ask_worker
from .catalog import Catalog
from .cell import Cell
from .contrast import Contrast
from .controller import Controller
from .errors import Superseded
from .labels import AddedLabels, LabelSource, read_labels
from .next_token import NextToken
from .protocol import (
    FeatureCard,
    Known,
    NextTokenOf,
    NextTokens,
    Pool,
    PromptTokens,
    Question,
    TokensOf,
)
from .spec import Edit, Feature, Steering, Vector
from .tokenized_prompt import TokenizedPrompt
from .waiting import wait_ready

_K = TypeVar("_K", bound=Known)

Prompts = str | Sequence[object]
Texts = Prompts | Cell
"""Texts, chats, cells of runs."""


class Explorer:
    """Features by index, label and words; directions that tell texts apart.

    Args:
        controller: takes questions to the worker.
        catalog: what is known of the features.
    """

    def __init__(self, controller: Controller, catalog: Catalog) -> None:
        self._controller = controller
        self._catalog = catalog

    def ready(self, timeout: float = 60) -> None:
        """Waits until model and SAE are loaded, at most `timeout` seconds.

        A worker that died is started again. One that could not load says why: `reload` tries again.

        Raises:
            LoadError: model or SAE could not be loaded.
            WorkerDied: the worker died while loading.
            WorkerTimeout: it took longer; loading goes on.
        """
        limit_s = as_seconds("timeout", timeout)
        self._controller.refuse_closed()
        wait_ready(self._controller, limit_s)

    def feature(self, key: int | str, sae: str = "") -> Feature:
        """A feature by its 0-based index, or by a label that it alone has.

        Args:
            key: index or label.
            sae: name of its SAE, as `steerer.status.saes` has it; '' is the first.

        Raises:
            UnknownFeature: there is none; the text says what is allowed.
            InvalidInput: there is no such SAE.
        """
        return self._catalog.feature(key, sae)

    def add_labels(self, source: LabelSource, *, sae: str = "") -> AddedLabels:
        """Takes labels and statistics of features from elsewhere, for search, cards, the page and unit ``max_act``.

        Everything is read before anything is taken. What it says of a feature counts from now on, what it does not
        say stays as it was; several labels of one feature stand one behind the other. It holds for this steerer:
        what is to be there each time is said behind each `sw.load`.

        Args:
            source: the path of a table (.csv, .tsv, .jsonl, .parquet, or .gz of these) or of a folder of such, as
                Neuronpedia exports them; a pandas frame; a dict from index to label; or `sw.Neuronpedia(…)`.
                Columns: index (or feature), label (or description, explanation), and where they are there density
                (frac_nonzero), max_act (maxActApprox), logit_lens_up and _down (pos_str, neg_str), examples.
            sae: name of the SAE; '' is the first.

        Raises:
            InvalidInput: a row is refused, by line and column; or no column tells the index; or no such SAE.
            UnknownFeature: an index outside the SAE.
            MissingPath: a file cannot be read.
            DownloadError: Neuronpedia cannot be reached, or does not have it.
        """
        named = next((one for one in self._controller.status.saes if sae in (one.name, "")), None)
        read = read_labels(source, "" if named is None else named.neuronpedia_id)
        n_renamed = self._catalog.add(read.cards, sae)
        self._controller.tell_status()
        n_labels = sum(bool(card.label) for card in read.cards.values())
        return AddedLabels(len(read.cards), n_labels, n_renamed, read.columns, read.left_out)

    def card(self, feature: Feature | int) -> FeatureCard:
        """What is known of a feature: label, density, maximum activation, logit lens, examples on which it fires.

        Raises:
            UnknownFeature: index outside the SAE.
        """
        found = feature if isinstance(feature, Feature) else self.feature(feature)
        return self._catalog.card(found.index, found.sae)

    def cards(self, text: str, k: int = 20, *, sae: str = "") -> tuple[FeatureCard, ...]:
        """As `steerer.search`, with all that is known of each feature.

        Raises:
            InvalidInput: there is no feature table, or no such SAE.
        """
        return tuple(card for card, _ in self._catalog.search(text, k, sae))

    def contrast_vector(
        self,
        positive: Texts,
        negative: Texts,
        *,
        hook_name: str = "",
        pool: Pool = "mean",
        name: str = "",
        timeout: float = 120,
    ) -> Vector:
        """The direction that tells two sets of texts apart: the difference of their mean activations.

        Waits for the worker, which reads the texts unsteered, after the runs that are on.

        Args:
            positive: texts, chats or cells of one kind. Of a cell the completion counts, of a chat that ends with
                the assistant's turn this answer; the rest is read, and left out.
            negative: those of the other.
            hook_name: where to read, such as ``blocks.15.hook_resid_post``; '' is the first SAE's.
            pool: ``mean`` over each text's tokens, or its ``last`` token.
            name: of the vector, as shown in tables.
            timeout: seconds, loading included.

        Raises:
            InvalidInput: a value is refused; names the field, the value, what is allowed.
            WorkerTimeout: it took longer.
            SteerError: the worker could not load, or died.
        """
        asked = Contrast.of(positive, negative, hook_name, pool, name)
        deadline_s = self._begin(timeout)
        return asked.ask(self._controller, max(0.0, deadline_s - time.monotonic()))

    def next_token(
        self,
        prompt: str | Sequence[object],
        steering: Edit | Steering | Sequence[Edit] | None = None,
        *,
        k: int = 10,
        chat: bool = False,
        timeout: float = 30,
    ) -> NextToken:
        """The next-token distribution after a prompt, unsteered and steered. Waits for the worker.

        A worker that is busy with a run answers at its next token. Asked again for the same prompt it
        answers faster, as only what the steering changes is computed anew.

        Args:
            prompt: one text, or the messages of one chat.
            steering: an edit, a list of edits that act together, or a `sw.Steering`; None: none. Defaults as in
                `steerer.compare`: unit raw, method add, all positions.
            k: how many tokens, by the larger of both probabilities.
            chat: whether a text is rendered as one user turn by the model's chat template.
            timeout: seconds, loading included.

        Raises:
            InvalidInput: a value is refused; names the field, the value, what is allowed.
            Diverged: the steering is too strong for the model's number format.
            WorkerTimeout: it took longer.
            SteerError: the worker could not load, or died.
        """
        column = self._catalog.in_raw(as_column(steering))
        question = NextTokenOf(
            0,
            as_prompt(prompt),
            column,
            as_switch("chat", chat),
            as_count("k", k),
            self._catalog.check(column.edits),
        )
        deadline_s = self._begin(timeout)
        while True:
            try:
                found = self._ask(question, NextTokens, deadline_s, "next_token", "read the next token")
            except Superseded:
                # By another thread, or a dial of the page: their questions count no more than this.
                continue
            return NextToken(found.tokens, found.kl, found.dose)

    def tokens(
        self,
        prompt: str | Sequence[object],
        edits: Edit | Steering | Sequence[Edit] = (),
        *,
        chat: bool = False,
        timeout: float = 30,
    ) -> TokenizedPrompt:
        """The exact tokens of a prompt, as a run would read it, and which of them are steered. Waits for the worker.

        Args:
            prompt: one text, or the messages of one chat.
            edits: what acts together; defaults as in `steerer.compare`. An edit whose strength changes nothing
                steers no token.
            chat: whether a text is rendered as one user turn by the model's chat template.
            timeout: seconds, loading included.

        Raises:
            InvalidInput: a value is refused; names the field, the value, what is allowed.
            WorkerTimeout: it took longer.
            SteerError: the worker could not load, or died.
        """
        column = self._catalog.in_raw(as_column(edits))
        self._catalog.check(column.edits)
        question = TokensOf(0, as_prompt(prompt), as_switch("chat", chat), (column,))
        deadline_s = self._begin(timeout)
        found = self._ask(question, PromptTokens, deadline_s, "tokens", "read the prompt")
        return TokenizedPrompt(found.tokens, found.steered[0])

    def _begin(self, timeout: object) -> float:
        """Waits until the worker has loaded; gives the monotonic time until which its answer is waited for."""
        limit_s = as_seconds("timeout", timeout)
        deadline_s = time.monotonic() + limit_s
        self.ready(limit_s)
        return deadline_s

    def _ask(self, question: Question, kind: type[_K], deadline_s: float, call: str, what: str) -> _K:
        left_s = max(0.0, deadline_s - time.monotonic())
        return ask_worker(self._controller, question, kind, left_s, call=call, what=what)

    # ---- for the widget

    def check_edits(self, edits: Iterable[Edit]) -> None:
        """Refuses what can be refused without the worker; units and methods may still be open.

        Raises:
            InvalidInput: feature, method or unit.
        """
        self._catalog.check(edits)

    @property
    def catalog(self) -> Catalog:
        """What is known of the features."""
        return self._catalog
