"""What a steerer tells of features and directions, apart from running them."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence

from .arguments import as_seconds
from .catalog import Catalog, Hit
from .contrast import Contrast
from .controller import Controller
from .protocol import FeatureCard, Pool
from .spec import Edit, Feature, Vector
from .waiting import wait_ready

Prompts = str | Sequence[object]


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

    def search(self, text: str, k: int = 20, *, sae: str = "") -> list[Hit]:
        """Up to `k` features of an SAE whose label, tokens or examples have these words, best first.

        Raises:
            InvalidInput: there is no feature table, or no such SAE.
        """
        found = self._catalog.search(text, k, sae)
        return [Hit(Feature(card.index, card.label, sae), score) for card, score in found]

    def card(self, feature: Feature | int) -> FeatureCard:
        """What is known of a feature: label, density, maximum activation, logit lens, examples on which it fires.

        Raises:
            UnknownFeature: index outside the SAE.
        """
        found = self.feature(feature) if isinstance(feature, int) else feature
        return self._catalog.card(found.index, found.sae)

    def cards(self, text: str, k: int = 20, *, sae: str = "") -> tuple[FeatureCard, ...]:
        """As `search`, with all that is known of each feature.

        Raises:
            InvalidInput: there is no feature table, or no such SAE.
        """
        return tuple(card for card, _ in self._catalog.search(text, k, sae))

    def contrast_vector(
        self,
        positive: Prompts,
        negative: Prompts,
        *,
        hook_name: str = "",
        pool: Pool = "mean",
        name: str = "",
        timeout: float = 120,
    ) -> Vector:
        """The direction that tells two sets of texts apart: the difference of their mean activations.

        Waits for the worker, which reads the texts unsteered, after the runs that are on.

        Args:
            positive: texts or chats of one kind.
            negative: texts or chats of the other.
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
        deadline_s = time.monotonic() + as_seconds("timeout", timeout)
        self.ready(timeout)
        return asked.ask(self._controller, max(0.0, deadline_s - time.monotonic()))

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
