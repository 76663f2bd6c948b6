"""The programmatic API: one model, its SAEs, one worker; every way to start a run goes through here."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Literal

import msgspec

from .arguments import as_columns, as_seconds, as_steerings, make_grid, with_baseline
from .catalog import Catalog, Hit
from .contrast import Contrast
from .controller import Controller
from .errors import InvalidInput, WorkerError
from .history import History
from .protocol import CheckGrid, FeatureCard, Pool, Status
from .run import Run
from .spec import (
    Direction,
    Edit,
    Feature,
    Generation,
    Grid,
    Measure,
    PositionsLike,
    Steering,
    Unit,
    Vector,
)
from .waiting import wait_ready

if TYPE_CHECKING:
    from typing_extensions import Self

    from .widget import SteerWidget

_CHECK_S = 2.0

Prompts = str | Sequence[object]
Column = Edit | Steering | Sequence[Edit]
MeasuresLike = Literal["all"] | Iterable[Measure] | None


class Steerer:
    """Runs prompts unsteered and steered side by side, in a worker that keeps the model loaded.

    `sw.demo`, `sw.load` and `sw.from_model` make one. Loading starts at once and goes on in the
    background; runs that are started meanwhile wait for it. In a notebook it shows its widget.

    Args:
        controller: takes runs to the worker.
        catalog: what is known of the features.
        title: model and SAEs, in short.
        history: where the runs are written down; None: nowhere.
    """

    def __init__(
        self, controller: Controller, catalog: Catalog, *, title: str = "", history: History | None = None
    ) -> None:
        self._controller = controller
        self._catalog = catalog
        self._title = title
        self._history = History() if history is None else history
        self._widget: SteerWidget | None = None

    # ---- what there is

    @property
    def status(self) -> Status:
        """State of the worker: what it has loaded, how far loading is, the last error."""
        return msgspec.structs.replace(self._controller.status, n_labels=self._catalog.n_labels)

    @property
    def runs(self) -> tuple[Run, ...]:
        """All runs of this steerer, oldest first."""
        return tuple(Run(self._controller, job) for job in self._controller.jobs)

    @property
    def widget(self) -> SteerWidget:
        """The steerer's one widget, made when first asked for, and anew when it was closed."""
        if self._widget is None or self._widget.comm is None:
            from .widget import SteerWidget

            self._widget = SteerWidget(self)
        return self._widget

    def history(self) -> History:
        """Every run, of other kernels and days too, newest first: see `sw.History`."""
        return self._history

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

    # ---- runs

    def compare(
        self,
        prompts: Prompts,
        edits: Column | Iterable[Column],
        *,
        combine: bool = False,
        unit: Unit = "raw",
        method: str = "add",
        positions: PositionsLike = "all",
        skip_special: bool = False,
        preserve_norm: bool = False,
        generation: Generation | None = None,
        baseline: bool = True,
        samples: int = 1,
        measures: MeasuresLike = None,
    ) -> Run:
        """Starts a comparison: the unsteered text beside the steered ones. Returns at once.

        Args:
            prompts: text, a list of texts, chat messages, or a list of chats.
            edits: each its own column; a list among them is one column with all its edits.
            combine: one column with all edits at once.
            unit: of strengths that have a unit and do not name theirs: raw, max_act or norm.
            method: of edits that do not name theirs.
            positions: of edits that do not name theirs: all, prompt, generated, a slice or a list of tokens.
            skip_special: of edits that do not say: True leaves special tokens as they are.
            preserve_norm: of columns that do not say: True gives steered tokens their former norm back.
            generation: how texts are generated; None: greedy, 60 tokens.
            baseline: whether the unsteered column comes first.
            samples: completions per prompt and column.
            measures: names (`steerer.status.measures`) of what to measure; None or "all" takes all of them.

        Raises:
            InvalidInput: a value is refused; names the field, the value, what is allowed.
            SteererClosed: after `close`.
        """
        grid = make_grid(
            prompts,
            as_columns(edits, combine=combine, baseline=baseline),
            unit=unit,
            method=method,
            positions=positions,
            skip_special=skip_special,
            preserve_norm=preserve_norm,
            generation=generation,
            samples=samples,
            measures=measures,
        )
        return self.start(grid)

    def sweep(
        self,
        prompts: Prompts,
        feature: Direction | int | str,
        strengths: Iterable[float],
        *,
        unit: Unit = "raw",
        method: str = "add",
        positions: PositionsLike = "all",
        skip_special: bool = False,
        preserve_norm: bool = False,
        generation: Generation | None = None,
        baseline: bool = True,
        samples: int = 1,
        measures: MeasuresLike = None,
    ) -> Run:
        """Starts one feature or vector at several strengths, each its own column. Returns at once.

        Args:
            prompts: text, a list of texts, chat messages, or a list of chats.
            feature: a feature, or its index or label; a vector; a control.
            strengths: in `unit`.
            unit: raw, max_act or norm.
            method: name of the steering method.
            positions: all, prompt, generated, a slice or a list of tokens.
            skip_special: True leaves special tokens as they are.
            preserve_norm: True gives steered tokens their former norm back.
            generation: how texts are generated; None: greedy, 60 tokens.
            baseline: whether the unsteered column comes first.
            samples: completions per prompt and column.
            measures: names (`steerer.status.measures`) of what to measure; None or "all" takes all of them.

        Raises:
            InvalidInput: a value is refused; names the field, the value, what is allowed.
            SteererClosed: after `close`.
        """
        steered = feature if isinstance(feature, Direction) else self.feature(feature)
        if isinstance(strengths, (str, bytes)) or not isinstance(strengths, Iterable):
            raise InvalidInput("strengths", strengths, "a list of finite numbers")
        edits = [steered.at(strength) for strength in strengths]
        if not edits:
            raise InvalidInput("strengths", edits, "at least one finite number")
        return self.compare(
            prompts,
            edits,
            unit=unit,
            method=method,
            positions=positions,
            skip_special=skip_special,
            preserve_norm=preserve_norm,
            generation=generation,
            baseline=baseline,
            samples=samples,
            measures=measures,
        )

    def run(
        self,
        prompts: Prompts,
        steerings: Column | Iterable[Column],
        *,
        unit: Unit = "raw",
        method: str = "add",
        positions: PositionsLike = "all",
        skip_special: bool = False,
        preserve_norm: bool = False,
        generation: Generation | None = None,
        baseline: bool = False,
        samples: int = 1,
        measures: MeasuresLike = None,
    ) -> Run:
        """Starts the general form: every prompt under every steering. Returns at once.

        Args:
            prompts: text, a list of texts, chat messages, or a list of chats.
            steerings: the columns as they are: `sw.Steering`, an edit or a list of edits each;
                `sw.Steering()` is the unsteered baseline.
            unit: of strengths that have a unit and do not name theirs: raw, max_act or norm.
            method: of edits that do not name theirs.
            positions: of edits that do not name theirs: all, prompt, generated, a slice or a list of tokens.
            skip_special: of edits that do not say: True leaves special tokens as they are.
            preserve_norm: of columns that do not say: True gives steered tokens their former norm back.
            generation: how texts are generated; None: greedy, 60 tokens.
            baseline: True puts the unsteered column in front.
            samples: completions per prompt and column.
            measures: names (`steerer.status.measures`) of what to measure; None or "all" takes all of them.

        Raises:
            InvalidInput: a value is refused; names the field, the value, what is allowed.
            SteererClosed: after `close`.
        """
        columns = as_steerings(steerings)
        grid = make_grid(
            prompts,
            with_baseline(columns) if baseline else columns,
            unit=unit,
            method=method,
            positions=positions,
            skip_special=skip_special,
            preserve_norm=preserve_norm,
            generation=generation,
            samples=samples,
            measures=measures,
        )
        return self.start(grid)

    def start(self, grid: Grid, *, ask_worker: bool = True) -> Run:
        """Starts a grid whose defaults are filled in. Returns at once.

        Args:
            grid: what to run.
            ask_worker: whether a worker that is ready may refuse it here, which takes at most two
                seconds; otherwise it does so later, and the run fails with the same error.

        Raises:
            InvalidInput: a value is refused; names the field, the value, what is allowed.
            SteererClosed: after `close`.
        """
        self._controller.refuse_closed()
        max_act = self._catalog.check(grid.edits())
        answer = self._controller.ask(CheckGrid(0, grid, max_act), _CHECK_S) if ask_worker else None
        refusal = answer.error.rebuild() if answer is not None and answer.error is not None else None
        # A worker that died over the question is no refusal: the run starts a new one.
        if refusal is not None and not isinstance(refusal, WorkerError):
            raise refusal
        return Run(self._controller, self._controller.submit(grid, max_act))

    # ---- the worker

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

    def reload(self) -> None:
        """Loads again after loading failed, for instance once a file is in its place. Returns at once."""
        self._controller.start()

    def close(self) -> None:
        """Stops every run and ends the worker; takes up to two seconds. Texts so far are kept."""
        self._controller.close()
        self._history.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self.close()

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

    @property
    def controller(self) -> Controller:
        """Queue and worker."""
        return self._controller

    # ---- display

    def __repr__(self) -> str:
        worker = "closed" if self._controller.closed else self._controller.status.worker
        return f"<Steerer: {self._title}, worker {worker}, {len(self._controller.jobs)} runs>"

    def _repr_mimebundle_(self, **_choice: object) -> tuple[dict[str, object], dict[str, object]]:
        return self.widget.mimebundle(plain=repr(self))
